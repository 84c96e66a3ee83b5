package filetype

import "bytes"

// signs counts what the lines of a text have in common with each script language. Prose that speaks about code must
// not count as code, so that single words never decide: their place in the line or what follows them does.
type signs struct {
	bat, batSure int
	batKinds     uint8 // which kinds of batch lines were met, a bit each: one alone is some other language's
	vbs, vbsEnd  int
	ps, psCall   int
	py, pyBlock  int
	perl         int
	js, jsEnd    int
	jsSemi       int
	sentences    int  // lines of many words and no punctuation of code
	fenced       bool // a line that Markdown has and JavaScript has not
	golang       bool // a line "package name", a syntax error in a script
}

// script types a text by its lines, then by the calls that only one language has. t is in lower case.
func script(t []byte) kind {
	var s signs
	rest := t
	for n := 0; n < 512 && len(rest) > 0; n++ {
		i := bytes.IndexByte(rest, '\n')
		l := rest
		if i >= 0 {
			l, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if l = trim(l); len(l) > 0 {
			s.line(l)
		}
	}
	if s.batSure > 0 || s.bat >= 3 && s.batKinds&(s.batKinds-1) != 0 {
		return kBat
	}
	if s.vbs+s.vbsEnd+s.js+s.jsEnd+s.ps+s.psCall+s.py+s.perl == 0 && bytes.IndexByte(t, '(') < 0 {
		return none
	}
	return s.kind(t)
}

const (
	batSet = 1 << iota
	batJump
	batFor
	batIf
	batCall
	batFile
)

func (s *signs) batch(kind uint8) {
	s.bat++
	s.batKinds |= kind
}

// kind weighs the signs. The order puts the calls that only one language has before the shapes that several share.
func (s *signs) kind(t []byte) kind {
	contains := func(word string) bool { return bytes.Contains(t, []byte(word)) }
	object := contains("object(") // one search in place of two, for most texts
	activex := object && contains("activexobject(")
	create := object && contains("createobject(")
	wsh := s.vbs+s.jsEnd > 0 && contains("wscript.")
	switch {
	case activex && (s.js+s.jsEnd > 0 || contains("new activexobject(")):
		return kJS
	case create && (s.jsEnd > 0 && s.js > 0) && contains("function") && s.vbsEnd == 0:
		return kJS
	case create && s.vbs > 0, wsh && s.vbs > 0 && s.jsEnd == 0, s.vbsEnd >= 1 && s.vbs >= 1, s.vbs >= 3 && s.jsEnd == 0 && s.ps == 0:
		return kVBS
	case s.ps >= 2 && s.psCall >= 1, s.psCall >= 2, s.psCall >= 1 && psWords(t):
		return kPS1
	case s.pyBlock >= 1 && s.py >= 1, s.py >= 3:
		return kPython
	case s.perl >= 2:
		return kPerl
	case wsh && s.jsEnd > 0:
		return kJS
	case s.golang && s.jsSemi < 3, s.fenced, s.sentences > s.jsEnd && s.sentences > 2:
		return none
	case s.js >= 2 && s.jsEnd >= 2 && (s.jsSemi >= 1 || contains("=> {") || contains("require(")),
		s.js >= 1 && s.jsEnd >= 1 && jsWords(t), contains("fromcharcode(") && contains("eval("), contains("})") && contains("(function("):
		return kJS
	}
	return none
}

// trim is bytes.Trim without the cutset, which costs more than the rest of a line.
func trim(l []byte) []byte {
	for len(l) > 0 && blank(l[0]) {
		l = l[1:]
	}
	for len(l) > 0 && blank(l[len(l)-1]) {
		l = l[:len(l)-1]
	}
	return l
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// jsWords looks for what a script that declares one variable does with it.
func jsWords(t []byte) bool {
	if bytes.IndexByte(t, ';') < 0 && bytes.IndexByte(t, '}') < 0 {
		return false
	}
	for _, w := range [...]string{"eval(", "fromcharcode", "document.", "window.", "function(", "=>"} {
		if bytes.Contains(t, []byte(w)) {
			return true
		}
	}
	return false
}

// line looks at one trimmed line.
func (s *signs) line(l []byte) {
	if bytes.Count(l, []byte(" ")) >= 7 && bytes.IndexByte(l, ';') < 0 && bytes.IndexByte(l, '=') < 0 && l[0] != '/' && l[0] != '*' {
		s.sentences++
	}
	switch l[len(l)-1] {
	case ';':
		s.jsEnd++
		s.jsSemi++
	case '{', '}':
		s.jsEnd++
	}
	switch l[0] {
	case '`', '#':
		s.fenced = s.fenced || has(l, 0, "```") || has(l, 0, "# ") || has(l, 0, "##")
	case '@':
		if has(l, 0, "@echo off") || has(l, 0, "@powershell") || has(l, 0, "@cmd") || has(l, 0, "@start ") || has(l, 0, "@set ") {
			s.batSure++
		}
	case ':':
		if len(l) > 1 && ident(l[1:]) {
			s.batch(batJump)
		}
	case '$':
		s.dollar(l)
	case '[', '(', '&', '.':
		if has(l, 0, "[system.") || has(l, 0, "[net.") || has(l, 0, "[convert]") || has(l, 0, "[reflection.") || has(l, 0, "[cmdletbinding(") || has(l, 0, "(new-object ") {
			s.psCall++
		}
	default:
		if l[0] >= 'a' && l[0] <= 'z' {
			s.word(l)
		}
	}
}

// dollar looks at "$name = ", which PowerShell and Perl share.
func (s *signs) dollar(l []byte) {
	i := 1
	for i < len(l) && (word(l[i]) || l[i] == ':') {
		i++
	}
	if i > 1 && i < len(l) && bytes.HasPrefix(bytes.TrimLeft(l[i:], " "), []byte("=")) {
		s.ps++
		if bytes.Contains(l, []byte("new-object ")) || bytes.Contains(l, []byte("[system.")) || bytes.Contains(l, []byte("$env:")) ||
			bytes.Contains(l, []byte("get-")) || bytes.Contains(l, []byte("[convert]::")) {
			s.psCall++
		}
		if l[len(l)-1] == ';' {
			s.perl++
		}
	}
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
}

// verbs begin the names of PowerShell's commands.
var verbs = [...]string{"get-", "set-", "new-", "invoke-", "start-", "stop-", "write-", "add-", "import-", "remove-", "copy-", "out-"}

func (s *signs) word(l []byte) {
	i := 0
	for i < len(l) && word(l[i]) {
		i++
	}
	name, arg := string(l[:i]), bytes.TrimLeft(l[i:], " \t")
	if name == "echo" && has(arg, 0, "off") && len(arg) == 3 {
		s.batSure++
	}
	switch name {
	case "set":
		if e := bytes.IndexByte(arg, '='); e > 0 && ident(bytes.TrimSpace(arg[:e])) {
			if has(arg, e+1, " ") {
				s.vbs++
			} else {
				s.batch(batSet)
			}
		} else if has(arg, 0, "/p ") || has(arg, 0, "/a ") || has(arg, 0, "\"") {
			s.batch(batSet)
		}
	case "setlocal", "endlocal":
		if len(arg) == 0 || has(arg, 0, "enable") || has(arg, 0, "disable") {
			s.batch(batSet)
		}
	case "goto":
		if ident(arg) || has(arg, 0, ":") {
			s.batch(batJump)
		}
	case "for":
		if has(arg, 0, "%%") || has(arg, 0, "/f ") {
			s.batch(batFor)
			s.batch(batFor)
		} else if has(arg, 0, "each ") && bytes.Contains(arg, []byte(" in ")) && bytes.IndexByte(arg, '.') > 0 && ident(arg[len(arg)-1:]) {
			s.vbs++
		} else if has(arg, 0, "(var ") || has(arg, 0, "(let ") {
			s.js += 2
		}
	case "if":
		if has(arg, 0, "exist ") && (bytes.IndexByte(arg, '%') >= 0 || bytes.IndexByte(arg, '\\') >= 0) || has(arg, 0, "errorlevel ") || has(arg, 0, "not exist ") || has(arg, 0, "\"%") {
			s.batch(batIf)
		}
	case "start", "cmd", "copy", "del", "call", "powershell", "mshta", "certutil", "bitsadmin", "rundll32", "regsvr32", "cscript", "wscript", "curl":
		s.command(name, arg)
	case "on":
		if has(arg, 0, "error resume next") {
			s.vbs += 2
		}
	case "option":
		if string(arg) == "explicit" {
			s.vbs += 2
		}
	case "attribute":
		if has(arg, 0, "vb_name") {
			s.vbs += 3
		}
	case "dim":
		if identList(arg) {
			s.vbs++
		}
	case "sub", "private", "public":
		if has(arg, 0, "sub ") || has(arg, 0, "function ") || name == "sub" && bytes.HasSuffix(arg, []byte(")")) {
			s.vbs++
		}
	case "execute", "executeglobal", "msgbox":
		if has(arg, 0, "(") || has(arg, 0, "\"") {
			s.vbs++
		}
	case "end":
		if t := string(arg); t == "sub" || t == "function" || t == "if" {
			s.vbsEnd++
		}
	case "iex", "invoke":
		if name == "iex" && (has(arg, 0, "(") || has(arg, 0, "$") || has(arg, 0, "\"")) {
			s.psCall += 2
		}
	case "param":
		if has(arg, 0, "(") {
			s.psCall++
		}
	case "import":
		if e := bytes.IndexByte(arg, ' '); ident(arg) || e > 0 && (has(arg, e, " as ") || arg[e-1] == ',') {
			s.py++
		}
	case "from":
		if bytes.Contains(arg, []byte(" import ")) {
			s.py++
		}
	case "package":
		s.golang = s.golang || ident(arg)
	case "def", "class":
		if e := bytes.IndexByte(arg, '('); e > 0 && ident(arg[:e]) && bytes.HasSuffix(arg, []byte(":")) {
			s.pyBlock++
		}
	case "use":
		if string(arg) == "strict;" || string(arg) == "warnings;" {
			s.perl += 2
		}
	case "my":
		if has(arg, 0, "$") || has(arg, 0, "@") || has(arg, 0, "($") {
			s.perl++
		}
	case "var", "let", "const":
		if e := bytes.IndexByte(arg, '='); e > 0 && ident(bytes.TrimSpace(arg[:e])) {
			s.js++
		}
	case "function":
		s.function(arg)
	}
	if i < len(l) && l[i] == '-' {
		s.verb(l)
	}
}

func (s *signs) function(arg []byte) {
	open := bytes.IndexByte(arg, '(')
	if open < 0 {
		return
	}
	if open == 0 || ident(bytes.TrimSpace(arg[:open])) {
		switch {
		case bytes.IndexByte(arg, '{') > 0 || arg[len(arg)-1] == ')' && s.vbs == 0 && s.jsEnd > 0:
			s.js++
		case arg[len(arg)-1] == ')':
			s.vbs++
		}
	}
}

// verb counts a command of PowerShell that has an argument as prose has not: a switch, a variable, a string.
func (s *signs) verb(l []byte) {
	for _, v := range verbs {
		if has(l, 0, v) {
			if i := bytes.IndexByte(l, ' '); i > 0 && i+1 < len(l) && bytes.IndexByte([]byte("$\"'(["), l[i+1]) >= 0 || bytes.Contains(l, []byte(" | ")) || option(l) {
				s.psCall++
			}
			return
		}
	}
}

// option reports whether the line has a switch such as " -Name".
func option(l []byte) bool {
	for {
		i := bytes.Index(l, []byte(" -"))
		if i < 0 || i+2 >= len(l) {
			return false
		}
		if l = l[i+2:]; l[0] >= 'a' && l[0] <= 'z' {
			return true
		}
	}
}

// command counts a line that calls a program with an option. Those that serve to fetch or to run decide alone.
func (s *signs) command(name string, arg []byte) {
	if has(arg, 0, ".exe") {
		arg = bytes.TrimLeft(arg[4:], " \t\"")
	}
	option := len(arg) > 2 && (arg[0] == '/' || arg[0] == '-') && word(arg[1])
	switch name {
	case "powershell", "certutil", "bitsadmin", "rundll32", "regsvr32", "cmd":
		if option {
			s.batSure++
		}
	case "mshta":
		if has(arg, 0, "http") || has(arg, 0, "vbscript:") || has(arg, 0, "javascript:") {
			s.batSure++
		}
	case "start", "copy", "del", "call", "curl", "wscript", "cscript":
		if option || bytes.IndexByte(arg, '%') >= 0 || bytes.IndexByte(arg, '\\') >= 0 {
			if name == "copy" || name == "del" || name == "curl" {
				s.batch(batFile)
			} else {
				s.batch(batCall)
			}
		}
	}
}

// psWords looks for what a downloader in one line cannot do without.
func psWords(t []byte) bool {
	for _, w := range [...]string{"$env:", "-encodedcommand", "invoke-expression", "new-object ", "downloadstring(", "-executionpolicy", "frombase64string("} {
		if bytes.Contains(t, []byte(w)) {
			return true
		}
	}
	return false
}

func ident(b []byte) bool {
	for _, c := range b {
		if !word(c) && c != '.' && c != '$' {
			return false
		}
	}
	return len(b) > 0 && (b[0] < '0' || b[0] > '9')
}

// identList matches "a, b, c" and "a as string".
func identList(b []byte) bool {
	for part := range bytes.SplitSeq(b, []byte(",")) {
		part = bytes.TrimSpace(part)
		if i := bytes.Index(part, []byte(" as ")); i > 0 {
			part = part[:i]
		}
		part = bytes.TrimSuffix(part, []byte("()"))
		if !ident(part) {
			return false
		}
	}
	return true
}
