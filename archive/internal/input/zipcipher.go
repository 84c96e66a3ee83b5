package input

import (
	"hash/crc32"
	"io"
)

// ZipCipher is zip's traditional cipher, APPNOTE.TXT section 6.1.
type ZipCipher struct{ k0, k1, k2 uint32 }

// NewZipCipher makes the cipher of a password.
func NewZipCipher(password []byte) ZipCipher {
	c := ZipCipher{0x12345678, 0x23456789, 0x34567890}
	for _, b := range password {
		c.update(b)
	}
	return c
}

func (c *ZipCipher) update(plain byte) {
	c.k0 = crc32.IEEETable[byte(c.k0)^plain] ^ c.k0>>8
	c.k1 = (c.k1+c.k0&0xff)*134775813 + 1
	c.k2 = crc32.IEEETable[byte(c.k2)^byte(c.k1>>24)] ^ c.k2>>8
}

func (c *ZipCipher) pad() byte {
	t := c.k2&0xffff | 2
	return byte(t * (t ^ 1) >> 8)
}

// Decrypt decrypts in place.
func (c *ZipCipher) Decrypt(p []byte) {
	for i, b := range p {
		b ^= c.pad()
		c.update(b)
		p[i] = b
	}
}

// Encrypt encrypts in place.
func (c *ZipCipher) Encrypt(p []byte) {
	for i, b := range p {
		p[i] = b ^ c.pad()
		c.update(b)
	}
}

// Reader decrypts what it reads, from the cipher's present state on.
func (c ZipCipher) Reader(r io.Reader) io.Reader { return &zipCipherReader{r, c} }

type zipCipherReader struct {
	r io.Reader
	c ZipCipher
}

func (z *zipCipherReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.c.Decrypt(p[:n])
	return n, err
}
