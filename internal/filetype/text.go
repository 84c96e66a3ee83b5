package filetype

import "bytes"

// byText types what no magic has claimed: text in UTF-8, UTF-16 or an 8-bit charset by what it says, the rest as data.
func (v *view) byText() kind {
	t, ok := v.fold()
	if !ok {
		return kData
	}
	t = bytes.TrimLeft(t, " \t\r\n\f")
	if len(t) == 0 {
		return kText
	}
	if k := byLabel(t); k != none {
		return k
	}
	if bytes.IndexByte(t, '<') >= 0 {
		if k := markup(t); k != none {
			return k
		}
	}
	if k := mail(t); k != none {
		return k
	}
	k := script(t)
	// A macro's source as Office stores it: the first line is no statement, so nothing runs it as a script.
	if k == kVBS && has(t, 0, "attribute vb_") {
		return kText
	}
	if k != none {
		return k
	}
	return kText
}

// fold writes the head in lower case ASCII to v.text, one byte for each character, 0x80 or more for what is not
// ASCII, and reports whether it is text at all.
func (v *view) fold() ([]byte, bool) {
	b := v.head
	switch {
	case has(b, 0, "\xEF\xBB\xBF"):
		b = b[3:]
	case has(b, 0, "\xFF\xFE"):
		return v.fold16(b[2:], 0)
	case has(b, 0, "\xFE\xFF"):
		return v.fold16(b[2:], 1)
	case wide(b, 0):
		return v.fold16(b, 0)
	case wide(b, 1):
		return v.fold16(b, 1)
	}
	if bytes.IndexByte(b[:min(len(b), 512)], 0) >= 0 {
		return nil, false
	}
	out := v.text[:len(b)]
	controls := 0
	for i, c := range b {
		out[i] = lower[c]
		controls += int(control[c])
	}
	// A stray control byte does not stop an interpreter; many of them are no text.
	return out, controls*50 <= len(b)
}

// wide recognises UTF-16 without a byte order mark by ASCII whose high bytes (at odd or even places) are all zero.
func wide(b []byte, low int) bool {
	b = b[:min(len(b), 64)&^1]
	if len(b) < 8 {
		return false
	}
	for i := 0; i < len(b); i += 2 {
		c, high := b[i+low], b[i+1-low]
		if high != 0 || c == 0 || control[c] != 0 || c >= 0x80 {
			return false
		}
	}
	return true
}

func (v *view) fold16(b []byte, low int) ([]byte, bool) {
	out := v.text[:len(b)/2]
	controls := 0
	for i := range out {
		c, high := b[2*i+low], b[2*i+1-low]
		if high != 0 {
			out[i] = 0x80
			continue
		}
		out[i] = lower[c]
		controls += int(control[c])
	}
	return out, controls*50 <= len(out)
}

var lower, control = foldTables()

func foldTables() (low, ctl [256]byte) {
	for i := range 256 {
		c := byte(i)
		low[i] = c
		if c >= 'A' && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
		switch {
		case c == '\t', c == '\n', c == '\r', c == '\f', c == 0x1A, c == 0x1B:
		case c < ' ', c == 0x7F:
			ctl[i] = 1
		}
	}
	return low, ctl
}

// byLabel knows the texts that name themselves in their first line.
func byLabel(t []byte) kind {
	switch {
	case has(t, 0, "-----begin pgp"):
		return kPGP
	case has(t, 0, "-----begin pkcs7"), has(t, 0, "-----begin cms"):
		return kP7M
	case has(t, 0, "-----begin ") && bytes.Contains(t[:min(len(t), 80)], []byte("-----\n")), has(t, 0, "-----begin ") && bytes.Contains(t[:min(len(t), 80)], []byte("-----\r")):
		return kPEM
	case has(t, 0, "begin:vcalendar"):
		return kICS
	case has(t, 0, "begin:vcard"):
		return kVCard
	case has(t, 0, "#@~^"):
		return kVBS // encoded for the script host; which language only its name says
	case has(t, 0, "#!"):
		return shebang(line(t))
	case has(t, 0, "(this file must be converted with binhex"):
		return kBinHex
	case uu(line(t)):
		return kUU
	}
	return json(t)
}

// line returns the first line without its end.
func line(t []byte) []byte {
	if i := bytes.IndexAny(t[:min(len(t), 1024)], "\r\n"); i >= 0 {
		return t[:i]
	}
	return t[:min(len(t), 1024)]
}

func shebang(l []byte) kind {
	if l = bytes.TrimLeft(l[2:], " \t"); len(l) < 2 || l[0] != '/' {
		return none
	}
	for _, s := range [...]struct {
		word string
		k    kind
	}{{"python", kPython}, {"perl", kPerl}, {"php", kPHP}, {"node", kJS}, {"deno", kJS}, {"pwsh", kPS1}, {"powershell", kPS1}, {"sh", kSh}} {
		if bytes.Contains(l, []byte(s.word)) {
			return s.k
		}
	}
	return kSh // some other interpreter: run by the same loader
}

// uu matches "begin 644 name".
func uu(l []byte) bool {
	return has(l, 0, "begin ") && len(l) > 10 && octal(l[6:9]) && (l[9] == ' ' || octal(l[9:10]) && l[10] == ' ')
}

func octal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return true
}

// json wants a bracket and what must follow it.
func json(t []byte) kind {
	if t[0] != '{' && t[0] != '[' {
		return none
	}
	r := bytes.TrimLeft(t[1:], " \t\r\n")
	if len(r) < 2 {
		return none
	}
	if t[0] == '{' {
		if r[0] != '"' {
			return none
		}
		end := bytes.IndexByte(r[1:], '"')
		if end < 0 {
			return none
		}
		r = bytes.TrimLeft(r[end+2:], " \t\r\n")
		if len(r) > 0 && r[0] == ':' {
			return kJSON
		}
		return none
	}
	if r[0] == '{' || r[0] == '"' && bytes.HasSuffix(bytes.TrimRight(t, " \t\r\n"), []byte("]")) {
		return kJSON
	}
	return none
}
