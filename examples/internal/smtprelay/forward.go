package smtprelay

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// attributes are what XFORWARD and XCLIENT tell of the client that the peer
// speaks for (postfix.org: XFORWARD_README, XCLIENT_README), decoded, by name.
type attributes map[string]string

var (
	forwardNames = []string{"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"}
	clientNames  = []string{"NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"}
)

// maxAttribute bounds a value, as XFORWARD_README does.
const maxAttribute = 255

// parseAttributes reads the argument of XFORWARD or XCLIENT. What is said to be
// unavailable is "".
func parseAttributes(arg string, names []string) (attributes, bool) {
	out := attributes{}
	for word := range strings.FieldsSeq(arg) {
		name, value, ok := strings.Cut(word, "=")
		name = strings.ToUpper(name)
		if !ok || !slices.Contains(names, name) {
			return nil, false
		}
		value, ok = fromXtext(value)
		if !ok || len(value) > maxAttribute {
			return nil, false
		}
		if strings.EqualFold(value, "[UNAVAILABLE]") || strings.EqualFold(value, "[TEMPUNAVAIL]") {
			value = ""
		}
		if _, twice := out[name]; twice || name == "ADDR" && value != "" && !parseAddr(value).IsValid() {
			return nil, false
		}
		out[name] = value
	}
	return out, len(out) > 0
}

// parseAddr reads an address as the attribute ADDR has it; the zero Addr if it is
// none.
func parseAddr(s string) netip.Addr {
	if len(s) > 5 && strings.EqualFold(s[:5], "IPV6:") {
		s = s[5:]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// merge puts what is told later over what was told before.
func (a attributes) merge(more attributes) {
	for name, value := range more {
		a[name] = value
	}
}

// commands are the XFORWARD commands, each within 512 octets, with those
// attributes that the upstream wants.
func (a attributes) commands(wanted string) []string {
	var all []string
	line := "XFORWARD"
	for _, name := range forwardNames {
		value, have := a[name]
		if !have || !slices.Contains(strings.Fields(strings.ToUpper(wanted)), name) {
			continue
		}
		word := " " + name + "=[UNAVAILABLE]"
		if value != "" {
			word = " " + name + "=" + xtext(value[:min(len(value), maxAttribute)])
		}
		if len(line)+len(word) > 510 {
			all, line = append(all, line), "XFORWARD"
		}
		if len(word) <= 500 {
			line += word
		}
	}
	if line != "XFORWARD" {
		all = append(all, line)
	}
	return all
}

// origin are the attributes that tell who our own client is.
func (s *session) origin(id string) attributes {
	a := attributes{"NAME": s.client.name, "ADDR": s.client.addr.String(), "PORT": "", "HELO": s.client.helo, "PROTO": "SMTP", "IDENT": id, "SOURCE": "REMOTE"}
	if s.client.addr.Is6() {
		a["ADDR"] = "IPV6:" + a["ADDR"]
	}
	if s.client.port != 0 {
		a["PORT"] = strconv.Itoa(int(s.client.port))
	}
	if s.extended {
		a["PROTO"] = "ESMTP"
	}
	if s.client.addr.IsLoopback() {
		a["SOURCE"] = "LOCAL"
	}
	return a
}

// xtext encodes s as RFC 3461 section 4 wants it.
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fromXtext is the inverse of xtext.
func fromXtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), true
}
