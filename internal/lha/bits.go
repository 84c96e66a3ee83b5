package lha

import (
	"bufio"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// bits takes bits from bytes, the highest first. Behind the end come zeros.
type bits struct {
	r    *bufio.Reader
	acc  uint32
	n    uint // bits in acc, at its top
	over uint // bits in acc that are behind the end
	err  error
}

func (s *bits) fill() {
	for s.n <= 24 {
		var b byte
		if s.err == nil {
			b, s.err = s.r.ReadByte()
		}
		if s.err != nil {
			s.over += 8
		}
		s.acc |= uint32(b) << (24 - s.n)
		s.n += 8
	}
}

// short says that more was taken than there was.
func (s *bits) short() bool { return s.over > s.n }

// fault says why the stream cannot go on.
func (s *bits) fault() error {
	switch {
	case !s.short():
		return ErrCorrupt
	case s.err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// take returns up to 24 bits.
func (s *bits) take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	s.fill()
	v := s.acc >> (32 - n)
	s.acc <<= n
	s.n -= n
	return v
}

func (s *bits) symbol(d *huffman.Decoder) (int, bool) {
	s.fill()
	sym, n := d.Decode(s.acc >> 16)
	if sym < 0 {
		return 0, false
	}
	s.acc <<= n
	s.n -= n
	return sym, true
}
