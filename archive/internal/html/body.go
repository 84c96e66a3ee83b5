package html

import (
	"bytes"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/magic"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// body decodes the data of one hit.
type body struct {
	section input.Meter
	r       io.Reader // of the text, from the data on; nil at its end
	step    int       // bytes to read at a time: few, until the data turn out to be long
	buf     []byte
	pos     int
	base    int64 // position of buf[0] in the text
	hit     found
	out     []byte // decoded and not yet read
	err     error

	quote byte
	bits  uint32
	n     uint // bits that are there
	ended bool // the data have ended
	store [1 << 10]byte
}

// reset begins the data of a hit. There is one body for all, of which the one before
// is dead.
func (b *body) reset(w *walker, hit found) {
	b.section = input.Meter{R: &level.Marked{R: io.NewSectionReader(w.src, hit.at, max(0, w.size-hit.at))}, Work: w.work, Weight: 1}
	b.r, b.hit, b.quote, b.base = &b.section, hit, hit.quote, hit.at
	if b.buf == nil {
		b.buf = make([]byte, 0, 2<<10)
	}
	b.buf, b.pos, b.step = b.buf[:0], 0, 128
	b.out, b.err, b.bits, b.n, b.ended = nil, nil, 0, 0, false
}

// enough decodes the first bytes, and reports whether they are enough for a member. size
// is that of the text.
func (b *body) enough(size int64) bool {
	b.decode()
	if b.hit.kind == literal {
		return len(b.out) >= uriLiteral/4*3 && magic.Plausible(b.out, size)
	}
	return len(b.out) >= uriLeast
}

// end is the position up to which the text has been decoded.
func (b *body) end() int64 { return b.base + int64(b.pos) }

func (b *body) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err != nil {
			return 0, level.Unmarked(b.err)
		}
		b.decode()
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// fill makes at least n bytes available, if there are so many.
func (b *body) fill(n int) {
	for len(b.buf)-b.pos < n && b.r != nil {
		rest := copy(b.buf, b.buf[b.pos:])
		b.base += int64(b.pos)
		b.buf, b.pos = b.buf[:rest], 0
		got, err := b.r.Read(b.buf[rest:min(cap(b.buf), rest+b.step)])
		b.step = min(2*b.step, cap(b.buf))
		b.buf = b.buf[:rest+got]
		if err != nil {
			b.r = nil
			if err != io.EOF {
				b.err = err
			}
		}
	}
}

// char reads one character of the data: an entity or an escape of a script is one.
// It reports false at the end of the data.
func (b *body) char() (c byte, ok bool) {
	for {
		b.fill(16)
		if b.pos == len(b.buf) {
			return 0, false
		}
		c, used := char(b.buf[b.pos:])
		if c == '\\' && b.quote != 0 {
			c, used = scriptEscape(b.buf[b.pos:], used)
		}
		switch {
		case b.hit.kind == attachment && (c == '\n' || c == '\r'):
			if !b.continued() {
				return 0, false
			}
			continue
		case c == '\n' || c == '\r' || c == '\t':
			if b.quote == 0 && b.hit.first != '(' && b.hit.kind < literal {
				return 0, false
			}
			b.pos += used
			continue
		case b.quote != 0 && c == b.quote:
			b.pos += used
			if !b.hit.base64 || !b.joined() {
				return 0, false
			}
			continue
		case b.quote == 0 && b.hit.kind != attachment && b.endsBare(c):
			return 0, false
		}
		b.pos += used
		return c, true
	}
}

// endsBare reports whether a character ends data that are not in quotes.
func (b *body) endsBare(c byte) bool {
	switch c {
	case '>', '<', '"', '\'', '`', ' ':
		return true
	case ')':
		return b.hit.first == '('
	}
	return false
}

// continued passes a line break of a calendar if the line is folded there.
func (b *body) continued() bool {
	b.fill(4)
	rest := bytes.TrimPrefix(b.buf[b.pos:], []byte("\r"))
	rest = bytes.TrimPrefix(rest, []byte("\n"))
	if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
		return false
	}
	b.pos = len(b.buf) - len(rest) + 1
	return true
}

// joined passes what joins two strings of a script, if another follows: "+"; and of those
// that are not a URI "&" and "& _" of Basic, the comma of an array, or nothing.
func (b *body) joined() bool {
	b.fill(256)
	all := b.buf[b.pos:min(len(b.buf), b.pos+256)]
	rest := bytes.TrimLeft(all, " \t\r\n\\")
	if len(rest) == 0 {
		return false
	}
	switch joint := rest[0]; {
	case joint == '+', b.hit.kind == literal && (joint == '&' || joint == ','):
		rest = b.unmarked(bytes.TrimLeft(rest[1:], " \t\r\n\\_"))
		if len(rest) < 2 || !isQuote(rest[0]) || joint == ',' && another(rest[1:]) {
			return false
		}
	default:
		rest = b.unmarked(rest)
		if b.hit.kind != literal || !isQuote(rest[0]) || another(rest[1:]) {
			return false
		}
	}
	b.quote = rest[0]
	b.pos += len(all) - len(rest) + 1
	return true
}

