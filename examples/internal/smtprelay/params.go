package smtprelay

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// address is what MAIL and RCPT have: a path and parameters.
type address struct {
	path   string // without the angle brackets
	params []param
	ascii  bool // path and parameters are
}

type param struct{ key, value string } // key in upper case

func (p param) String() string {
	if p.value == "" {
		return " " + p.key
	}
	return " " + p.key + "=" + p.value
}

// maxPath bounds a path. RFC 5321 section 4.5.3.1.3 demands 256 octets and wants
// no limit; addresses that carry a bounce's return path exceed that.
const maxPath = 1000

// parseAddress reads the argument of MAIL ("FROM:") or RCPT ("TO:"). It returns
// the refusal otherwise.
func parseAddress(arg, prefix string) (address, *reply) {
	a := address{ascii: isASCII(arg)}
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		return a, say(501, "5.5.4", "Syntax: "+prefix+"<address>")
	}
	// QUIRK: RFC 5321 section 3.3 allows no space here; many devices send one.
	rest := strings.TrimLeft(arg[len(prefix):], " ")
	end := pathEnd(rest)
	if end < 0 {
		return a, say(501, "5.1.3", "Malformed address")
	}
	if a.path = rest[1:end]; len(a.path) > maxPath {
		return a, say(501, "5.1.3", "Path too long")
	}
	rest = rest[end+1:]
	if rest != "" && rest[0] != ' ' {
		return a, say(501, "5.5.4", "Syntax: "+prefix+"<address> parameters")
	}
	for word := range strings.FieldsSeq(rest) {
		p, ok := parseParam(word)
		if !ok || a.has(p.key) {
			return a, say(501, "5.5.4", "Malformed parameter")
		}
		a.params = append(a.params, p)
	}
	return a, nil
}

// pathEnd returns the index of the ">" that ends the path which s begins with, -1
// if there is none.
func pathEnd(s string) int {
	if s == "" || s[0] != '<' {
		return -1
	}
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case quoted:
		case c == '>':
			return i
		case c == '<' || c == ' ':
			return -1
		}
	}
	return -1
}

func parseParam(word string) (param, bool) {
	key, value, valued := strings.Cut(word, "=")
	if key == "" || valued && value == "" || strings.Contains(value, "=") && !strings.EqualFold(key, "AUTH") {
		return param{}, false
	}
	for i := range len(key) {
		c := key[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' && i > 0) {
			return param{}, false
		}
	}
	return param{strings.ToUpper(key), value}, true
}

func (a *address) has(key string) bool {
	_, ok := a.value(key)
	return ok
}

func (a *address) value(key string) (string, bool) {
	for _, p := range a.params {
		if p.key == key {
			return p.value, true
		}
	}
	return "", false
}

// size is what SIZE says, 0 if nothing.
func (a *address) size() (int64, bool) {
	v, ok := a.value("SIZE")
	if !ok {
		return 0, true
	}
	n, err := strconv.ParseUint(v, 10, 63)
	return int64(n), err == nil
}

// extensionOf tells, for each parameter that is passed on, the keyword of the
// extension that it belongs to.
var extensionOf = map[string]string{
	"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN", "AUTH": "AUTH",
	"NOTIFY": "DSN", "ORCPT": "DSN",
}

// line is the command for the upstream. A parameter that the upstream has not
// offered to understand is a refusal, but for those that can be left out.
func (c *client) line(verb string, a *address, authed bool) (string, *reply) {
	var b strings.Builder
	b.WriteString(verb + "<" + a.path + ">")
	for _, p := range a.params {
		ext, known := extensionOf[p.key]
		_, offered := c.ext[ext]
		switch {
		case p.key == "AUTH" && !authed: // RFC 4954 section 5: as good as AUTH=<>
		case known && offered:
			b.WriteString(p.String())
		case p.key == "SIZE" || p.key == "BODY" || p.key == "AUTH":
		case p.key == "SMTPUTF8":
			return "", say(550, "5.6.7", "Upstream takes no internationalized mail")
		default:
			return "", say(555, "5.5.4", "Parameter "+p.key+" is not supported")
		}
	}
	return b.String(), nil
}

// checkMail refuses parameters of MAIL that we cannot honour.
func (a *address) checkMail(maxSize int64) *reply {
	size, ok := a.size()
	switch body, _ := a.value("BODY"); {
	case !ok:
		return say(501, "5.5.4", "Malformed SIZE")
	case size > maxSize:
		return tooLarge(maxSize)
	case body != "" && !strings.EqualFold(body, "7BIT") && !strings.EqualFold(body, "8BITMIME"):
		return say(501, "5.5.4", "BODY is 7BIT or 8BITMIME")
	case !a.ascii && !a.has("SMTPUTF8"):
		return say(553, "5.6.7", "The address needs SMTPUTF8")
	}
	return nil
}

func tooLarge(limit int64) *reply {
	return say(552, "5.3.4", "Message is larger than "+strconv.FormatInt(limit, 10)+" bytes")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
