package pdf

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// token is a kind of token of PDF's syntax (ISO 32000-1 section 7.2).
type token uint8

const (
	pdfEnd       token = iota // no more bytes
	pdfDictOpen               // <<
	pdfDictClose              // >>
	pdfArrOpen                // [
	pdfArrClose               // ]
	pdfNameTok                // /Name, in tok
	pdfStringTok              // (literal) or <hex>, in tok
	pdfIntTok                 // in num
	pdfWord                   // anything else: obj, R, true, 1.5, in tok
)

const (
	nameMax = 256 // bytes of a name or word that are kept
	lexStep = 8 << 10
)

// lexer takes a stream of bytes apart into tokens. It holds one buffer and one
// token, whatever the input.
type lexer struct {
	r    io.Reader // what follows buf; nil if nothing does
	buf  []byte
	pos  int   // in buf
	base int64 // position of buf[0] in the stream
	own  []byte
	err  error // of r, other than io.EOF
	work *input.Work

	tok     []byte // the token's bytes, decoded
	num     int64  // of pdfIntTok
	escaped bool   // the name was written with #xx
	cut     bool   // tok is only the beginning
	max     int    // bytes of a string to keep
}

// reset starts at position base of a stream whose next bytes are buf, followed
// by what r delivers.
func (l *lexer) reset(buf []byte, base int64, r io.Reader) {
	l.buf, l.pos, l.base, l.r, l.err = buf, 0, base, r, nil
}

// at is the position of the next byte in the stream.
func (l *lexer) at() int64 { return l.base + int64(l.pos) }

// fill gets more bytes once buf is used up.
func (l *lexer) fill() bool {
	for l.r != nil {
		l.base += int64(len(l.buf))
		if l.own == nil {
			l.own = make([]byte, lexStep)
		}
		n, err := l.r.Read(l.own)
		l.buf, l.pos = l.own[:n], 0
		if err != nil {
			l.r = nil
			if err != io.EOF {
				l.err = err
			}
		}
		if !l.work.Spend(int64(n) + 1) {
			l.r, l.err = nil, input.ErrWork
			return false
		}
		if n > 0 {
			return true
		}
	}
	return false
}

// next returns the next byte, or -1 at the end.
func (l *lexer) next() int {
	if l.pos == len(l.buf) && !l.fill() {
		return -1
	}
	c := l.buf[l.pos]
	l.pos++
	return int(c)
}

// peek returns the next byte without taking it.
func (l *lexer) peek() int {
	if l.pos == len(l.buf) && !l.fill() {
		return -1
	}
	return int(l.buf[l.pos])
}

// skipTo goes forward to a position of the stream.
func (l *lexer) skipTo(at int64) bool {
	for l.at() < at {
		if l.pos == len(l.buf) && !l.fill() {
			return false
		}
		l.pos += int(min(int64(len(l.buf)-l.pos), at-l.at()))
	}
	return true
}

func isSpace(c int) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 || c == '\f'
}

func isDelimiter(c int) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// isRegular reports whether c can be in a name or word.
func isRegular(c int) bool { return c >= 0 && !isSpace(c) && !isDelimiter(c) }

// space skips white space and comments.
func (l *lexer) space() {
	for {
		c := l.peek()
		switch {
		case isSpace(c):
			l.pos++
		case c == '%':
			for c != '\n' && c != '\r' && c >= 0 {
				c = l.next()
			}
		default:
			return
		}
	}
}

// token reads the next token.
func (l *lexer) token() token {
	l.space()
	l.tok, l.escaped, l.cut = l.tok[:0], false, false
	c := l.next()
	switch c {
	case -1:
		return pdfEnd
	case '[':
		return pdfArrOpen
	case ']':
		return pdfArrClose
	case '/':
		l.name()
		return pdfNameTok
	case '(':
		l.literal()
		return pdfStringTok
	case '<':
		if l.peek() == '<' {
			l.pos++
			return pdfDictOpen
		}
		l.hex()
		return pdfStringTok
	case '>':
		if l.peek() == '>' {
			l.pos++
			return pdfDictClose
		}
		return pdfWord
	case ')', '{', '}':
		return pdfWord
	}
	if c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' {
		return l.number(byte(c))
	}
	l.keep(byte(c), nameMax)
	for isRegular(l.peek()) {
		l.keep(l.buf[l.pos], nameMax)
		l.pos++
	}
	return pdfWord
}

