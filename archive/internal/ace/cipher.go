package ace

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/big"
	"math/bits"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/unace"
)

// blockBytes is the size of a block of Blowfish.
const blockBytes = 8

// keyWork is what a cipher's key costs, in calls of the block function.
const keyWork = 521 + 1

// blowfish is B. Schneier's cipher, with a few wrong bits in its tables.
type blowfish struct {
	p [18]uint32
	s [4][256]uint32
}

// blowfishStart has the cipher's tables before a key: the fraction of pi.
//
// QUIRK: in ACE's first S-box three words are not what they should be.
var blowfishStart = sync.OnceValue(func() *blowfish {
	b := new(blowfish)
	words := piWords(len(b.p) + 4*256)
	copy(b.p[:], words)
	for i := range b.s {
		copy(b.s[i][:], words[len(b.p)+256*i:])
	}
	for i, w := range b.s[0] {
		switch w {
		case 0x2ba9c55d:
			b.s[0][i] = 0x2da9c55d
		case 0x9b87931e:
			b.s[0][i] = 0x9b87901e
		case 0x402c7279:
			b.s[0][i] = 0x412c7279
		}
	}
	return b
})

// piWords returns the first words of pi's fraction, by Machin's formula.
func piWords(n int) []uint32 {
	digits := uint(32*n + 64)
	one := new(big.Int).Lsh(big.NewInt(1), digits)
	arctan := func(x int64) *big.Int { // of 1/x
		sum, power := new(big.Int), new(big.Int).Div(one, big.NewInt(x))
		for k := int64(1); power.Sign() != 0; k += 2 {
			term := new(big.Int).Div(power, big.NewInt(k))
			if k%4 == 1 {
				sum.Add(sum, term)
			} else {
				sum.Sub(sum, term)
			}
			power.Div(power, big.NewInt(x*x))
		}
		return sum
	}
	pi := new(big.Int).Mul(arctan(5), big.NewInt(16))
	pi.Sub(pi, new(big.Int).Mul(arctan(239), big.NewInt(4)))
	fraction := pi.Sub(pi, new(big.Int).Mul(one, big.NewInt(3))).Rsh(pi, digits-uint(32*n))
	words := make([]uint32, n)
	raw := fraction.FillBytes(make([]byte, 4*n))
	for i := range words {
		words[i] = binary.BigEndian.Uint32(raw[4*i:])
	}
	return words
}

// newCipher makes the cipher of a password.
func newCipher(password string) *blowfish {
	key := keyOf(password)
	b := *blowfishStart()
	for i := range b.p {
		b.p[i] ^= key[i%len(key)]
	}
	var l, r uint32
	for i := 0; i < len(b.p); i += 2 {
		l, r = b.encrypt(l, r)
		b.p[i], b.p[i+1] = l, r
	}
	for i := range b.s {
		for j := 0; j < len(b.s[i]); j += 2 {
			l, r = b.encrypt(l, r)
			b.s[i][j], b.s[i][j+1] = l, r
		}
	}
	return &b
}

// keyOf is SHA-1's compression of the password's first 50 bytes.
//
// QUIRK: the words of the block are little-endian.
func keyOf(password string) [5]uint32 {
	const most = 50
	var block [64]byte
	n := copy(block[:most], password)
	block[n] = 0x80
	var w [80]uint32
	for i := range 15 {
		w[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	w[15] = uint32(n) << 3
	for i := 16; i < len(w); i++ {
		// QUIRK: without the rotation that makes SHA-1 of SHA-0.
		w[i] = w[i-16] ^ w[i-14] ^ w[i-8] ^ w[i-3]
	}
	start := [5]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}
	a, b, c, d, e := start[0], start[1], start[2], start[3], start[4]
	for i, word := range w {
		var f, k uint32
		switch i / 20 {
		case 0:
			f, k = b&c|^b&d, 0x5a827999
		case 1:
			f, k = b^c^d, 0x6ed9eba1
		case 2:
			f, k = b&c|b&d|c&d, 0x8f1bbcdc
		default:
			f, k = b^c^d, 0xca62c1d6
		}
		a, b, c, d, e = bits.RotateLeft32(a, 5)+f+e+word+k, a, bits.RotateLeft32(b, 30), c, d
	}
	return [5]uint32{start[0] + a, start[1] + b, start[2] + c, start[3] + d, start[4] + e}
}

func (b *blowfish) round(x uint32) uint32 {
	return ((b.s[0][x>>24] + b.s[1][x>>16&0xff]) ^ b.s[2][x>>8&0xff]) + b.s[3][x&0xff]
}

func (b *blowfish) encrypt(l, r uint32) (uint32, uint32) {
	for i := 0; i < 16; i += 2 {
		l ^= b.p[i]
		r ^= b.round(l) ^ b.p[i+1]
		l ^= b.round(r)
	}
	return r ^ b.p[17], l ^ b.p[16]
}

func (b *blowfish) decrypt(l, r uint32) (uint32, uint32) {
	for i := 16; i > 0; i -= 2 {
		l ^= b.p[i+1]
		r ^= b.round(l) ^ b.p[i]
		l ^= b.round(r)
	}
	return r ^ b.p[0], l ^ b.p[1]
}

// reader decrypts blocks of little-endian words in CBC mode, from a vector of zeros.
func (b *blowfish) reader(r io.Reader) io.Reader { return &cbc{b: b, r: r} }

type cbc struct {
	b            *blowfish
	r            io.Reader
	lastL, lastR uint32
	buf          [4 << 10]byte
	have         []byte
	err          error
}

func (c *cbc) Read(p []byte) (int, error) {
	if len(c.have) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		n, err := io.ReadFull(c.r, c.buf[:])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		c.err = err
		c.have = c.buf[:n-n%blockBytes]
		for b := c.have; len(b) > 0; b = b[blockBytes:] {
			l, r := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
			pl, pr := c.b.decrypt(l, r)
			binary.LittleEndian.PutUint32(b, pl^c.lastL)
			binary.LittleEndian.PutUint32(b[4:], pr^c.lastR)
			c.lastL, c.lastR = l, r
		}
		if len(c.have) == 0 {
			return 0, c.err
		}
	}
	n := copy(p, c.have)
	c.have = c.have[n:]
	return n, nil
}

// keys are the passwords for one archive.
type keys struct{ level.Candidates }

// unlock finds the password by decoding a file up to its checksum: there is no other
// sign of the right one.
func (k *keys) unlock(d *unace.Decoder, packed *io.SectionReader, f file) (string, bool) {
	for _, password := range k.All() {
		most := min(f.size, input.MaxDrain)
		if password == "" || !level.Spend(k.Keys, keyWork+packed.Size()/blockBytes+most/16+int64(d.Held())/64) {
			continue
		}
		plain := newCipher(password).reader(io.NewSectionReader(packed, 0, packed.Size()))
		sum := crc32.NewIEEE()
		n, _ := io.Copy(sum, io.LimitReader(decode(d.Clone(), f, plain, true), most))
		if n == f.size && sum.Sum32() == ^f.crc {
			k.Opened(password)
			return password, true
		}
	}
	return "", false
}
