package lzma

import (
	"bufio"
	"io"
)

// The range coder (LZMA specification, "Range Decoder").
const (
	probBits = 11                  // precision of a probability
	probInit = 1 << (probBits - 1) // one half
	probMove = 5                   // speed of adaption
	rangeTop = 1 << 24             // below it, the range takes a further byte
)

// maxSymbol is more than the bytes of input that one symbol takes: 22 bits under
// a model, each 6.05 bits of code at most, as no probability falls below 31 of
// 2048, and 26 direct ones make 20.
const maxSymbol = 32

// coder decodes bits from a source. A symbol is decoded without a look at the
// source's end: in has maxSymbol bytes then, at the end with zeros behind the
// true ones, and a symbol that took some of those is none.
type coder struct {
	src  *bufio.Reader
	in   []byte
	i    int   // the next byte of in
	real int   // bytes of in that are of the source
	left int64 // bytes that the source may still give behind in[:real]
	end  error // why in ends at real; nil if there is more
	rng  uint32
	code uint32
	tail [2 * maxSymbol]byte
}

// start begins a range coded stream of at most size bytes with the five bytes
// that all begin with, the first of them zero.
func (c *coder) start(size int64) error {
	c.in, c.i, c.real, c.left, c.end = nil, 0, 0, size, nil
	return c.load()
}

func (c *coder) load() error {
	c.fill()
	c.rng = 1<<32 - 1
	b := c.in[c.i:]
	c.code = uint32(b[1])<<24 | uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4])
	c.i += 5
	if c.i > c.real {
		return c.end
	}
	if b[0] != 0 || c.code == c.rng {
		return ErrCorrupt
	}
	return nil
}

// stop takes from the source what was used. Decoding may go on.
func (c *coder) stop() {
	used := min(c.i, c.real)
	_, _ = c.src.Discard(used) // they are in the buffer
	c.left += int64(c.real - used)
	c.in, c.i, c.real, c.end = nil, 0, 0, nil
}

// fill sees to it that in has maxSymbol bytes.
func (c *coder) fill() {
	if c.end != nil || len(c.in)-c.i >= maxSymbol {
		return
	}
	c.stop()
	var err error
	if c.src.Buffered() < maxSymbol {
		_, err = c.src.Peek(int(min(c.left, maxSymbol)))
	}
	b, _ := c.src.Peek(int(min(int64(c.src.Buffered()), c.left)))
	c.left -= int64(len(b))
	c.in, c.real = b, len(b)
	if len(b) >= maxSymbol {
		return
	}
	switch {
	case c.left == 0:
		c.end = ErrCorrupt
	case err == io.EOF:
		c.end = io.ErrUnexpectedEOF
	default:
		c.end = err
	}
	clear(c.tail[copy(c.tail[:], b):])
	c.in = c.tail[:]
}

// normalize takes a byte if the range is small.
func (c *coder) normalize() {
	if c.rng < rangeTop {
		c.rng <<= 8
		c.code = c.code<<8 | uint32(c.in[c.i])
		c.i++
	}
}

// finished says whether the coder is at rest, as it is behind a whole stream.
func (c *coder) finished() bool {
	c.fill()
	c.normalize()
	return c.code == 0 && c.i <= c.real
}

// bit decodes one bit under an adaptive probability.
func (c *coder) bit(p *uint16) uint32 {
	c.normalize()
	v := uint32(*p)
	bound := c.rng >> probBits * v
	if c.code < bound {
		c.rng = bound
		*p = uint16(v + (1<<probBits-v)>>probMove)
		return 0
	}
	c.rng -= bound
	c.code -= bound
	*p = uint16(v - v>>probMove)
	return 1
}

// adapt moves a probability v towards the bit that was met: 0 if zero is all ones,
// 1 if it is none. It has no branch, as no processor can foretell the bits.
func adapt(v, zero uint32) uint16 {
	return uint16(v - uint32(int32(v+zero&(1<<32-1<<probBits+1<<probMove-1))>>probMove))
}

// tree decodes n bits, the highest first; probs has 1<<n entries, of which the
// first is not used. It is bit, with the coder in variables of its own.
func (c *coder) tree(probs []uint16, n uint) uint32 {
	rng, code, m := c.rng, c.code, uint32(1)
	for range n {
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | uint32(c.in[c.i])
			c.i++
		}
		p := &probs[m]
		v := uint32(*p)
		bound := rng >> probBits * v
		if code < bound {
			rng = bound
			*p = uint16(v + (1<<probBits-v)>>probMove)
			m <<= 1
		} else {
			rng -= bound
			code -= bound
			*p = uint16(v - v>>probMove)
			m = m<<1 | 1
		}
	}
	c.rng, c.code = rng, code
	return m - 1<<n
}

// reverse decodes n bits, the lowest first.
func (c *coder) reverse(probs []uint16, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := c.bit(&probs[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

// direct decodes n bits of equal probability.
func (c *coder) direct(n uint) uint32 {
	rng, code, v := c.rng, c.code, uint32(0)
	for ; n > 0; n-- {
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | uint32(c.in[c.i])
			c.i++
		}
		rng >>= 1
		code -= rng
		less := code >> 31 // 1 if it was less than rng, for both are below 1<<31 then
		code += rng & -less
		v = v<<1 | (1 - less)
	}
	c.rng, c.code = rng, code
	return v
}
