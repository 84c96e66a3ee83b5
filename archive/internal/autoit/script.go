package autoit

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// A script of EA06 is the number of its lines, then tokens: a byte that says what it is,
// and what that needs.
const (
	tokenKeyword  = 0x00 // its number
	tokenFunction = 0x01 // its number
	tokenInt32    = 0x05
	tokenInt64    = 0x10
	tokenDouble   = 0x20
	tokenString   = 0x36 // of those with a string, the one in quotes
	tokenFirst    = 0x30 // of those with a string
	tokenOperator = 0x40 // the first one
	tokenEndLine  = 0x7f
)

// prefixes are what stands before the string of a token: of a keyword, a function, a
// macro, a variable, a function of the script, a property, a text, a directive.
var prefixes = [...]string{"", "", "@", "$", "", ".", `"`, ""}

var operators = [...]string{",", "=", ">", "<", "<>", ">=", "<=", "(", ")", "+", "-", "/", "*", "&", "[", "]", "==", "^",
	"+=", "-=", "/=", "*=", "&=", "?", ":"}

// listing reads tokens and yields the script's text, UTF-8.
type listing struct {
	in    *bufio.Reader
	body  level.Worker // below in
	out   []byte
	read  int    // of out
	last  byte   // before out, 0 at the begin
	begun bool   // the number of lines was read
	lines uint32 // to come, as that says
	quote bool   // the string is in quotes
	left  uint32 // characters to come of a string
	key   uint16 // that hides them
	high  rune   // the first half of a pair
	err   error
}

// listingStep is how much is made at once, in bytes.
const listingStep = 4 << 10

func (l *listing) Read(p []byte) (int, error) {
	if l.read == len(l.out) {
		l.last = l.behind()
		l.out, l.read = l.out[:0], 0
	}
	for len(l.out) < listingStep && l.err == nil {
		l.step()
	}
	n := copy(p, l.out[l.read:])
	l.read += n
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, l.err
}

// number takes an integer of n bytes, the lowest first.
func (l *listing) number(n int) uint64 {
	var b [8]byte
	if _, err := io.ReadFull(l.in, b[:n]); err != nil && l.err == nil {
		l.err = level.Truncated(err)
	}
	return binary.LittleEndian.Uint64(b[:])
}

// step takes one token, or one character of a string.
func (l *listing) step() {
	if !l.begun {
		l.lines, l.begun = uint32(l.number(4)), true
		return
	}
	if l.left > 0 {
		l.character(uint16(l.number(2)) ^ l.key)
		return
	}
	token, err := l.in.ReadByte()
	switch {
	case err == io.EOF && l.lines > 0:
		l.err = fmt.Errorf("%d lines to come: %w", l.lines, level.Truncated(err))
	case err != nil:
		l.err = err
	default:
		l.token(token)
	}
}

// token adds what a token stands for. Behind the last line there may be anything.
func (l *listing) token(t byte) {
	switch {
	case t == tokenKeyword:
		l.word(keywords, l.number(4))
	case t == tokenFunction:
		l.word(functions, l.number(4))
	case t == tokenInt32:
		l.add(strconv.FormatInt(int64(int32(l.number(4))), 10))
	case t == tokenInt64:
		l.add(strconv.FormatInt(int64(l.number(8)), 10))
	case t == tokenDouble:
		l.add(strconv.FormatFloat(math.Float64frombits(l.number(8)), 'g', -1, 64))
	case t >= tokenFirst && int(t) < tokenFirst+len(prefixes):
		l.string(t)
	case t >= tokenOperator && int(t) < tokenOperator+len(operators):
		l.add(operators[t-tokenOperator])
	case t == tokenEndLine:
		l.out = append(l.out, "\r\n"...)
		l.lines -= min(l.lines, 1)
	case l.lines == 0:
		l.err = io.EOF
	default:
		l.err = fmt.Errorf("token %#x: %w", t, level.ErrMalformed)
	}
}

// behind is the byte that the next one stands behind.
func (l *listing) behind() byte {
	if n := len(l.out); n > 0 {
		return l.out[n-1]
	}
	return l.last
}

// add adds a word, with a space before it where people write one.
func (l *listing) add(s string) {
	if l.err != nil {
		return
	}
	tight := s != "" && strings.Contains("()[],.", s[:1])
	if !tight && !strings.Contains("\x00\n([.", string(rune(l.behind()))) {
		l.out = append(l.out, ' ')
	}
	l.out = append(l.out, s...)
}

// word adds the word with a number.
func (l *listing) word(words []string, i uint64) {
	if i < uint64(len(words)) {
		l.add(words[i])
		return
	}
	l.add("#" + strconv.FormatUint(i, 10))
}

// string begins a string, whose length hides its characters.
func (l *listing) string(t byte) {
	l.left = uint32(l.number(4))
	l.key, l.quote, l.high = uint16(l.left), t == tokenString, 0
	if l.add(prefixes[t-tokenFirst]); l.left == 0 && l.err == nil {
		l.endString()
	}
}

// character adds a unit of UTF-16 of a string.
func (l *listing) character(unit uint16) {
	if l.err != nil {
		return
	}
	c, high := rune(unit), l.high
	l.high = 0
	if utf16.IsSurrogate(c) {
		if c = utf16.DecodeRune(high, rune(unit)); c == utf8.RuneError {
			l.high, c = rune(unit), -1
		}
	}
	if c >= 0 {
		l.out = utf8.AppendRune(l.out, c)
	}
	if c == '"' && l.quote {
		l.out = append(l.out, '"')
	}
	if l.left--; l.left == 0 {
		l.endString()
	}
}

func (l *listing) endString() {
	if l.quote {
		l.out = append(l.out, '"')
	}
}

// Work implements level.Worker.
func (l *listing) Work() int64 { return l.body.Work() }
