package html

import (
	"bytes"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// uri looks for "data:" that ends at a byte of the window, and for a header up to
// a comma behind it (RFC 2397).
func (w *walker) uri(at int) (hit found, ok bool) {
	rest := w.win[at:]
	colon, used := char(rest)
	if colon != ':' {
		return hit, false
	}
	// Cheap first: what stands before ends with an "a", perhaps as an entity.
	before := bytes.TrimRight(w.win[max(0, at-uriBack):at], "\t\r\n")
	if n := len(before); n == 0 || before[n-1]|0x20 != 'a' && before[n-1] != ';' {
		return hit, false
	}
	tail := before[max(0, len(before)-48):]
	plain := plainURI(tail)
	if n := len(plain); n < 4 || !strings.EqualFold(string(plain[n-4:]), "data") {
		return hit, false
	} else if n > 4 {
		hit.first = plain[n-5]
	}
	if hit.first == ' ' {
		if t := bytes.TrimRight(plain[:len(plain)-4], " "); len(t) > 0 {
			hit.first = t[len(t)-1] // blanks before a URI are dropped
		}
	}
	if isQuote(hit.first) {
		hit.quote = hit.first
	}
	media, n, ok := media(rest[used:], hit.quote)
	if !w.work.Spend(int64(n)) {
		w.failed = input.ErrWork
		return hit, false
	}
	if !ok {
		return hit, false
	}
	hit.at = w.base + int64(at+used+n)
	if head, found := cutBase64(media); found {
		hit.base64, media = true, head
	} else if hit.quote == 0 && hit.first != '(' && hit.first != '=' {
		return hit, false // prose
	}
	hit.ext = mediaExt(media)
	hit.name = downloadName(before)
	return hit, true
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// media reads what stands between "data:" and the comma, without white space, and
// says how many bytes that is, or how many were looked at.
func media(b []byte, quote byte) (media string, n int, ok bool) {
	var out []byte
	for n < len(b) && n < uriHead {
		c, used := char(b[n:])
		n += used
		switch {
		case c == ',':
			return strings.ToLower(string(out)), n, true
		case c == 0, c == '\t', c == '\r', c == '\n', c == ' ':
		case c == '<', c == '>', isQuote(c) && (quote == 0 || c == quote):
			return "", n, false
		default:
			out = append(out, c)
		}
	}
	return "", n, false
}

// cutBase64 takes ";base64" off the end of a media type.
func cutBase64(media string) (string, bool) {
	head, found := strings.CutSuffix(media, "base64")
	if !found {
		return media, false
	}
	head, found = strings.CutSuffix(head, ";")
	return head, found
}

// uriEntities are the entities that can stand in a URI for what separates its
// parts, or for what is dropped.
var uriEntities = map[string]byte{
	"colon": ':', "semi": ';', "comma": ',', "sol": '/', "plus": '+', "equals": '=', "Tab": '\t', "NewLine": '\n',
	"quot": '"', "apos": '\'', "amp": '&', "num": '#', "percnt": '%', "period": '.', "grave": '`', "lt": '<', "gt": '>',
	"lpar": '(', "rpar": ')', "nbsp": ' ', "excl": '!', "lowbar": '_', "bsol": '\\',
}

// char reads one character: a byte, or the entity that stands for one (WHATWG HTML
// section 13.2.5.72). Other entities are "?".
func char(b []byte) (c byte, used int) {
	if b[0] != '&' || len(b) < 3 {
		return b[0], 1
	}
	n := 1
	for n < len(b) && n < 12 && (b[n] == '#' && n == 1 || b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' || text.IsDigit(b[n])) {
		n++
	}
	word := string(b[1:n])
	closed := n < len(b) && b[n] == ';'
	if closed {
		n++
	}
	if !strings.HasPrefix(word, "#") {
		c, ok := uriEntities[word]
		if !ok || !closed && word != "quot" && word != "amp" && word != "lt" && word != "gt" {
			return '&', 1
		}
		return c, n
	}
	v, ok := entityNumber(word[1:])
	if !ok {
		return '&', 1
	}
	if v > 0x7f || v == 0 {
		return '?', n
	}
	return byte(v), n
}

// entityNumber reads "97" or "x61". Digits end where they end.
func entityNumber(s string) (v int, ok bool) {
	base := 10
	if s != "" && s[0]|0x20 == 'x' {
		s, base = s[1:], 16
	}
	for i := range len(s) {
		d := text.HexDigit(int(s[i]))
		if d < 0 || d >= base {
			return v, false
		}
		v = min(v*base+d, 1<<20)
	}
	return v, s != ""
}

// plainURI decodes entities and drops what a browser drops from a URI: tabs and line
// breaks (WHATWG URL section 4.4).
func plainURI(b []byte) (out []byte) {
	for len(b) > 0 {
		c, used := char(b)
		b = b[used:]
		if c != '\t' && c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return out
}

// downloadName returns the name that a link in the same tag gives the file.
func downloadName(before []byte) string {
	if i := bytes.LastIndexByte(before, '<'); i >= 0 {
		before = before[i:]
	}
	i := bytes.LastIndex(bytes.ToLower(before), []byte("download"))
	if i < 0 {
		return ""
	}
	value := bytes.TrimLeft(before[i+len("download"):], " \t\r\n")
	if len(value) < 3 || value[0] != '=' {
		return ""
	}
	value = bytes.TrimLeft(value[1:], " \t\r\n")
	if len(value) > 0 && isQuote(value[0]) {
		if end := bytes.IndexByte(value[1:], value[0]); end > 0 {
			return string(bytes.ToValidUTF8(plainURI(value[1:1+end]), []byte("?")))
		}
		return ""
	}
	name, _, _ := bytes.Cut(value, []byte(" "))
	return string(bytes.ToValidUTF8(name, []byte("?")))
}

// mediaExts are extensions of media types whose subtype is none.
var mediaExts = map[string]string{
	"application/x-msdownload": ".exe", "application/x-msdos-program": ".exe", "application/vnd.microsoft.portable-executable": ".exe",
	"application/octet-stream": ".bin", "application/x-zip-compressed": ".zip", "application/x-rar-compressed": ".rar",
	"application/vnd.rar": ".rar", "application/x-7z-compressed": ".7z", "application/x-iso9660-image": ".iso",
	"application/msword": ".doc", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt",
	"application/javascript": ".js", "application/x-javascript": ".js", "text/javascript": ".js", "text/plain": ".txt",
	"application/hta": ".hta", "application/java-archive": ".jar", "application/gzip": ".gz", "application/x-gzip": ".gz",
	"application/x-tar": ".tar", "application/vnd.ms-cab-compressed": ".cab", "image/svg+xml": ".svg", "image/jpeg": ".jpg",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       ".xlsx",
	"": ".txt",
}

// mediaExt returns the extension that goes with a media type.
func mediaExt(media string) string {
	media, _, _ = strings.Cut(media, ";")
	if ext, ok := mediaExts[media]; ok {
		return ext
	}
	_, sub, _ := strings.Cut(media, "/")
	sub = strings.TrimPrefix(sub, "x-")
	if sub == "" || len(sub) > 8 || strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ".bin"
	}
	return "." + sub
}
