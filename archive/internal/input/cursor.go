package input

import "encoding/binary"

// Cursor takes little-endian fields from the front of a header. Behind the end
// all fields are zero and short is set, so that a parser checks once.
type Cursor struct {
	Rest  []byte
	Short bool
}

// Bytes takes n bytes, or what there is.
func (c *Cursor) Bytes(n int) []byte {
	if n < 0 || n > len(c.Rest) {
		c.Short = true
		n = len(c.Rest)
	}
	b := c.Rest[:n:n]
	c.Rest = c.Rest[n:]
	return b
}

// U8 takes one byte.
func (c *Cursor) U8() byte {
	if b := c.Bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// U16 takes two bytes.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); len(b) == 2 {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 takes four bytes.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 takes eight bytes.
func (c *Cursor) U64() uint64 {
	if b := c.Bytes(8); len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Uvarint takes seven bits per byte, the lowest first; what does not fit into 64
// bits is short.
func (c *Cursor) Uvarint() uint64 {
	v, n := binary.Uvarint(c.Rest)
	if n <= 0 {
		c.Short = true
		c.Rest = nil
		return 0
	}
	c.Rest = c.Rest[n:]
	return v
}

// CString takes bytes up to a NUL, which it drops.
func (c *Cursor) CString() []byte {
	for i, b := range c.Rest {
		if b == 0 {
			s := c.Rest[:i:i]
			c.Rest = c.Rest[i+1:]
			return s
		}
	}
	c.Short = true
	return c.Bytes(len(c.Rest))
}
