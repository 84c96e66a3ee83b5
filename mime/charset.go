package mime

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// wideCharsets are the character sets in which ASCII text is not ASCII bytes, so
// that a signature of the text does not occur in it.
var wideCharsets = map[string]encoding.Encoding{
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	"utf-32be": utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
	"utf-7":    utf7Encoding{},
	"ibm037":   charmap.CodePage037,
	"ibm1047":  charmap.CodePage1047,
	"ibm1140":  charmap.CodePage1140,
}

// wideNames are other names of those (IANA's registry of character sets).
var wideNames = map[string]string{
	"utf16le": "utf-16le", "utf16be": "utf-16be", "utf-16": "utf-16be", "utf16": "utf-16be", "unicode": "utf-16le",
	"ucs-2": "utf-16be", "ucs2": "utf-16be", "iso-10646-ucs-2": "utf-16be", "csunicode": "utf-16be", "unicodefffe": "utf-16be", "unicodefeff": "utf-16le",
	"utf32le": "utf-32le", "utf32be": "utf-32be", "utf-32": "utf-32be", "utf32": "utf-32be", "ucs-4": "utf-32be", "iso-10646-ucs-4": "utf-32be",
	"utf7": "utf-7", "unicode-1-1-utf-7": "utf-7", "csutf7": "utf-7", "csunicode11utf7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
	"cp037": "ibm037", "ebcdic-cp-us": "ibm037", "ebcdic-cp-ca": "ibm037", "csibm037": "ibm037", "ebcdic-us": "ibm037", "ebcdic": "ibm037",
	"cp1047": "ibm1047", "ibm-1047": "ibm1047", "cp1140": "ibm1140", "ibm01140": "ibm1140", "ibm-37": "ibm037",
}

// wideName returns the name in wideCharsets of a declared character set, "" if it
// is none of them.
func wideName(charset string) string {
	name := lower(strings.Trim(charset, " \t\"'"))
	if other, ok := wideNames[name]; ok {
		name = other
	}
	if _, ok := wideCharsets[name]; ok {
		return name
	}
	return ""
}

