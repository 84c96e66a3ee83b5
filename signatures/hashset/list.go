package hashset

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// functionalityLevel is ClamAV's number for what its version 1.4 can do.
const functionalityLevel = 216

// maxName bounds a name, in bytes. ClamAV's have up to a hundred.
const maxName = 1024

// list is one list that is being read.
type list struct {
	b        *Builder
	class    byte   // of its digests
	label    string // of digests without a name
	source   uint32 // number of the label that is its name
	warnings warnings
	columns  *columns // of a CSV whose header was seen
}

// row is what one line says.
type row struct {
	digests [][]byte
	section bool   // digests of a section, and its size
	size    int64  // anySize if it says none
	label   string // "" if it says none
}

// read takes one line without its end.
func (l *list) read(n int, line string) {
	if line == "" {
		return
	}
	if comment := strings.TrimLeft(line, "#/ \t"); line[0] == '#' || strings.HasPrefix(line, "//") {
		l.header(comment)
		return
	}
	r, fault := l.parse(line)
	if fault != "" {
		l.warnings.add(n, "%s", fault)
		return
	}
	label := r.label
	if label == "" {
		label = l.label
	}
	label = label[:min(len(label), maxName)]
	if l.b.Ignored.Has(label, line) {
		return
	}
	for _, d := range strongest(r.digests) {
		l.add(n, d, r, label)
	}
}

// strongest returns the longest digests of a row: whatever is looked up has been
// digested by SHA-256, and a shorter digest of the same file finds no more.
func strongest(digests [][]byte) [][]byte {
	longest := 0
	for _, d := range digests {
		longest = max(longest, len(d))
	}
	return slices.DeleteFunc(digests, func(d []byte) bool { return len(d) < longest })
}

func (l *list) add(n int, digest []byte, r row, label string) {
	k, ok := kindOf(len(digest))
	switch {
	case !ok:
		return
	case string(digest) == string(ofNothing[k]):
		if l.class != classAllowed {
			l.warnings.add(n, "the digest of no bytes at all")
		}
		return
	case r.size > maxSize:
		l.warnings.add(n, "the size %d is above 4 GiB", r.size)
		return
	}
	if r.section {
		k = k.ofSection()
	}
	l.b.add(k, digest, r.size, l.b.labels.intern(l.class, l.source, label))
}

// parse reads a line that is no comment. A row without digests is passed over.
func (l *list) parse(line string) (r row, fault string) {
	r.size = anySize
	if l.columns != nil {
		return l.columns.row(line)
	}
	digest, rest := cutDigest(line)
	if digest == nil {
		return l.parseOther(line)
	}
	r.digests = [][]byte{digest}
	switch {
	case rest == "":
	case rest[0] == ':':
		return clamRow(digest, rest[1:])
	case rest[0] == ';':
		r.label, _, _ = strings.Cut(rest[1:], ";")
		r.label = strings.TrimSpace(r.label)
	case rest[0] == ',':
		return rowByForm(line)
	case rest[0] == ' ' || rest[0] == '\t':
		r.label = strings.TrimPrefix(strings.TrimSpace(rest), "*")
		if strings.HasPrefix(r.label, "#") {
			r.label = strings.TrimSpace(strings.TrimLeft(r.label, "#"))
		}
	default:
		return r, "a digest with something unknown behind it"
	}
	return r, ""
}

// parseOther reads a line that does not begin with a digest.
func (l *list) parseOther(line string) (row, string) {
	if name, digest, ok := cutLast(line, "|"); ok {
		return row{digests: [][]byte{digest}, size: anySize, label: strings.TrimSpace(name)}, ""
	}
	if tagged, digest, ok := cutLast(line, ") = "); ok {
		_, name, _ := strings.Cut(tagged, " (")
		return row{digests: [][]byte{digest}, size: anySize, label: name}, ""
	}
	if size, rest, ok := strings.Cut(line, ":"); ok {
		if digest, _ := cutDigest(rest); digest != nil && (size == "*" || isNumber(size)) {
			_, rest, _ = strings.Cut(rest, ":")
			r, fault := clamRow(digest, size+":"+rest)
			r.section = true
			return r, fault
		}
	}
	if l.header(line) {
		return row{}, ""
	}
	if strings.Contains(line, ",") {
		return rowByForm(line)
	}
	return row{}, noDigest
}

const noDigest = "no digest of 32, 40 or 64 hexadecimal digits"

// clamRow reads what follows the digest in a line of .hdb or .hsb.
func clamRow(digest []byte, rest string) (row, string) {
	r := row{digests: [][]byte{digest}, size: anySize}
	f := strings.Split(rest, ":")
	if size := strings.TrimSpace(f[0]); size != "*" && size != "" {
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || n <= 0 {
			return row{}, "the size " + strconv.Quote(clip(f[0])) + " is no number above 0"
		}
		r.size = n
	}
	if len(f) > 1 {
		r.label = strings.TrimSpace(f[1])
	}
	if len(f) > 2 && !level(f[2], 0, functionalityLevel) || len(f) > 3 && !level(f[3], functionalityLevel, 1<<30) {
		return row{}, "" // meant for another version of the engine
	}
	return r, ""
}

// level says whether a functionality level lies within bounds; what is no number
// is no bound.
func level(text string, from, to int) bool {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return err != nil || from <= n && n <= to
}

// cutDigest cuts a digest off the beginning of s; nil if there is none.
func cutDigest(s string) (digest []byte, rest string) {
	n := 0
	for n < len(s) && isHex(s[n]) {
		n++
	}
	if _, ok := kindOf(n / 2); !ok || n%2 != 0 || n < len(s) && isWord(s[n]) {
		return nil, s
	}
	digest, _ = hex.DecodeString(s[:n])
	return digest, s[n:]
}

// cutLast cuts s where sep stands last, if a digest and nothing else follows.
func cutLast(s, sep string) (before string, digest []byte, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", nil, false
	}
	digest, rest := cutDigest(strings.TrimSpace(s[i+len(sep):]))
	return s[:i], digest, digest != nil && rest == ""
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-' || c == '.'
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

// clip bounds text from a list that goes into a warning.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "?") + "…"
	}
	return s
}
