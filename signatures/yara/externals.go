package yara

import (
	"crypto"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// external is a variable that rules may use. All are strings.
type external struct {
	name   string
	ofName bool // depends on which of the object's names is meant
	value  func(*subject) string
}

// subject is what the externals of one scan are about.
type subject struct {
	obj  *scanner.Object
	env  *scanner.Envelope
	name string // one of the object's names
	err  error  // of an external that had to be computed
}

var externals = []external{
	{"filename", true, func(s *subject) string { return base(s.name) }},
	{"filepath", true, func(s *subject) string { return filePath(s.obj, s.name) }},
	{"extension", true, func(s *subject) string { return extension(s.name) }},
	{"filetype", false, func(s *subject) string { return fileType(s.obj.Type) }},
	{"owner", false, func(*subject) string { return "" }},
	{"md5", false, (*subject).md5},
	{"mail_path", false, func(s *subject) string { return s.obj.Path }},
	{"mail_names", false, func(s *subject) string { return strings.Join(s.obj.Names, "\n") }},
	{"mail_declared", false, func(s *subject) string { return s.obj.Declared }},
	{"mail_detected", false, func(s *subject) string { return s.obj.Type }},
	{"mail_reading", false, func(s *subject) string { return s.obj.Reading }},
	{"mail_anomalies", false, func(s *subject) string { return strings.Join(s.obj.Anomalies, " ") }},
	{"mail_container", false, (*subject).container},
	{"mail_from", false, func(s *subject) string { return s.env.Sender }},
	{"mail_to", false, func(s *subject) string { return strings.Join(s.env.Recipients, " ") }},
	{"mail_client", false, func(s *subject) string { return s.env.ClientAddr }},
	{"mail_helo", false, func(s *subject) string { return s.env.HELO }},
	{"mail_direction", false, func(s *subject) string { return s.env.Direction }},
}

const maxExternalBytes = 64 << 10 // of one value: a list of recipients has no bound of its own

// valueOf returns the external's value as libyara can take it: a C string.
func (e *external) valueOf(s *subject) string {
	v := e.value(s)
	if len(v) > maxExternalBytes {
		v = v[:maxExternalBytes]
	}
	return strings.ReplaceAll(v, "\x00", "\uFFFD")
}

func (s *subject) md5() string {
	sum, err := s.obj.Sum(crypto.MD5)
	if err != nil {
		s.err = err
	}
	return sum.String()
}

func (s *subject) container() string {
	if s.obj.Member == nil {
		return ""
	}
	return s.obj.Member.Container
}

// names returns the object's names, and one that is empty if it has none. Of a
// name with a NUL there is also the part before it: some clients see only that.
func names(obj *scanner.Object) []string {
	if len(obj.Names) == 0 {
		return []string{""}
	}
	var list []string
	for _, n := range obj.Names {
		list = append(list, n)
		if head, _, ok := strings.Cut(n, "\x00"); ok {
			list = append(list, head)
		}
	}
	return list
}

// base returns the last element of a name, whichever slash it uses.
func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// extension returns the name's extension in lower case with its dot, as Windows
// acts on it: trailing dots and blanks do not count.
func extension(name string) string {
	name = strings.TrimRight(base(name), ". \t\u00A0\x00")
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimRight(name[i:], " "))
}

// filePath returns where in the mail the object would be if it bore name alone.
func filePath(obj *scanner.Object, name string) string {
	if len(obj.Names) == 0 || name == obj.Names[0] {
		return obj.Path
	}
	return obj.Path[:strings.LastIndexByte(obj.Path, '/')+1] + strings.ReplaceAll(name, `\`, "/")
}

// thorTypes are the file types of LOKI and THOR, by our own names for them. The
// rest is our name in upper case: "PDF", "ZIP", "RTF", "GIF".
var thorTypes = map[string]string{
	"pe": "EXE", "dos": "EXE",
	"doc": "OLE", "xls": "OLE", "ppt": "OLE", "msg": "OLE", "msi": "OLE",
	"docx": "Office", "docm": "Office", "dotm": "Office", "xlsx": "Office", "xlsm": "Office",
	"xlsb": "Office", "pptx": "Office", "pptm": "Office",
	"7z": "7Zip", "bzip2": "BZip2", "class": "Class", "compress": "TARZ",
	"sh": "UNIX SCRIPT", "python": "UNIX SCRIPT", "perl": "UNIX SCRIPT",
	"data": "UNKNOWN", "empty": "UNKNOWN",
}

func fileType(typ string) string {
	if t, ok := thorTypes[typ]; ok {
		return t
	}
	return strings.ToUpper(typ)
}