func (l *lexer) keep(c byte, max int) {
	if len(l.tok) < max {
		l.tok = append(l.tok, c)
	} else {
		l.cut = true
	}
}

// number reads a number. QUIRK: ISO 32000-1 section 7.3.3 wants white space or a
// delimiter behind it; readers end it at the first other character ("0obj").
func (l *lexer) number(c byte) token {
	const most = 1 << 50 // far above any offset, far below overflow
	l.num = 0
	negative, whole := c == '-', c != '.'
	if c >= '0' && c <= '9' {
		l.num = int64(c - '0')
	}
	for {
		c := l.peek()
		switch {
		case c >= '0' && c <= '9':
			if whole && l.num < most {
				l.num = l.num*10 + int64(c-'0')
			}
		case c == '.', c == '+', c == '-':
			whole = false
		default:
			if negative {
				l.num = -l.num
			}
			return pdfIntTok
		}
		l.pos++
	}
}

// name reads what follows the slash (section 7.3.5).
func (l *lexer) name() {
	for isRegular(l.peek()) {
		c := l.buf[l.pos]
		l.pos++
		if c == '#' {
			c = l.escapedName()
		}
		l.keep(c, nameMax)
	}
}

// escapedName reads the two digits behind a "#". QUIRK: without them it stands
// for itself, as in PDF 1.1.
func (l *lexer) escapedName() byte {
	first := l.peek()
	hi := text.HexDigit(first)
	if hi < 0 {
		return '#'
	}
	l.pos++
	lo := text.HexDigit(l.peek())
	if lo < 0 {
		l.keep('#', nameMax)
		return byte(first)
	}
	l.pos++
	l.escaped = true
	return byte(hi<<4 | lo)
}

// hex reads a string written as digits, up to the ">" (section 7.3.4.3). What is
// no digit is skipped, as readers do.
func (l *lexer) hex() {
	half := -1
	for {
		c := l.next()
		if c < 0 || c == '>' {
			break
		}
		d := text.HexDigit(c)
		switch {
		case d < 0:
		case half < 0:
			half = d
		default:
			l.keep(byte(half<<4|d), l.max)
			half = -1
		}
	}
	if half >= 0 {
		l.keep(byte(half<<4), l.max)
	}
}

// literal reads a string up to the parenthesis that closes it (section 7.3.4.2).
func (l *lexer) literal() {
	for depth := 1; ; {
		l.plain()
		c := l.next()
		switch c {
		case -1:
			return
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return
			}
		case '\r':
			if l.peek() == '\n' {
				l.pos++
			}
			c = '\n'
		case '\\':
			if c = l.escape(); c < 0 {
				continue
			}
		}
		l.keep(byte(c), l.max)
	}
}

// plain takes the bytes of a literal string that stand for themselves, as far as
// they are in the buffer.
func (l *lexer) plain() {
	b := l.buf[l.pos:]
	n := 0
	for n < len(b) && b[n] != '(' && b[n] != ')' && b[n] != '\\' && b[n] != '\r' {
		n++
	}
	l.pos += n
	room := max(0, l.max-len(l.tok))
	l.tok = append(l.tok, b[:min(n, room)]...)
	l.cut = l.cut || n > room
}

// escape reads what follows a backslash; -1 says that it stands for nothing.
func (l *lexer) escape() int {
	c := l.next()
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case '\n':
		return -1
	case '\r':
		if l.peek() == '\n' {
			l.pos++
		}
		return -1
	}
	if c < '0' || c > '7' {
		return c
	}
	v := c - '0'
	for range 2 {
		d := l.peek()
		if d < '0' || d > '7' {
			break
		}
		v = v<<3 | (d - '0')
		l.pos++
	}
	return v & 0xff
}
