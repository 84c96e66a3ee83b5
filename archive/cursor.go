package archive

import "encoding/binary"

// cursor takes little-endian fields from the front of a header. Behind the end
// all fields are zero and short is set, so that a parser checks once.
type cursor struct {
	rest  []byte
	short bool
}

// bytes takes n bytes, or what there is.
func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.short = true
		n = len(c.rest)
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u8() byte {
	if b := c.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.bytes(2); len(b) == 2 {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.bytes(4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.bytes(8); len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uvarint takes seven bits per byte, the lowest first; what does not fit into 64
// bits is short.
func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.short = true
		c.rest = nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// cString takes bytes up to a NUL, which it drops.
func (c *cursor) cString() []byte {
	for i, b := range c.rest {
		if b == 0 {
			s := c.rest[:i:i]
			c.rest = c.rest[i+1:]
			return s
		}
	}
	c.short = true
	return c.bytes(len(c.rest))
}
