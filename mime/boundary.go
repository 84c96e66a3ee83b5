package mime

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// variant is one reading of a multipart's boundary.
type variant struct {
	boundary []byte
	label    string // "" for the one that the message plainly says
}

// maxVariants bounds the readings of one boundary that are looked for. Those that
// no line shows cost a comparison.
const maxVariants = 32

// variants collects readings of a boundary.
type variants struct {
	list []variant
	over bool // there are more than maxVariants
}

// add adds a reading of the boundary once. One longer than maxBoundary is cut.
func (v *variants) add(boundary, label string) {
	boundary = strings.TrimRight(boundary, " \t\r\n\x00")
	boundary = boundary[:min(len(boundary), maxBoundary)]
	if boundary == "" && label != "" {
		return // each "--" would delimit, and text has them
	}
	if slices.ContainsFunc(v.list, func(o variant) bool { return string(o.boundary) == boundary }) {
		return
	}
	if len(v.list) >= maxVariants {
		v.over = true
		return
	}
	v.list = append(v.list, variant{[]byte(boundary), label})
}

// declared adds the boundaries of one field's parameters, and returns how many
// it has.
func (v *variants) declared(boundaries []string) {
	for _, b := range boundaries {
		label := ""
		if n := len(v.list); n > 0 {
			label = "boundary=" + strconv.Itoa(n+1)
		}
		v.add(b, label)
	}
}

// derive adds what other readers make of the boundary parameters in a field's
// value.
//
// QUIRK: RFC 2045 section 5.1. Clients differ on quotes and quoted pairs, on
// comments, on blanks and semicolons within quotes, on encoded words and on
// percent signs in a plain parameter; some fold it all into the value, some cut
// there.
func (v *variants) derive(field string) {
	for rest := field; ; {
		i := indexFold(rest, "boundary")
		if i < 0 {
			break
		}
		rest = rest[i+len("boundary"):]
		value := strings.TrimLeft(rest, " \t*0123456789")
		if value == "" || value[0] != '=' {
			continue
		}
		v.raw(strings.TrimLeft(value[1:], " \t\r\n"))
		if v.over {
			break
		}
	}
	for _, b := range slices.Clone(v.list) {
		v.bend(string(b.boundary))
	}
}

// raw adds the readings of what stands behind "boundary=".
func (v *variants) raw(value string) {
	value = value[:min(len(value), 4*maxBoundary)]
	whole := value
	if i := strings.IndexByte(value, ';'); i >= 0 {
		value = value[:i]
	}
	v.add(value, "boundary=literal")
	v.add(cutAt(value, " \t"), "boundary=cut")
	v.add(strings.Trim(value, "\"' \t"), "boundary=unquoted")
	if whole != "" && (whole[0] == '"' || whole[0] == '\'') {
		inner := whole[1:]
		if i := strings.IndexByte(inner, whole[0]); i >= 0 {
			inner = inner[:i]
		}
		v.add(inner, "boundary=quoted")
		v.add(strings.TrimLeft(inner, " \t"), "boundary=trimmed")
		v.add(cutAt(inner, " \t"), "boundary=cut")
		v.add(cutAt(inner, ";"), "boundary=cut")
	}
	if len(whole) > 0 && whole[0] == '"' {
		v.add(unescape(whole[1:]), "boundary=unescaped")
	}
	if strings.ContainsAny(strings.Trim(value, "\"' \t"), "\"") {
		v.add(strings.ReplaceAll(value, "\"", ""), "boundary=unquoted")
	}
}

// bend adds what is made of a value that was taken out of its quotes.
func (v *variants) bend(b string) {
	if i := strings.IndexByte(b, '('); i >= 0 {
		v.add(strings.TrimSpace(withoutComments(b)), "boundary=uncommented")
		v.add(strings.TrimSpace(b[:i]), "boundary=cut")
	}
	if strings.Contains(b, "=?") {
		v.add(decodeWords(new(Entity), b), "boundary=decoded")
	}
	if strings.IndexByte(b, '%') >= 0 {
		v.add(string(appendPercent(nil, b)), "boundary=decoded")
	}
	if strings.ContainsAny(b, " \t") {
		v.add(strings.NewReplacer(" ", "", "\t", "").Replace(b), "boundary=joined")
	}
	if rest, ok := strings.CutPrefix(b, "--"); ok {
		v.add(rest, "boundary=dashes") // the delimiter itself was declared
	}
	if len(b) > 70 {
		v.add(b[:70], "boundary=short") // RFC 2046 section 5.1.1 allows no more
	}
	if i := bytes.IndexAny([]byte(b), "\x00\r\n"); i >= 0 {
		v.add(b[:i], "boundary=cut")
		v.add(strings.NewReplacer("\x00", "", "\r", "", "\n", "").Replace(b), "boundary=joined")
	}
}

// cutAt returns what stands before the first of the bytes of stop.
func cutAt(s, stop string) string {
	if i := strings.IndexAny(s, stop); i >= 0 {
		return s[:i]
	}
	return s
}

// unescape reads a quoted string up to its end, every quoted pair resolved (RFC
// 5322 section 3.2.4).
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// withoutComments removes comments (RFC 5322 section 3.2.2); an unterminated one
// goes to the end.
func withoutComments(s string) string {
	var b strings.Builder
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// indexFold is strings.Index without regard to case; word is in lower case.
func indexFold(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && equalFold(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
