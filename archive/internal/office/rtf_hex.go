package office

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// rtfOddities are what an object's data holds besides digits, as far as readers
// disagree about it.
type rtfOddities uint8

const (
	rtfGroups  rtfOddities = 1 << iota // groups of another destination, with digits in them
	rtfEscapes                         // byte escapes
	rtfBinary                          // binary data
)

// rtfReading is one way to read an object's data. The zero value is Word's: groups
// of other destinations and byte escapes are skipped, and with an escape the digit
// before it, if it is the first of a pair; binary data counts.
type rtfReading struct {
	name       string
	allGroups  bool // digits in groups of other destinations count too
	keepDigit  bool // an escape does not drop the digit before it
	escapes    bool // an escape stands for its character, which may be a digit
	skipBinary bool
}

// readings returns the ways that make a difference.
//
// QUIRK: the RTF specification 1.9.1 knows nothing but digits here. Malware of CVE-2017-0199,
// CVE-2017-11882 and others is full of all these.
func (o rtfOddities) readings() []rtfReading {
	all := []rtfReading{{name: "word"}}
	if o&rtfGroups != 0 {
		all = append(all, rtfReading{name: "all-groups", allGroups: true})
	}
	if o&rtfEscapes != 0 {
		all = append(all, rtfReading{name: "escapes-dropped", keepDigit: true}, rtfReading{name: "escapes-decoded", escapes: true})
	}
	if o&rtfBinary != 0 {
		all = append(all, rtfReading{name: "binary-dropped", skipBinary: true})
	}
	return all
}

// rtfHex decodes an object's data, from behind its control word to the end of its
// group.
type rtfHex struct {
	s       *rtfScanner
	reading rtfReading
	odd     rtfOddities

	depth  int   // groups inside of the object's own
	skip   int   // depth of the group that is skipped, 0 if none is
	first  bool  // a group has just begun, or its mark of a destination
	star   bool  // that mark was there
	high   int   // first digit of a pair, -1 if none
	binary int64 // bytes of binary data left
	ended  bool
}

func newRTFHex(src io.ReaderAt, off, size int64, reading rtfReading) *rtfHex {
	return &rtfHex{s: newRTFScanner(src, off, size), reading: reading, high: -1}
}

func (h *rtfHex) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && !h.ended {
		if h.binary == 0 && h.skip == 0 && !h.first && !h.star && h.s.fill() {
			if n += h.digits(p[n:]); n == len(p) {
				break
			}
		}
		c, ok := h.s.next()
		if !ok {
			break
		}
		if b, ok := h.take(c); ok {
			p[n] = b
			n++
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	if h.s.err != nil {
		return 0, &level.SourceError{Err: h.s.err}
	}
	return 0, io.EOF
}

// digits consumes what is buffered up to the next character with a meaning of its
// own. It does what take does for each byte, at once.
func (h *rtfHex) digits(p []byte) (n int) {
	buf, high, i := h.s.buf, h.high, 0
	for ; i < len(buf) && n < len(p); i++ {
		c := buf[i]
		v := int(hexValues[c])
		switch {
		case v >= 0 && high < 0:
			high = v
		case v >= 0:
			p[n] = byte(high<<4 | v)
			n++
			high = -1
		case c == '\\' || c == '{' || c == '}':
			h.s.buf, h.high = buf[i:], high
			return n
		}
	}
	h.s.buf, h.high = buf[i:], high
	return n
}

// take consumes one byte of the text, which may complete one of the data.
func (h *rtfHex) take(c byte) (b byte, ok bool) {
	if h.binary > 0 {
		h.binary--
		return c, h.skip == 0 && !h.reading.skipBinary
	}
	switch c {
	case '{':
		h.depth++
		h.first = true
		return 0, false
	case '}':
		h.close()
		return 0, false
	case '\\':
		return h.control()
	}
	if c == '\r' || c == '\n' {
		return 0, false
	}
	h.first, h.star = false, false
	return h.digit(c)
}

func (h *rtfHex) close() {
	h.first, h.star = false, false
	if h.depth == 0 {
		h.ended = true
		return
	}
	if h.depth == h.skip {
		h.skip = 0
	}
	h.depth--
}

func (h *rtfHex) digit(c byte) (b byte, ok bool) {
	v := hexValue(c)
	if v < 0 {
		return 0, false
	}
	if h.skip > 0 {
		h.odd |= rtfGroups
		if !h.reading.allGroups {
			return 0, false
		}
	}
	if h.high < 0 {
		h.high = v
		return 0, false
	}
	b = byte(h.high<<4 | v)
	h.high = -1
	return b, true
}

// control takes a control word or symbol. One that opens a group makes it another
// destination's, as does the mark for destinations that a reader may not know.
func (h *rtfHex) control() (b byte, ok bool) {
	word, parameter := h.s.control()
	if len(word) == 0 {
		return 0, false
	}
	opens := h.first
	h.first = false
	switch {
	case word[0] == '*':
		h.first, h.star = opens, true
		return 0, false
	case word[0] == '\'':
		return h.escape(word)
	case string(word) == "bin":
		h.odd |= rtfBinary
		h.binary = max(0, parameter)
	case isLetter(word[0]) && h.depth > 0 && h.skip == 0 && (h.star || opens && rtfDestinations[string(word)]):
		h.skip = h.depth
	}
	h.star = false
	return 0, false
}

// escape takes a byte escape.
func (h *rtfHex) escape(word []byte) (b byte, ok bool) {
	if h.skip > 0 && !h.reading.allGroups {
		return 0, false
	}
	h.odd |= rtfEscapes
	switch {
	case h.reading.escapes && len(word) == 3:
		return h.digit(byte(hexValue(word[1])<<4 | hexValue(word[2])))
	case !h.reading.keepDigit:
		h.high = -1
	}
	return 0, false
}

// rtfDestinations are control words that begin another destination without the
// mark, so that what follows them is not the object's data.
var rtfDestinations = map[string]bool{
	"pict": true, "object": true, "result": true, "objclass": true, "objname": true, "objdata": true,
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "title": true, "subject": true,
	"author": true, "manager": true, "company": true, "operator": true, "category": true, "keywords": true,
	"comment": true, "doccomm": true, "header": true, "headerl": true, "headerr": true, "headerf": true,
	"footer": true, "footerl": true, "footerr": true, "footerf": true, "footnote": true, "annotation": true,
	"field": true, "fldinst": true, "fldrslt": true, "shp": true, "shpinst": true, "sp": true, "sn": true,
	"sv": true, "upr": true, "ud": true, "private": true, "xe": true, "tc": true, "rxe": true,
	"bkmkstart": true, "bkmkend": true, "filetbl": true, "file": true, "listtable": true, "list": true,
	"listlevel": true, "leveltext": true, "levelnumbers": true, "listname": true, "revtbl": true, "nonshppict": true,
	"mmath": true, "mr": true, "mt": true, "ftnsep": true, "ftnsepc": true, "ftncn": true, "nextfile": true, "template": true,
}