// charsetByName returns the character set of a name, nil if it is not known.
func charsetByName(name string) encoding.Encoding {
	if wide := wideName(name); wide != "" {
		return wideCharsets[wide]
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return enc
}

// sniffBytes is how much of a body sniffCharset looks at.
const sniffBytes = 8

// needsMore reports whether sniffCharset can tell nothing yet from the first bytes
// of a body.
func needsMore(b []byte) bool {
	if len(b) >= sniffBytes {
		return false
	}
	return len(b) < 2 || b[0] == 0 || b[1] == 0 || b[0] == 0xFF || b[0] == 0xFE
}

// sniffCharset tells UTF-16 and UTF-32 by a byte order mark and by the NULs that
// ASCII text has in them.
func sniffCharset(b []byte) string {
	b = b[:min(len(b), sniffBytes)]
	if len(b) < 4 || b[0] != 0 && b[1] != 0 && b[0] < 0xFE {
		return ""
	}
	has := func(prefix string) bool { return strings.HasPrefix(string(b), prefix) }
	switch {
	case has("\xff\xfe\x00\x00"):
		return "utf-32le"
	case has("\x00\x00\xfe\xff"):
		return "utf-32be"
	case has("\xff\xfe") && (b[3] == 0 || len(b) >= 6 && b[5] == 0):
		return "utf-16le"
	case has("\xfe\xff") && (b[2] == 0 || len(b) >= 6 && b[4] == 0):
		return "utf-16be"
	case len(b) < sniffBytes:
		return ""
	}
	text := func(first, step int) bool { // the bytes of text are ASCII, the others NUL
		for i, c := range b[:sniffBytes] {
			isText := i >= first && (i-first)%step == 0
			if isText != (c == '\t' || c == '\r' || c == '\n' || ' ' <= c && c < 127) || !isText && c != 0 {
				return false
			}
		}
		return true
	}
	switch {
	case text(0, 2):
		return "utf-16le"
	case text(1, 2):
		return "utf-16be"
	case text(0, 4):
		return "utf-32le"
	case text(3, 4):
		return "utf-32be"
	}
	return ""
}

// transcoder hands on text in UTF-8.
type transcoder struct {
	dec  transform.Transformer
	to   sink
	held []byte // the beginning of a character
}

func newTranscoder(charset string, to sink) *transcoder {
	return &transcoder{dec: wideCharsets[charset].NewDecoder(), to: to}
}

func (t *transcoder) write(p []byte) error {
	if len(t.held) > 0 {
		n := min(len(p), 16)
		t.held = append(t.held, p[:n]...)
		p = p[n:]
		rest, err := t.decode(t.held, false)
		t.held = append(t.held[:0], rest...)
		if err != nil || len(p) == 0 {
			return err
		}
		if len(t.held) > 0 { // few bytes: what follows them stands in p
			p = append(t.held, p...)
			t.held = nil
		}
	}
	rest, err := t.decode(p, false)
	t.held = append(t.held[:0], rest...)
	return err
}

// decode hands on the characters of p, and returns what is cut off at its end.
func (t *transcoder) decode(p []byte, last bool) (rest []byte, err error) {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for {
		n, read, terr := t.dec.Transform(buf[:], p, last)
		p = p[read:]
		if n > 0 {
			if err := t.to.write(buf[:n]); err != nil {
				return nil, err
			}
		}
		switch {
		case terr == transform.ErrShortDst && n+read > 0:
		case terr == nil || terr == transform.ErrShortSrc && !last:
			return p, nil
		case len(p) == 0:
			return nil, nil
		default: // a byte that makes no character
			p = p[1:]
		}
	}
}

func (t *transcoder) close() error {
	if len(t.held) > 0 {
		if _, err := t.decode(t.held, true); err != nil {
			return err
		}
	}
	return t.to.close()
}

// snapshot ends the text as it stands: a character that is cut off is lost.
func (t *transcoder) snapshot(label string, tail []byte) error {
	c := transcoder{dec: encoding.Nop.NewDecoder()}
	return snapshotOf(&c, &c.to, t.to, label, nil)
}

// utf7Encoding is UTF-7 (RFC 2152). It only decodes.
type utf7Encoding struct{}

func (utf7Encoding) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: &utf7Decoder{}}
}

func (utf7Encoding) NewEncoder() *encoding.Encoder { return encoding.Nop.NewEncoder() }

// utf7Decoder decodes UTF-7. What is no base64 ends a shift, bytes that ASCII does
// not have stay as they are.
type utf7Decoder struct {
	shifted bool // within base64
	fresh   bool // directly behind the "+"
	bits    uint32
	n       int    // bits that are not used
	high    uint16 // the first half of a surrogate pair
}

// Reset implements transform.Transformer.
func (d *utf7Decoder) Reset() { *d = utf7Decoder{} }

// Transform implements transform.Transformer.
func (d *utf7Decoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for ; nSrc < len(src); nSrc++ {
		if len(dst)-nDst < 2*utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		v := base64Class[c]
		switch {
		case !d.shifted && c == '+':
			d.shifted, d.fresh, d.n, d.high = true, true, 0, 0
		case !d.shifted:
			dst[nDst] = c
			nDst++
		case v < 64:
			d.fresh = false
			d.bits = d.bits<<6 | uint32(v)
			if d.n += 6; d.n >= 16 {
				d.n -= 16
				nDst += d.unit(dst[nDst:], uint16(d.bits>>d.n))
			}
		default:
			if c != '-' || d.fresh { // "+-" is a plus
				if d.fresh {
					dst[nDst] = '+'
					nDst++
				}
				if c != '-' {
					dst[nDst] = c
					nDst++
				}
			}
			d.shifted = false
		}
	}
	return nDst, nSrc, nil
}

// unit takes one unit of UTF-16.
func (d *utf7Decoder) unit(dst []byte, u uint16) int {
	r := rune(u)
	if d.high != 0 {
		r = utf16.DecodeRune(rune(d.high), rune(u))
		d.high = 0
	} else if u >= 0xD800 && u < 0xDC00 {
		d.high = u
		return 0
	}
	return utf8.EncodeRune(dst, r)
}
