package lzx

import (
	"encoding/binary"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// words takes bits from words of 16, the highest first; the words' bytes come the
// lowest first. Behind the end come zeros, for one word more than a code is long.
type words struct {
	b    []byte
	i    int
	acc  uint32
	n    uint // bits in acc, at its top
	over int  // words taken behind the end
}

func (s *words) fill() {
	for s.n <= 16 {
		var w uint32
		switch len(s.b) - s.i {
		case 0:
			s.over++
		case 1:
			w = uint32(s.b[s.i])
			s.i++
		default:
			w = uint32(binary.LittleEndian.Uint16(s.b[s.i:]))
			s.i += 2
		}
		s.acc |= w << (16 - s.n)
		s.n += 16
	}
}

// short says that more was taken than there was.
func (s *words) short() bool { return s.over > 2 || s.over > 0 && uint(16*s.over) > s.n }

// take returns up to 17 bits.
func (s *words) take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	s.fill()
	v := s.acc >> (32 - n)
	s.acc <<= n
	s.n -= n
	return v
}

func (s *words) symbol(d *huffman.Decoder) (int, bool) {
	s.fill()
	sym, n := d.Decode(s.acc >> 16)
	if sym < 0 {
		return 0, false
	}
	s.acc <<= n
	s.n -= n
	return sym, !s.short()
}

// align drops the rest of the word that is being read, a whole one if it was not
// begun, and gives back what was taken ahead.
func (s *words) align() {
	s.fill()
	drop := s.n % 16
	if drop == 0 {
		drop = 16
	}
	ahead := int(s.n-drop)/16 - s.over
	s.i -= 2 * max(0, ahead)
	s.i = max(0, s.i)
	s.acc, s.n, s.over = 0, 0, 0
}

func (s *words) byte() (byte, bool) {
	if s.i >= len(s.b) {
		return 0, false
	}
	s.i++
	return s.b[s.i-1], true
}

// consumed is the number of bytes taken, up to a whole word, and without those
// that were taken ahead.
func (s *words) consumed(raw bool) int {
	if raw {
		return s.i
	}
	return max(0, s.i-2*max(0, int(s.n/16)-s.over))
}

func (s *words) uint32() (uint32, bool) {
	if len(s.b)-s.i < 4 {
		return 0, false
	}
	s.i += 4
	return binary.LittleEndian.Uint32(s.b[s.i-4:]), true
}
