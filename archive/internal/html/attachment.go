package html

import (
	"bytes"
	"strings"
)

// attachment looks for the "ENCODING=BASE64" of a property whose value is in base64
// (RFC 5545 section 3.1.3), with "B" for vCard.
func (w *walker) attachment(at int) (hit found, ok bool) {
	before := unfold(w.win[max(0, at-64):at])
	if !bytes.HasSuffix(bytes.ToUpper(before), []byte("ENCODING")) {
		return hit, false
	}
	rest := w.win[at+1 : min(len(w.win), at+1+uriHead)]
	quoted, end := false, -1
	for i, c := range rest {
		if c == '"' {
			quoted = !quoted
		}
		if c == ':' && !quoted {
			end = i
			break
		}
	}
	if end < 0 {
		return hit, false
	}
	value, params, _ := strings.Cut(string(unfold(rest[:end])), ";")
	if v := strings.ToUpper(strings.Trim(value, "\"")); v != "BASE64" && v != "B" {
		return hit, false
	}
	hit = found{kind: attachment, at: w.base + int64(at+1+end+1), base64: true, ext: ".bin"}
	line := unfold(w.win[max(0, at-uriBack):at])
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	hit.readParams(string(line) + ";" + params)
	return hit, true
}

// unfold joins folded lines.
func unfold(b []byte) []byte {
	for _, fold := range [...]string{"\r\n ", "\r\n\t", "\n ", "\n\t"} {
		b = bytes.ReplaceAll(b, []byte(fold), nil)
	}
	return b
}

// readParams takes the name and type of an attachment. Its name is a parameter
// with several spellings (RFC 8607 section 4.2; "X-FILENAME" of older writers).
func (h *found) readParams(params string) {
	for _, p := range strings.Split(params, ";") {
		key, value, _ := strings.Cut(p, "=")
		value = strings.Trim(value, "\" ")
		switch key = strings.ToUpper(strings.TrimSpace(key)); {
		case strings.HasSuffix(key, "FILENAME"), key == "X-APPLE-FILENAME", key == "X-NAME":
			h.name = strings.ToValidUTF8(value, "?")
		case key == "FMTTYPE":
			h.ext = mediaExt(strings.ToLower(value))
		}
	}
}
