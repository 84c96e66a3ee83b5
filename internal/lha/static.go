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
	p, ok := s.in.Symbol(&s.positions)
	if !ok || p > 24 {
		return 0, 0, 0, false
	}
	if p > 1 {
		p = 1<<(p-1) | int(s.in.Take(uint(p-1)))
	}
	return 0, c - 256 + minMatch, p + 1, true
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
