package huffman

import (
	"errors"
	"io"
)

// Bits takes bits from bytes, the highest first. Behind the end come zeros, and
// Short says so. Set R before use.
type Bits struct {
	R io.ByteReader

	acc  uint32
	n    uint // bits in acc, at its top
	over uint // bits in acc that are behind the end
	err  error
}

// Reset begins anew on another reader.
func (s *Bits) Reset(r io.ByteReader) { *s = Bits{R: r} }

func (s *Bits) fill() {
	for s.n <= 24 {
		var b byte
		if s.err == nil {
			b, s.err = s.R.ReadByte()
		}
		if s.err != nil {
			b = 0
			s.over += 8
		}
		s.acc |= uint32(b) << (24 - s.n)
		s.n += 8
	}
}

// Short says that more was taken than there was.
func (s *Bits) Short() bool { return s.over > s.n }

// Fault says why the bits ended: io.ErrUnexpectedEOF, or the reader's own error;
// other if they did not.
func (s *Bits) Fault(other error) error {
	switch {
	case !s.Short():
		return other
	case errors.Is(s.err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// Take returns up to 24 bits.
func (s *Bits) Take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	if s.n < n {
		s.fill()
	}
	v := s.acc >> (32 - n)
	s.acc <<= n
	s.n -= n
	return v
}

// Peek returns the next n bits, at most 24, and leaves them.
func (s *Bits) Peek(n uint) uint32 {
	if s.n < n {
		s.fill()
	}
	return s.acc >> (32 - n)
}

// Align drops the rest of the byte that is being read.
func (s *Bits) Align() { s.Take(s.n % 8) }

// ReadByte returns the next eight bits, io.EOF behind the end.
func (s *Bits) ReadByte() (byte, error) {
	b := byte(s.Take(8))
	if s.Short() {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	return b, nil
}

// Symbol returns the next symbol of a code; not ok if there is none.
func (s *Bits) Symbol(d *Decoder) (symbol int, ok bool) {
	if s.n < MaxLength {
		s.fill()
	}
	sym, n := d.Decode(s.acc >> 16)
	if sym < 0 {
		return 0, false
	}
	s.acc <<= n
	s.n -= n
	return sym, true
}

// Over is how many bits more were taken than there were, as far as they were
// asked for.
func (s *Bits) Over() int { return max(0, int(s.over)-int(s.n)) }

// Held is how many bits were read from the bytes and not taken yet; less than 0 if more
// were taken than there were.
func (s *Bits) Held() int { return int(s.n) - int(s.over) }
