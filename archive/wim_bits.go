package archive

import "fmt"

// bitWords reads bits, the highest first, of words of 16 bits that are stored
// little-endian, as XPRESS and LZX do. Past the end it reads zeros and counts
// them.
type bitWords struct {
	in   []byte
	pos  int
	buf  uint64 // the next bits are the highest
	n    int    // how many of them are there
	over int    // bits read past the end
}

// need fills the buffer with at least 17 bits.
func (b *bitWords) need() {
	for b.n <= 48 {
		var w uint64
		if b.pos+1 < len(b.in) {
			w = uint64(b.in[b.pos]) | uint64(b.in[b.pos+1])<<8
			b.pos += 2
		} else {
			b.over += 16
		}
		b.buf |= w << (48 - b.n)
		b.n += 16
	}
}

func (b *bitWords) skip(n int) {
	b.buf <<= n
	b.n -= n
}

// bits returns the next n bits, at most 24.
func (b *bitWords) bits(n int) uint32 {
	if b.n < n {
		b.need()
	}
	v := uint32(b.buf >> (64 - n)) // for n of 0: a shift by 64 gives 0
	b.skip(n)
	return v
}

// spent says that more was read than there is.
func (b *bitWords) spent() bool { return b.over > b.n }

// maxWIMCodeBits is the longest code word of either format.
const maxWIMCodeBits = 16

// fastBits is how much of a code word one look tells.
const fastBits = 9

// wimCode decodes a canonical Huffman code.
type wimCode struct {
	first  [maxWIMCodeBits + 2]uint32 // smallest code word of each length, left-aligned to 16 bits
	index  [maxWIMCodeBits + 2]int    // place of its symbol
	symbol []uint16                   // in order of code words
	fast   [1 << fastBits]uint16      // symbol<<4 | length-1, or 0xffff
	empty  bool
}

// build makes the code of the given lengths in bits; 0 is for symbols that do not
// occur. A code that is neither complete nor empty is an error.
func (c *wimCode) build(lengths []byte) error {
	var count [maxWIMCodeBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	if cap(c.symbol) < len(lengths) {
		c.symbol = make([]uint16, len(lengths))
	}
	c.symbol = c.symbol[:len(lengths)]
	code, at := uint32(0), 0
	var next [maxWIMCodeBits + 1]int
	for n := 1; n <= maxWIMCodeBits; n++ {
		c.first[n], c.index[n], next[n] = code, at, at
		code += uint32(count[n]) << (maxWIMCodeBits - n)
		at += count[n]
	}
	c.first[maxWIMCodeBits+1] = code
	c.empty = at == 0
	if code != 1<<maxWIMCodeBits && !c.empty {
		return fmt.Errorf("prefix code: %w", ErrMalformed)
	}
	for s, n := range lengths {
		if n > 0 {
			c.symbol[next[n]] = uint16(s)
			next[n]++
		}
	}
	c.fill(count)
	return nil
}

func (c *wimCode) fill(count [maxWIMCodeBits + 1]int) {
	at := 0
	for n := 1; n <= fastBits; n++ {
		for i := range count[n] {
			entry := c.symbol[c.index[n]+i]<<4 | uint16(n-1)
			for range 1 << (fastBits - n) {
				c.fast[at] = entry
				at++
			}
		}
	}
	for ; at < len(c.fast); at++ {
		c.fast[at] = 0xffff
	}
}

// next decodes a symbol; of an empty code, 0.
func (c *wimCode) next(b *bitWords) int {
	if b.n < maxWIMCodeBits {
		b.need()
	}
	if e := c.fast[b.buf>>(64-fastBits)]; e != 0xffff {
		b.skip(int(e&15) + 1)
		return int(e >> 4)
	}
	if c.empty {
		b.skip(1)
		return 0
	}
	word := uint32(b.buf >> (64 - maxWIMCodeBits))
	n := fastBits + 1
	for n < maxWIMCodeBits && word >= c.first[n+1] {
		n++
	}
	b.skip(n)
	return int(c.symbol[c.index[n]+int(word-c.first[n])>>(maxWIMCodeBits-n)])
}

// copyMatch repeats length bytes from offset before n, and returns the new n.
func copyMatch(out []byte, n, offset, length int) (int, error) {
	if offset <= 0 || offset > n {
		return n, fmt.Errorf("match before the start: %w", ErrMalformed)
	}
	end := min(n+length, len(out))
	for n < end {
		n += copy(out[n:end], out[n-offset:n])
	}
	return n, nil
}
