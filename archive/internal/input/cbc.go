package input

import (
	"crypto/aes"
	"crypto/cipher"
	"io"
)

// cbcReader decrypts a stream of AES blocks.
type cbcReader struct {
	r    io.Reader
	mode cipher.BlockMode
	buf  [4096]byte
	have []byte // decrypted, not yet read
	err  error
}

// NewCBC decrypts AES in CBC mode. A key of a wrong length is an error of Read.
func NewCBC(r io.Reader, key, iv []byte) io.Reader {
	block, err := aes.NewCipher(key)
	if err != nil {
		return &cbcReader{err: err}
	}
	return &cbcReader{r: r, mode: cipher.NewCBCDecrypter(block, iv)}
}

func (c *cbcReader) Read(p []byte) (int, error) {
	if len(c.have) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		n, err := io.ReadFull(c.r, c.buf[:])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		c.err = err
		c.have = c.buf[:n&^15]
		c.mode.CryptBlocks(c.have, c.have)
		if len(c.have) == 0 {
			return 0, c.err
		}
	}
	n := copy(p, c.have)
	c.have = c.have[n:]
	return n, nil
}

// MaxDerived bounds the derived keys that are kept for other members.
const MaxDerived = 256
