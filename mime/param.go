package mime

import "strings"

// param is one parameter of a Content-Type or Content-Disposition field.
type param struct {
	name  string // lower case, with any "*" parts of RFC 2231
	value string // unquoted, comments removed
	also  string // with what stands behind its quotes, if anything does
}

// scanParams splits a structured field's value into its first word, in lower
// case, and its parameters, in order, duplicates included. odd says that the
// value breaks the grammar.
//
// QUIRK: RFC 2045 section 5.1. Unterminated quotes end at the value's end, a
// missing semicolon is a blank, empty parameters and comments are skipped; mail
// of many senders has these, and Thunderbird and Outlook read it.
func scanParams(v string) (word string, params []param, odd bool) {
	p := paramScanner{s: v}
	p.blanks()
	word = lower(p.until("; \t(\r\n"))
	for {
		p.blanks()
		if p.i == len(p.s) {
			break
		}
		if len(params) == maxParams {
			p.odd = true
			break
		}
		if p.s[p.i] == ';' {
			p.i++
			p.semicolon = true
			continue
		}
		if !p.semicolon {
			p.odd = true
		}
		p.semicolon = false
		name := lower(p.until("=; \t("))
		p.blanks()
		if p.i == len(p.s) || p.s[p.i] != '=' {
			p.odd = true
			continue
		}
		p.i++
		p.blanks()
		v := param{name: name}
		quoted := p.i < len(p.s) && p.s[p.i] == '"'
		v.value = p.value()
		if quoted {
			v.also = p.behind(v.value)
		}
		params = append(params, v)
	}
	return word, params, p.odd
}

type paramScanner struct {
	s         string
	i         int
	semicolon bool
	odd       bool
	special   int  // the next ";" or "=", where it is not before i
	noComment bool // a comment was not terminated: none is looked for again
}

// maxParams bounds the parameters of one field: no mailer writes a tenth of it.
const maxParams = 512

// blanks skips blanks and comments (RFC 5322 section 3.2.2).
func (p *paramScanner) blanks() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c <= ' ':
			p.i++
		case c == '(' && !p.noComment && p.comment():
		default:
			return
		}
	}
}

// comment skips a comment; an unterminated one is none.
func (p *paramScanner) comment() bool {
	depth := 0
	for j := p.i; j < len(p.s); j++ {
		switch p.s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.i = j + 1
				return true
			}
		}
	}
	p.noComment = true
	return false
}

// until takes what stands before one of the bytes of stop, at least one byte if
// any is left.
func (p *paramScanner) until(stop string) string {
	n := strings.IndexAny(p.s[p.i:], stop)
	switch {
	case n < 0:
		n = len(p.s) - p.i
	case n == 0:
		if p.i < len(p.s) && p.s[p.i] != ';' && p.s[p.i] != '=' {
			n = 1
			p.odd = true
		}
	}
	if n == 0 && p.i < len(p.s) && p.s[p.i] == '=' {
		p.odd = true // "=value" without a name: the caller takes the "="
	}
	word := p.s[p.i : p.i+n]
	p.i += n
	return word
}

// value takes a token or a quoted string.
func (p *paramScanner) value() string {
	if p.i < len(p.s) && p.s[p.i] == '"' {
		return p.quoted()
	}
	// QUIRK: RFC 2045 section 5.1 allows no specials and no blanks in a token;
	// names such as "my file.doc" stand unquoted in mail of old Outlook
	// versions. Blanks are kept where no parameter follows them.
	start := p.i
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ';':
			return p.token(start, p.i)
		case ' ', '\t':
			end := p.i
			p.blanks()
			if p.i == len(p.s) || p.s[p.i] == ';' || p.nextIsParam() {
				return p.token(start, end)
			}
			continue
		}
		p.i++
	}
	return p.token(start, p.i)
}

// nextIsParam reports whether an "=" stands before the next semicolon.
func (p *paramScanner) nextIsParam() bool {
	if p.special < p.i {
		n := strings.IndexAny(p.s[p.i:], ";=")
		if n < 0 {
			n = len(p.s)
		}
		p.special = p.i + n
	}
	return p.special < len(p.s) && p.s[p.special] == '='
}

func (p *paramScanner) token(start, end int) string {
	v := strings.Trim(p.s[start:end], " \t")
	if strings.ContainsAny(v, " \t\"(") {
		p.odd = true
	}
	return v
}

// quoted takes a quoted string (RFC 5322 section 3.2.4).
func (p *paramScanner) quoted() string {
	var b strings.Builder
	p.i++
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return b.String()
		case c == '\\' && p.i < len(p.s):
			// QUIRK: a Windows path in quotes ("C:\dir\a.exe") is no run of quoted
			// pairs; only a quote and a backslash are taken for quoted.
			if n := p.s[p.i]; n == '"' || n == '\\' {
				c = n
				p.i++
			}
		}
		b.WriteByte(c)
	}
	p.odd = true
	return b.String()
}

// behind returns a quoted value with what directly follows its quotes, "" if
// nothing does.
//
// QUIRK: RFC 2045 section 5.1 ends the value at the quote. Lenient parsers drop the
// quotes and take all up to the semicolon.
func (p *paramScanner) behind(value string) string {
	if p.i == len(p.s) || strings.IndexByte("; \t\r\n(", p.s[p.i]) >= 0 {
		return ""
	}
	rest := p.s[p.i:]
	if i := strings.IndexByte(rest, ';'); i >= 0 {
		rest = rest[:i]
	}
	p.odd = true
	return value + strings.TrimRight(strings.ReplaceAll(rest, "\"", ""), " \t")
}

// lower is strings.ToLower for ASCII, as names of fields and types are ASCII.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func equalFold(a, b string) bool { return len(a) == len(b) && lower(a) == lower(b) }
