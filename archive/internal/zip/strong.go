package zip

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// PKWARE's strong encryption, APPNOTE.TXT section 7.2, with a password and AES, as
// 7-Zip reads it. The older ciphers and certificates are not read.
const (
	strongFormat        = 3
	strongAES128        = 0x660e // the next two are AES with 192 and 256 bits
	strongByPassword    = 0x0001
	strongByCertificate = 0x0002
	strongBy3DES        = 0x4000
	strongFixed         = 2 + aes.BlockSize + 4
	strongRest          = 1 << 17 // more than two lists of 64 KiB never take
)

// strongHeader is a decryption header, which stands before the ciphertext.
type strongHeader struct {
	length int64
	iv     [aes.BlockSize]byte
	ivUsed int
	key    int    // bytes of the key
	random []byte // of which the key of the body is made
	check  []byte // with its CRC-32 in its last bytes
}

// readStrong reads the decryption header of p; nil if it is none that can be read.
func (z *file) readStrong(p *planned) (*strongHeader, error) {
	fixed, err := saferead.UpTo(z.src, p.key.data, strongFixed, z.size, strongFixed)
	if err != nil {
		return nil, err
	}
	c := input.Cursor{Rest: fixed}
	h := &strongHeader{}
	switch iv := c.Bytes(int(c.U16())); len(iv) {
	case 0: // section 7.2.4 leaves it out; it is made of the CRC and the size
		if len(p.crcs) > 0 && len(p.sizes) > 0 {
			le.PutUint32(h.iv[:], p.crcs[0])
			le.PutUint64(h.iv[4:], uint64(p.sizes[0]))
		}
		h.ivUsed = 12
	case aes.BlockSize:
		h.ivUsed = copy(h.iv[:], iv)
	default:
		return nil, nil
	}
	size := int64(c.U32())
	if c.Short || size > strongRest {
		return nil, nil
	}
	h.length = int64(len(fixed)-len(c.Rest)) + size
	c.Rest, err = saferead.UpTo(z.src, p.key.data+h.length-size, size, z.size, strongRest)
	if err != nil || !z.try(size) {
		return nil, err
	}
	format, algorithm, bits, flags := c.U16(), c.U16(), c.U16(), c.U16()
	h.random = c.Bytes(int(c.U16()))
	recipients := c.U32()
	h.check = c.Bytes(int(c.U16()))
	h.key = int(bits) / 8
	switch {
	case c.Short, format != strongFormat, int(algorithm)-strongAES128 != (h.key-16)/8, h.key%8 != 0, h.key < 16, h.key > 32,
		flags&(strongByPassword|strongByCertificate|strongBy3DES) != strongByPassword, recipients != 0:
		return nil, nil
	case len(h.random) == 0, len(h.random)%aes.BlockSize != 0, len(h.check) == 0, len(h.check)%aes.BlockSize != 0:
		return nil, nil
	}
	return h, nil
}

// unlockStrong tries passwords under strong encryption. The header's CRC-32 says which
// one is right.
func (z *file) unlockStrong(p *planned, passwords []string) (*seal, error) {
	h, err := z.readStrong(p)
	if h == nil {
		return nil, err
	}
	for _, password := range passwords {
		for _, form := range passwordForms(password) {
			if !level.Spend(z.limits.Keys, int64(len(form)+len(h.random)+len(h.check))/aes.BlockSize+8) {
				return nil, nil
			}
			if key := h.unlock(form); key != nil {
				return h.seal(p, password, key), nil
			}
		}
	}
	return nil, nil
}

// unlock returns the key of the body, nil if the password is not the right one.
func (h *strongHeader) unlock(password []byte) []byte {
	random := h.decrypt(strongKey(sha1.Sum(password), h.key), h.random)
	sum := sha1.New()
	sum.Write(h.iv[:h.ivUsed])
	sum.Write(random[:len(random)-aes.BlockSize]) // the last block is padding
	key := strongKey([sha1.Size]byte(sum.Sum(nil)), h.key)
	check := h.decrypt(key, h.check)
	if end := len(check) - 4; le.Uint32(check[end:]) != crc32.ChecksumIEEE(check[:end]) {
		return nil
	}
	return key
}

func (h *strongHeader) decrypt(key, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has one of the three lengths
	}
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, h.iv[:]).CryptBlocks(out, b)
	return out
}

// strongKey makes a key of a digest, as Windows' CryptDeriveKey does.
func strongKey(digest [sha1.Size]byte, n int) (key []byte) {
	for _, pad := range []byte{0x36, 0x5c} {
		block := bytes.Repeat([]byte{pad}, sha1.BlockSize)
		subtle.XORBytes(block, block, digest[:])
		sum := sha1.Sum(block)
		key = append(key, sum[:]...)
	}
	return key[:n]
}

// seal opens the body with its key: its ciphertext goes on where that of the check
// ends. The plain text is filled up to a block, which a stored body's size cuts off.
func (h *strongHeader) seal(p *planned, password string, key []byte) *seal {
	return &seal{password: password, head: h.length, padded: true, open: func(r io.Reader) io.Reader {
		r = input.NewCBC(r, key, h.check[len(h.check)-aes.BlockSize:])
		if p.key.method == methodStored && len(p.sizes) > 0 {
			r = io.LimitReader(r, p.sizes[0])
		}
		return r
	}}
}
