package stuffit

import (
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Symbols of method 13: bytes, lengths of matches, and the end.
const (
	m13Symbols = 321
	m13Match   = 256
	m13Long    = 0x13e // ten bits of length follow
	m13Longest = 0x13f // fifteen
	m13End     = 0x140
	m13Window  = 64 << 10

	metaSymbols = 37
	metaNone    = 31 // no code
	metaUp      = 32
	metaDown    = 33
	metaTwice   = 34
	metaSome    = 35
	metaMany    = 36
)

// longCode is a canonical code with lengths up to 32, decoded bit by bit.
type longCode struct {
	count  [longest + 1]uint32
	sorted []uint16
}

const longest = 32

// init makes the code of some lengths, 0 for none.
func (c *longCode) init(lengths []int8) bool {
	clear(c.count[:])
	c.sorted = c.sorted[:0]
	for _, n := range lengths {
		if n > longest {
			return false
		}
		if n > 0 {
			c.count[n]++
		}
	}
	room := uint64(1)
	for n := 1; n <= longest; n++ {
		if room *= 2; uint64(c.count[n]) > room {
			return false
		}
		room -= uint64(c.count[n])
		if c.count[n] == 0 {
			continue
		}
		for s, l := range lengths {
			if int(l) == n {
				c.sorted = append(c.sorted, uint16(s))
			}
		}
	}
	return true
}

// symbol returns the next symbol.
func (c *longCode) symbol(in *huffman.LowBits) (int, error) {
	code, first, offset := uint64(0), uint64(0), uint64(0)
	for n := 1; n <= longest; n++ {
		bit, err := in.Take(1)
		if err != nil {
			return 0, err
		}
		code, first = code<<1|uint64(bit), first<<1
		if k := uint64(c.count[n]); code-first < k {
			return int(c.sorted[offset+code-first]), nil
		}
		first += uint64(c.count[n])
		offset += uint64(c.count[n])
	}
	return 0, errStream
}

// method13 decodes a dictionary of 64 KiB with two codes, one for what stands behind a
// literal and one for what stands behind a match, and a third for distances.
type method13 struct {
	bits                     huffman.LowBits
	first, second, distances longCode
	matched                  bool // the last symbol was a match
	window                   []byte
	at                       int
	n, distance              int   // of a match that goes on
	left                     int64 // bytes of the declared size
	err                      error
}

// newMethod13 decodes one stream. It ends at its own mark; behind size bytes, any end
// will do.
func newMethod13(r io.ByteReader, size int64) *method13 {
	z := &method13{bits: huffman.LowBits{R: r}, window: make([]byte, m13Window), left: size}
	z.err = z.codes()
	return z
}

// codes reads which codes there are.
func (z *method13) codes() error {
	head, err := z.bits.Take(8)
	if err != nil {
		return err
	}
	set := int(head >> 4)
	switch {
	case set > len(fixedCodes):
		return errStream
	case set > 0:
		f := fixedCodes[set-1]
		if !z.first.init(fixedLengths(f.first)) || !z.second.init(fixedLengths(f.second)) || !z.distances.init(fixedLengths(f.distances)) {
			return errStream
		}
		return nil
	}
	if err := z.code(&z.first, m13Symbols); err != nil {
		return err
	}
	if head&8 != 0 {
		z.second = z.first
	} else if err := z.code(&z.second, m13Symbols); err != nil {
		return err
	}
	return z.code(&z.distances, int(head&7)+10)
}

func fixedLengths(s string) []int8 {
	lengths := make([]int8, len(s))
	for i := range lengths {
		lengths[i] = int8(s[i] - '0')
	}
	return lengths
}

// code reads a code of some symbols.
func (z *method13) code(c *longCode, symbols int) error {
	lengths := make([]int8, symbols)
	length := int8(0)
	for i := 0; i < symbols; i++ {
		s, err := z.meta()
		if err != nil {
			return err
		}
		more := uint32(0)
		switch s {
		case metaNone:
			length = -1
		case metaUp:
			length++
		case metaDown:
			length--
		case metaTwice:
			more, err = z.bits.Take(1)
		case metaSome:
			more, err = z.bits.Take(3)
			more += 2
		case metaMany:
			more, err = z.bits.Take(6)
			more += 10
		default:
			length = int8(s + 1)
		}
		if err != nil || length > longest || length < -1 {
			return errOr(err)
		}
		lengths[i] = length
		for ; more > 0 && i+1 < symbols; more-- {
			i++
			lengths[i] = length
		}
	}
	if !c.init(lengths) {
		return errStream
	}
	return nil
}

func errOr(err error) error {
	if err != nil {
		return err
	}
	return errStream
}

// meta returns the next symbol of the code of lengths.
func (z *method13) meta() (int, error) {
	word := uint32(0)
	for n := uint(1); n <= 16; n++ {
		bit, err := z.bits.Take(1)
		if err != nil {
			return 0, err
		}
		word |= bit << (n - 1)
		for s, c := range metaCode {
			if c.bits == n && c.word == word {
				return s, nil
			}
		}
	}
	return 0, errStream
}

func (z *method13) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		if z.n == 0 {
			b, literal, err := z.step()
			if err != nil {
				if z.left <= int64(n) && (err == errStream || err == io.ErrUnexpectedEOF) {
					err = io.EOF
				}
				z.err = err
				break
			}
			if literal {
				p[n] = z.put(b)
				n++
			}
			continue
		}
		p[n] = z.put(z.window[(z.at-z.distance)&(m13Window-1)])
		z.n--
		n++
	}
	z.left -= int64(n)
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}

func (z *method13) put(b byte) byte {
	z.window[z.at] = b
	z.at = (z.at + 1) & (m13Window - 1)
	return b
}

// step decodes a literal or a match.
func (z *method13) step() (b byte, literal bool, err error) {
	c := &z.first
	if z.matched {
		c = &z.second
	}
	s, err := c.symbol(&z.bits)
	switch {
	case err != nil:
		return 0, false, err
	case s < m13Match:
		z.matched = false
		return byte(s), true, nil
	case s == m13End:
		return 0, false, io.EOF
	}
	z.matched = true
	n := s - m13Match + 3
	if s >= m13Long {
		more, err := z.bits.Take(uint(10 + 5*(s-m13Long)))
		if err != nil {
			return 0, false, err
		}
		n = int(more) + 65
	}
	width, err := z.distances.symbol(&z.bits)
	if err != nil {
		return 0, false, err
	}
	distance := width + 1
	if width > 1 {
		more, err := z.bits.Take(uint(width - 1))
		if err != nil {
			return 0, false, err
		}
		distance = 1<<(width-1) + int(more) + 1
	}
	z.n, z.distance = n, distance
	return 0, false, nil
}
