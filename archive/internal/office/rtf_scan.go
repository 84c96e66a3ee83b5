package office

import (
	"bytes"
	"io"
)

// rtfBuffer is how much of a text is read at once, in bytes, and rtfFirst how much at
// first: a file may have a million objects, each of which is read anew.
const (
	rtfBuffer = 8 << 10
	rtfFirst  = 256
)

// rtfWordMost is how much of a control word is kept; no reader knows longer ones.
const rtfWordMost = 40

// rtfScanner reads a text forward, byte by byte or to the next of a kind.
type rtfScanner struct {
	src  io.ReaderAt
	size int64
	at   int64  // offset behind buf
	buf  []byte // read and not consumed
	mem  []byte
	word []byte
	err  error // of the source; sticky
}

func newRTFScanner(src io.ReaderAt, off, size int64) *rtfScanner {
	return &rtfScanner{src: src, at: off, size: size}
}

// offset is that of the next byte.
func (s *rtfScanner) offset() int64 { return s.at - int64(len(s.buf)) }

// fill reads on if nothing is left in the buffer.
func (s *rtfScanner) fill() bool {
	if len(s.buf) > 0 {
		return true
	}
	if s.at >= s.size || s.err != nil {
		return false
	}
	switch {
	case s.mem == nil:
		s.mem = make([]byte, min(rtfFirst, s.size-s.at))
	case len(s.mem) < rtfBuffer:
		s.mem = make([]byte, min(rtfBuffer, int64(len(s.mem))+s.size-s.at))
	}
	n, err := s.src.ReadAt(s.mem[:min(int64(len(s.mem)), s.size-s.at)], s.at)
	if err != nil && err != io.EOF {
		s.err = err
	}
	s.buf = s.mem[:n]
	s.at += int64(n)
	if n == 0 {
		s.size = s.at // the source ends before its size
	}
	return n > 0
}

func (s *rtfScanner) next() (byte, bool) {
	if !s.fill() {
		return 0, false
	}
	c := s.buf[0]
	s.buf = s.buf[1:]
	return c, true
}

func (s *rtfScanner) peek() (byte, bool) {
	if !s.fill() {
		return 0, false
	}
	return s.buf[0], true
}

// skipTo moves behind the next c; false if there is none.
func (s *rtfScanner) skipTo(c byte) bool {
	for s.fill() {
		i := bytes.IndexByte(s.buf, c)
		if i >= 0 {
			s.buf = s.buf[i+1:]
			return true
		}
		s.buf = nil
	}
	return false
}

// control reads a control word with its parameter, or a control symbol, behind its
// backslash. A byte escape is the symbol "'" with its two digits. The word is valid
// until the following call.
func (s *rtfScanner) control() (word []byte, parameter int64) {
	s.word = s.word[:0]
	c, ok := s.next()
	if !ok {
		return nil, 0
	}
	s.word = append(s.word, c)
	if c == '\'' {
		for range 2 {
			if c, ok := s.peek(); ok && hexValue(c) >= 0 {
				s.word = append(s.word, c)
				s.next()
			}
		}
		return s.word, 0
	}
	if !isLetter(c) {
		return s.word, 0
	}
	for {
		c, ok := s.peek()
		if !ok || !isLetter(c) {
			break
		}
		s.next()
		if len(s.word) < rtfWordMost {
			s.word = append(s.word, c)
		}
	}
	return s.word, s.parameter()
}

// parameter reads the number behind a control word, and the blank that ends both.
func (s *rtfScanner) parameter() (n int64) {
	c, ok := s.peek()
	negative := ok && c == '-'
	if negative {
		s.next()
		c, ok = s.peek()
	}
	for ok && c >= '0' && c <= '9' {
		n = min(n*10+int64(c-'0'), 1<<40)
		s.next()
		c, ok = s.peek()
	}
	if ok && c == ' ' {
		s.next()
	}
	if negative {
		return -n
	}
	return n
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hexValues are the values of hexadecimal digits, -1 for other bytes.
var hexValues = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range int8(16) {
		t["0123456789abcdef"[i]], t["0123456789ABCDEF"[i]] = i, i
	}
	return t
}()

func hexValue(c byte) int { return int(hexValues[c]) }
