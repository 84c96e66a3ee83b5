package wide

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Format is how such a text is found and opened.
var Format = &level.Format{Name: "utf16", Detect: detect, Open: open}

// What decides that a file is a wide text.
const (
	headBytes = 1 << 10 // of the file
	leastMark = 2       // characters behind a byte order mark
	leastBare = 4       // characters without one, all of ASCII
)

// form is a way to write characters in units of more than a byte.
type form struct {
	name string
	mark string // its byte order mark (The Unicode Standard, section 23.8)
	unit int    // bytes
	read func(b []byte) rune
	enc  encoding.Encoding
}

// forms has UTF-32 first: its little-endian mark begins like that of UTF-16.
var forms = [...]form{
	{"utf-32le", "\xff\xfe\x00\x00", 4, func(b []byte) rune { return rune(binary.LittleEndian.Uint32(b)) }, utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)},
	{"utf-32be", "\x00\x00\xfe\xff", 4, func(b []byte) rune { return rune(binary.BigEndian.Uint32(b)) }, utf32.UTF32(utf32.BigEndian, utf32.UseBOM)},
	{"utf-16le", "\xff\xfe", 2, func(b []byte) rune { return rune(binary.LittleEndian.Uint16(b)) }, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
	{"utf-16be", "\xfe\xff", 2, func(b []byte) rune { return rune(binary.BigEndian.Uint16(b)) }, unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
}

func detect(p *level.Probe) bool { return formOf(p.Head[:min(len(p.Head), headBytes)]) != nil }

// formOf returns how the text that begins with b is written, nil if it is not wide.
func formOf(b []byte) *form {
	if len(b) < 4 || b[0] != 0 && b[1] != 0 && b[0] < 0xFE {
		return nil
	}
	for i := range forms {
		if f := &forms[i]; f.fits(b) {
			return f
		}
	}
	return nil
}

// fits says whether b begins with the form's mark and a text, or with ASCII. A stray
// control character does not stop an interpreter; many of them are no text.
func (f *form) fits(b []byte) bool {
	marked := len(b) >= len(f.mark) && string(b[:len(f.mark)]) == f.mark
	if marked {
		b = b[len(f.mark):]
	}
	characters, faults := 0, 0
	for ; len(b) >= f.unit; b = b[f.unit:] {
		c := f.read(b)
		if utf16.IsSurrogate(c) && f.unit == 2 && len(b) >= 4 {
			if pair := utf16.DecodeRune(c, f.read(b[2:])); pair != utf8.RuneError {
				c, b = pair, b[2:]
			}
		}
		characters++
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0x1A || c == 0x1B:
		case c < ' ' || c == 0x7F || !utf8.ValidRune(c) || c&0xFFFE == 0xFFFE:
			faults++
		}
		if !marked && characters <= leastBare && (faults > 0 || c > 0x7F) {
			return false
		}
	}
	if marked {
		return characters >= leastMark && faults*50 <= characters
	}
	return characters >= leastBare && faults*50 <= characters
}

// walker yields the text once.
type walker struct {
	src  io.ReaderAt
	size int64
	form *form
}

func open(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	b, err := saferead.UpTo(src, 0, headBytes, size, headBytes)
	if err != nil {
		return nil, err
	}
	f := formOf(b)
	if f == nil {
		return nil, level.ErrFormat
	}
	return &walker{src, size, f}, nil
}

func (w *walker) Anomalies() []string { return nil }
func (w *walker) Close()              {}

func (w *walker) Next() (*level.Member, io.Reader, error) {
	if w.form == nil {
		return nil, nil, io.EOF
	}
	m := &level.Member{Size: -1, Method: w.form.name}
	level.AddName(m, "text", len("text"))
	body := transform.NewReader(io.NewSectionReader(w.src, 0, w.size), w.form.enc.NewDecoder())
	w.form = nil
	return m, body, nil
}
