package scanner

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNames     = 16   // names of one object
	maxNameBytes = 1024 // of a name; what is cut is cut in front, the extension is at the end
	maxSegment   = 160  // bytes of a name in a path
)

// appendName adds a name from mail if it is new, as valid UTF-8 of bounded size.
func appendName(list []string, name string) []string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if len(name) > maxNameBytes {
		name = strings.Clone(strings.ToValidUTF8(name[len(name)-maxNameBytes:], "")) // without what is cut
	}
	if name == "" || len(list) >= maxNames || slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// cutName makes a name fit to stand in Object.Path: printable, of bounded size.
func cutName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || isBidi(r) {
			return '_'
		}
		return r
	}, name)
	if len(name) > maxSegment {
		name = strings.Clone(strings.ToValidUTF8(name[len(name)-maxSegment:], ""))
	}
	return name
}

// baseName returns the last element of a name, whichever slash it uses.
func baseName(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// isBidi says whether r changes the direction of text (UAX #9): such a rune in a
// name shows another extension than the one the system acts on.
func isBidi(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C
}

// extension returns a base name's extension in lower case without the dot, as
// Windows acts on it: trailing dots and blanks do not count.
func extension(base string) string {
	base = strings.TrimRight(base, ". \t\u00A0\x00")
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(base[i+1:]))
}

// programExtensions are extensions that Windows runs, or opens in something that
// runs code.
var programExtensions = set(
	"exe", "com", "scr", "pif", "cpl", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh",
	"hta", "lnk", "msi", "msp", "jar", "reg", "scf", "url", "chm", "dll", "ocx", "sct", "xll", "appref-ms", "application", "settingcontent-ms")

// documentExtensions are those that a double extension pretends to.
var documentExtensions = set(
	"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "rtf", "jpg", "jpeg", "png", "gif", "bmp",
	"mp3", "mp4", "avi", "htm", "html", "csv", "odt", "ods", "zip", "xml", "eml")

func set(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// quote makes text from input fit for one line of a log.
func quote(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || isBidi(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
