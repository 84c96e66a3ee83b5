package inno

import (
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/bits"
	"unicode/utf16"
)

// secret is what a setup says of its passwords from 6.4 on.
type secret struct {
	use    byte // 0 nothing, 1 files, 2 all blocks too
	salt   [16]byte
	rounds uint32
	nonce  [24]byte
	test   uint32
}

// secretBytes is the length of a secret without its use.
const secretBytes = 16 + 4 + 24 + 4

// parseSecret reads a secret as it stands from 6.5 on: behind its use.
func parseSecret(b []byte) (s secret) {
	s.use = b[0]
	copy(s.salt[:], b[1:])
	s.rounds = binary.LittleEndian.Uint32(b[17:])
	copy(s.nonce[:], b[21:])
	s.test = binary.LittleEndian.Uint32(b[45:])
	return s
}

// key derives the key of a password.
func (s *secret) key(password string) []byte {
	key, err := pbkdf2.Key(sha256.New, string(utf16le(password)), s.salt[:], int(s.rounds), 32)
	if err != nil {
		return nil
	}
	return key
}

// stream is the cipher of what begins in a slice at an offset. The password's test and
// the blocks have slices of their own: -1, -2 and -3.
func (s *secret) stream(key []byte, slice uint32, offset int64) cipher.Stream {
	n := s.nonce
	binary.LittleEndian.PutUint64(n[:], binary.LittleEndian.Uint64(n[:])^uint64(offset))
	binary.LittleEndian.PutUint32(n[8:], binary.LittleEndian.Uint32(n[8:])^slice)
	return newXChaCha20(key, n)
}

// fits says whether a key is the right one.
func (s *secret) fits(key []byte) bool {
	var b [4]byte
	s.stream(key, 1<<32-1, 0).XORKeyStream(b[:], b[:])
	return binary.LittleEndian.Uint32(b[:]) == s.test
}

// newRC4 is the older cipher: of a salt and a password, without its first bytes.
func newRC4(sum hash.Hash, salt, password []byte) cipher.Stream {
	sum.Write(salt)
	sum.Write(password)
	c, err := rc4.NewCipher(sum.Sum(nil))
	if err != nil {
		return nil
	}
	var skip [1000]byte
	c.XORKeyStream(skip[:], skip[:])
	return c
}

// utf16le is a password as newer setups encode it.
func utf16le(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// xchacha is the cipher XChaCha20 (draft-irtf-cfrg-xchacha, RFC 8439 section 2.4).
type xchacha struct {
	state [16]uint32
	block [64]byte
	left  int // bytes of block that are not used
}

func newXChaCha20(key []byte, nonce [24]byte) *xchacha {
	c := &xchacha{}
	c.init(key, nonce[:16])
	s := c.rounds()
	var sub [32]byte
	for i, v := range append(s[:4:4], s[12:]...) {
		binary.LittleEndian.PutUint32(sub[4*i:], v)
	}
	var rest [16]byte // the counter, four zeros, and what is left of the nonce
	copy(rest[8:], nonce[16:])
	c.init(sub[:], rest[:])
	return c
}

func (c *xchacha) init(key, last []byte) {
	copy(c.state[:], []uint32{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574})
	for i := range 8 {
		c.state[4+i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	for i := range 4 {
		c.state[12+i] = binary.LittleEndian.Uint32(last[4*i:])
	}
}

// rounds are the twenty rounds of a block, without the sum.
func (c *xchacha) rounds() [16]uint32 {
	s := c.state
	quarter := func(a, b, c, d int) {
		s[a] += s[b]
		s[d] = bits.RotateLeft32(s[d]^s[a], 16)
		s[c] += s[d]
		s[b] = bits.RotateLeft32(s[b]^s[c], 12)
		s[a] += s[b]
		s[d] = bits.RotateLeft32(s[d]^s[a], 8)
		s[c] += s[d]
		s[b] = bits.RotateLeft32(s[b]^s[c], 7)
	}
	for range 10 {
		for i := range 4 {
			quarter(i, 4+i, 8+i, 12+i)
		}
		for i := range 4 {
			quarter(i, 4+(i+1)%4, 8+(i+2)%4, 12+(i+3)%4)
		}
	}
	return s
}

// XORKeyStream implements cipher.Stream.
func (c *xchacha) XORKeyStream(dst, src []byte) {
	for i, b := range src {
		if c.left == 0 {
			for k, v := range c.rounds() {
				binary.LittleEndian.PutUint32(c.block[4*k:], v+c.state[k])
			}
			c.left = len(c.block)
			if c.state[12]++; c.state[12] == 0 {
				c.state[13]++
			}
		}
		dst[i] = b ^ c.block[len(c.block)-c.left]
		c.left--
	}
}
