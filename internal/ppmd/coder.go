package ppmd

import "io"

// Coder is a range decoder.
type Coder struct {
	in       io.ByteReader
	rar      bool // RAR's and zip's, which has no carry and a lower bound
	rng, low uint32
	code     uint32
	err      error
}

// Start7z begins the stream of a 7z coder.
func (c *Coder) Start7z(in io.ByteReader) error {
	*c = Coder{in: in, rng: 0xffffffff}
	if first := c.next(); first != 0 && c.err == nil {
		return ErrCorrupt
	}
	return c.fill()
}

// StartRAR begins a block of RAR 3, or a stream in zip.
func (c *Coder) StartRAR(in io.ByteReader) error {
	*c = Coder{in: in, rng: 0xffffffff, rar: true}
	return c.fill()
}

func (c *Coder) fill() error {
	for range 4 {
		c.code = c.code<<8 | uint32(c.next())
	}
	return c.err
}

func (c *Coder) next() byte {
	b, err := c.in.ReadByte()
	if err != nil && c.err == nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		c.err = err
	}
	return b
}

// threshold divides the range into total parts and says in which the code is.
func (c *Coder) threshold(total uint32) uint32 {
	if c.rng /= max(total, 1); c.rng == 0 {
		c.err = ErrCorrupt
		c.rng = 1
	}
	return c.code / c.rng
}

// decode takes size parts from start on.
func (c *Coder) decode(start, size uint32) {
	from := start * c.rng
	c.low += from
	c.code -= from
	c.rng *= size
	c.normalize()
}

func (c *Coder) normalize() {
	if !c.rar {
		for c.rng < 1<<24 && c.err == nil {
			c.code = c.code<<8 | uint32(c.next())
			c.rng <<= 8
		}
		return
	}
	for c.err == nil {
		if c.low^(c.low+c.rng) >= 1<<24 {
			if c.rng >= 1<<15 {
				return
			}
			c.rng = -c.low & (1<<15 - 1)
		}
		c.code = c.code<<8 | uint32(c.next())
		c.rng <<= 8
		c.low <<= 8
	}
}

// bit decodes a bit that is 0 in size of the binScale parts.
func (c *Coder) bit(size uint32) bool {
	if c.rar {
		if c.threshold(binScale) < size {
			c.decode(0, size)
			return false
		}
		c.decode(size, binScale-size)
		return true
	}
	bound := c.rng / binScale * size
	one := c.code >= bound
	if one {
		c.code -= bound
		c.rng -= bound
	} else {
		c.rng = bound
	}
	c.normalize()
	return one
}