// unmarked cuts off what marks the kind of a string before its quote: b” of Python, L""
// and u8"" of C.
func (b *body) unmarked(rest []byte) []byte {
	for n := 1; b.hit.kind == literal && n <= 2 && n < len(rest); n++ {
		if strings.IndexByte("bBrRuULfF8", rest[n-1]) < 0 {
			break
		}
		if isQuote(rest[n]) {
			return rest[n:]
		}
	}
	return rest
}

// another says whether a file of its own begins with a string of an array.
func another(b []byte) bool {
	var head [12]byte
	return decodeQuantums(head[:], b) == len(head) && magic.Known(head[:])
}

// scriptEscape decodes a backslash in a string of a script (ECMA-262 section 12.9.4).
// What stands for white space is a line feed.
func scriptEscape(b []byte, used int) (byte, int) {
	if len(b) < used+1 {
		return '\n', used
	}
	digits := 0
	switch c := b[used]; c {
	case 'n', 'r', 't', 'b', 'f', 'v', '\n', '\r':
		return '\n', used + 1
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	default:
		return c, used + 1
	}
	if len(b) < used+1+digits {
		return '\n', len(b)
	}
	v, ok := entityNumber("x" + string(b[used+1:used+1+digits]))
	if !ok || v > 0x7f {
		return '?', used + 1
	}
	return byte(v), used + 1 + digits
}

// decode decodes some more into out.
func (b *body) decode() {
	b.out = b.store[:0]
	for b.err == nil && len(b.out) < len(b.store)-4 && !b.ended {
		b.plain()
		c, ok := b.char()
		if ok && c == '%' && b.hit.kind == uri {
			c = b.percent()
		} else if ok && c == '#' && !b.hit.base64 {
			ok = false // a fragment
		}
		if !ok {
			b.ended = true
			break
		}
		if !b.hit.base64 {
			b.out = append(b.out, c)
			continue
		}
		if c == '=' {
			b.ended = true
			break
		}
		b.digit(c)
	}
	if b.ended && b.err == nil {
		b.err = io.EOF
	}
}

// plain decodes the characters in the buffer that stand for themselves.
func (b *body) plain() {
	room := len(b.store) - 4 - len(b.out)
	if !b.hit.base64 {
		n := 0
		for rest := b.buf[b.pos:]; n < len(rest) && n < room && uriPlain[rest[n]]; n++ {
			b.out = append(b.out, rest[n])
		}
		b.pos += n
		return
	}
	for b.n == 0 && room >= 3 && len(b.buf)-b.pos >= 4 {
		q := b.buf[b.pos : b.pos+4]
		d0, d1, d2, d3 := base64Digit[q[0]], base64Digit[q[1]], base64Digit[q[2]], base64Digit[q[3]]
		if d0|d1|d2|d3 < 0 {
			return
		}
		v := uint32(d0)<<18 | uint32(d1)<<12 | uint32(d2)<<6 | uint32(d3)
		b.out = append(b.out, byte(v>>16), byte(v>>8), byte(v))
		b.pos += 4
		room -= 3
	}
}

// uriPlain are characters that mean the same wherever they stand.
var uriPlain = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && c < 0x7f && !isQuote(byte(c)) && !strings.ContainsRune(`()<>[]{}/%&\#`, rune(c))
	}
	return t
}()

// digit adds a character of base64. QUIRK: WHATWG Infra section 7 fails at what is
// not of the alphabet, white space apart; it is skipped here.
func (b *body) digit(c byte) {
	d := base64Digit[c]
	if d < 0 {
		if b.hit.kind >= literal && b.quote == 0 && !isSpace(c) {
			b.ended = true
		}
		return
	}
	b.bits = b.bits<<6 | uint32(d)
	if b.n += 6; b.n >= 8 {
		b.n -= 8
		b.out = append(b.out, byte(b.bits>>b.n))
	}
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\n\f\r\x00", c) >= 0 }

// percent reads the two digits behind a "%"; without them it stands for itself.
func (b *body) percent() byte {
	b.fill(16)
	if len(b.buf)-b.pos < 2 {
		return '%'
	}
	hi, lo := text.HexDigit(int(b.buf[b.pos])), text.HexDigit(int(b.buf[b.pos+1]))
	if hi < 0 || lo < 0 {
		return '%'
	}
	b.pos += 2
	return byte(hi<<4 | lo)
}
