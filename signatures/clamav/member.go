package clamav

import (
	"crypto/md5"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// memberSignature is a line of .cdb: what a member of a container looks like from
// outside.
type memberSignature struct {
	name      string
	source    string // file and line
	digest    [md5.Size]byte
	container string         // format, "" any; see formats
	size      span           // of the container
	pattern   *regexp.Regexp // of the name; nil any
	fixed     string         // text that a matching name holds, in lower case; "" if there is none
	packed    span
	real      span
	encrypted int // 0, 1, or anyEncryption
	position  span
}

const anyEncryption = 2

// span is a range of numbers.
type span struct {
	any      bool
	from, to uint64
}

// holds compares as ClamAV does: a range that ends at 0 has no end.
func (s *span) holds(n int64) bool {
	v := uint64(max(0, n))
	switch {
	case s.any:
		return true
	case s.from == s.to:
		return v == s.from
	}
	return v >= s.from && (s.to == 0 || v <= s.to)
}

// formats are ClamAV's types of containers, by our names of them. Mail has none.
var formats = map[string]string{
	"*": "", "CL_TYPE_ANY": "", "CL_TYPE_ZIP": "zip", "CL_TYPE_RAR": "rar", "CL_TYPE_ARJ": "arj", "CL_TYPE_MSCAB": "cab", "CL_TYPE_7Z": "7z",
	"CL_TYPE_MAIL": mail, "CL_TYPE_POSIX_TAR": "tar", "CL_TYPE_OLD_TAR": "tar", "CL_TYPE_CPIO_OLD": "cpio",
	"CL_TYPE_CPIO_ODC": "cpio", "CL_TYPE_CPIO_NEWC": "cpio", "CL_TYPE_CPIO_CRC": "cpio", "CL_TYPE_ISO9660": "iso",
}

const mail = "mail"

// Faults of signatures of members.
const (
	badMember      fault = "not the ten fields of a signature of a member"
	otherContainer fault = "for a container that is not known here"
	badSpan        fault = "a size or position that is no number and no range"
	mailSize       fault = "the size of a mail, which is not known when its parts are looked at"
	badPattern     fault = "the regular expression does not compile"
	largePattern   fault = "the regular expression is too large"
	badEncryption  fault = "encryption that is neither 0, 1 nor *"
	otherPosition  fault = "a position in a tar or 7z, which ClamAV counts in another way"
)

// member reads a line of .cdb, "name:type:size:pattern:packed size:real size:
// encrypted:position:CRC:reserved[:least[:most]]". ClamAV's documentation calls the
// ninth field a CRC-32; ClamAV itself does not look at it.
func (l *loader) member(ln line) (string, fault) {
	f := strings.Split(ln.text, ":")
	name := f[0]
	if len(f) < 10 {
		return name, badMember
	}
	if fault := checkName(name); fault != "" {
		return name, fault
	}
	if ok, fault := levels(f[10:]); !ok {
		return name, fault
	}
	m := &memberSignature{name: name, source: fmt.Sprintf("%s:%d", ln.source.name, ln.number), digest: md5.Sum([]byte(ln.text))}
	if fault := m.parse(f); fault != "" {
		return name, fault
	}
	l.meta = append(l.meta, m)
	return name, ""
}

func (m *memberSignature) parse(f []string) (fault fault) {
	var ok bool
	if m.container, ok = formats[f[1]]; !ok {
		return otherContainer
	}
	for i, to := range map[int]*span{2: &m.size, 4: &m.packed, 5: &m.real, 7: &m.position} {
		if *to, ok = parseSpan(f[i]); !ok {
			return badSpan
		}
	}
	switch {
	case m.container == mail && !m.size.any:
		return mailSize
	case (m.container == "tar" || m.container == "7z" || m.container == "") && !m.position.any:
		return otherPosition
	}
	switch f[6] {
	case "*":
		m.encrypted = anyEncryption
	case "0", "1":
		m.encrypted = int(f[6][0] - '0')
	default:
		return badEncryption
	}
	if f[3] == "*" || f[3] == "" {
		return ""
	}
	return m.compile(goPattern(f[3]))
}

// maxProgram bounds a compiled pattern, in instructions: for each byte of a name it
// may take as many steps.
const maxProgram = 20_000

func (m *memberSignature) compile(pattern string) fault {
	re, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL|syntax.OneLine)
	if err != nil {
		return badPattern
	}
	m.fixed = fixedText(re)
	program, err := syntax.Compile(re.Simplify())
	switch {
	case err != nil:
		return badPattern
	case len(program.Inst) > maxProgram:
		return largePattern
	}
	if m.pattern, err = regexp.Compile(re.String()); err != nil {
		return badPattern
	}
	return ""
}

// parseSpan reads "*", "n" or "n-m".
func parseSpan(s string) (sp span, ok bool) {
	if s == "*" || s == "" {
		return span{any: true}, true
	}
	from, to, isRange := strings.Cut(s, "-")
	var err, err2 error
	sp.from, err = strconv.ParseUint(from, 10, 63)
	if sp.to = sp.from; isRange {
		sp.to, err2 = strconv.ParseUint(to, 10, 63)
	}
	return sp, err == nil && err2 == nil
}

// goPattern writes an extended regular expression of POSIX, as ClamAV has them, as
// one of Go: there a backslash only quotes what follows it, and is itself in
// brackets.
func goPattern(s string) string {
	var b strings.Builder
	if rest, ok := strings.CutPrefix(s, "(?i)"); ok {
		b.WriteString("(?i)")
		s = rest
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			b.WriteString(regexp.QuoteMeta(s[i+1 : i+2]))
			i += 2
		case c == '[':
			n := bracket(s[i:])
			b.WriteString(strings.ReplaceAll(s[i:i+n], `\`, `\\`))
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// bracket returns the length of the bracket expression that s begins with. A "]"
// is itself where it comes first, and classes have brackets of their own.
func bracket(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for i < len(s) {
		switch {
		case s[i] == ']':
			return i + 1
		case s[i] == '[' && i+1 < len(s) && s[i+1] == ':':
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				return len(s)
			}
			i += end + 2
		default:
			i++
		}
	}
	return len(s)
}

// matches says whether an object looks as the signature says, under one of names.
func (m *memberSignature) matches(o *scanner.Object, names []string) bool {
	x := o.Member
	if x == nil {
		x = &scanner.Member{Container: mail, PackedSize: o.Size, RealSize: o.Size}
	}
	if m.container != "" && m.container != x.Container || !m.size.holds(x.ContainerSize) || !m.packed.holds(packedSize(x)) || !m.real.holds(x.RealSize) || !m.position.holds(position(x)) {
		return false
	}
	if m.encrypted != anyEncryption && (m.encrypted == 1) != x.Encrypted {
		return false
	}
	return m.pattern == nil || slices.ContainsFunc(names, m.pattern.MatchString)
}

// packedSize is what ClamAV takes for the packed size.
func packedSize(x *scanner.Member) int64 {
	switch x.Container {
	case "tar", "cpio", "iso":
		return x.RealSize
	}
	return x.PackedSize
}

// position is what ClamAV takes for the place among the members.
func position(x *scanner.Member) int64 {
	switch x.Container {
	case "cab":
		return int64(x.Position) - 1
	case "iso":
		return 0
	}
	return int64(x.Position)
}
