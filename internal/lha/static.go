package lha

import "github.com/fivefifty/fivefifty/internal/huffman"

// Numbers of the static codes.
const (
	maxMatch   = 256
	minMatch   = 3
	characters = 256 + maxMatch - minMatch + 1 // literals and lengths
	preSymbols = 19
)

// static decodes blocks, each with three codes of its own: one for the lengths of
// the next, one for literals and matches' lengths, one for positions.
type static struct {
	in    *huffman.Bits
	shape shape
	lhark bool
	left  int // symbols of the block to come

	pre, chars, positions huffman.Decoder
}

func (s *static) step() (byte, int, int, bool) {
	if s.left == 0 && !s.block() {
		return 0, 0, 0, false
	}
	s.left--
	c, ok := s.in.Symbol(&s.chars)
	if !ok {
		return 0, 0, 0, false
	}
	if c < 256 {
		return byte(c), 0, 0, true
	}
	n := c - 256 + minMatch
	if s.lhark {
		n = s.lharkLength(c)
	}
	p, ok := s.in.Symbol(&s.positions)
	if !ok || p > 24 && !s.lhark {
		return 0, 0, 0, false
	}
	if s.lhark {
		p, ok = s.lharkPosition(p)
		return 0, n, p + 1, ok
	}
	if p > 1 {
		p = 1<<(p-1) | int(s.in.Take(uint(p-1)))
	}
	return 0, n, p + 1, true
}

// lharkLength completes a length: as in deflate, four symbols share a number of bits.
func (s *static) lharkLength(c int) int {
	switch {
	case c < 264:
		return c - 256 + minMatch
	case c < 288:
		n := uint(c-260) / 4
		return (4+c%4)<<n + int(s.in.Take(n)) + minMatch
	}
	return 514
}

// lharkPosition completes a position: two symbols share a number of bits.
func (s *static) lharkPosition(p int) (int, bool) {
	if p < 4 {
		return p, true
	}
	n := uint(p-2) / 2
	if n > 16 {
		return 0, false
	}
	return (2+p%2)<<n + int(s.in.Take(n)), true
}

func (s *static) block() bool {
	s.left = int(s.in.Take(16))
	if s.left == 0 {
		s.left = 1 << 16
	}
	if s.in.Short() {
		return false
	}
	return s.lengths(&s.pre, preSymbols, 5, 3) && s.charLengths() && s.lengths(&s.positions, s.shape.positions, uint(s.shape.posBits), -1) && !s.in.Short()
}

// lengths reads a short code: three bits for each length, ones as long as it goes
// on. After the symbol gap, two bits say how many have none.
func (s *static) lengths(d *huffman.Decoder, symbols int, numBits uint, gap int) bool {
	n := int(s.in.Take(numBits))
	if n == 0 {
		d.InitSingle(int(s.in.Take(numBits)))
		return true
	}
	var out [64]byte
	if n > symbols {
		return false
	}
	for i := 0; i < n; {
		length := s.in.Take(3)
		if length == 7 {
			for s.in.Take(1) == 1 {
				if length++; length > huffman.MaxLength {
					return false
				}
			}
		}
		out[i] = byte(length)
		i++
		if i == gap {
			i += int(s.in.Take(2))
		}
	}
	return d.Init(out[:symbols]) == nil
}

// charLengths reads the code of literals and lengths, which is packed itself.
func (s *static) charLengths() bool {
	n := int(s.in.Take(9))
	if n == 0 {
		s.chars.InitSingle(int(s.in.Take(9)))
		return true
	}
	var out [characters]byte
	if n > characters {
		return false
	}
	for i := 0; i < n; {
		c, ok := s.in.Symbol(&s.pre)
		if !ok || s.in.Short() {
			return false
		}
		switch c {
		case 0:
			i++
		case 1:
			i += 3 + int(s.in.Take(4))
		case 2:
			i += 20 + int(s.in.Take(9))
		default:
			out[i] = byte(c - 2)
			i++
		}
	}
	return s.chars.Init(out[:]) == nil
}
