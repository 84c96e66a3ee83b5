package sevenzip

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// keys tries passwords on 7z's AES.
type keys struct {
	level.Candidates
	derived map[string][]byte
}

// aes are the properties of the cipher.
type aes struct {
	cycles   int // logarithm of the rounds
	salt, iv []byte
}

// aes reads the properties: 6 bits of cycles, a bit each for one more byte of
// salt and vector, then the lengths.
func (c *coder) aes() (a aes, ok bool) {
	if len(c.props) == 0 {
		return a, false
	}
	first := c.props[0]
	a.cycles = int(first & 0x3f)
	a.iv = make([]byte, 16)
	if first&0xc0 == 0 {
		return a, true
	}
	if len(c.props) < 2 {
		return a, false
	}
	second := c.props[1]
	salt, iv := int(first>>7)+int(second>>4), int(first>>6&1)+int(second&15)
	if len(c.props) < 2+salt+iv {
		return a, false
	}
	a.salt = c.props[2 : 2+salt]
	copy(a.iv, c.props[2+salt:2+salt+iv])
	return a, true
}

// maxCycles is the most that 7-Zip accepts; 0x3f means that the password is the
// key.
const maxCycles = 24

// cost is what a derivation costs, in calls of SHA-256's compression.
func (a *aes) cost(units int) int64 {
	if a.cycles == 0x3f {
		return 1
	}
	return (int64(1)<<a.cycles)*int64(2*units+len(a.salt)+8)/64 + 1
}

// key derives the key; false if that is too dear.
func (k *keys) key(a *aes, password string) ([]byte, bool) {
	id := string(append(append([]byte{byte(a.cycles), byte(len(a.salt))}, a.salt...), password...))
	if key := k.derived[id]; key != nil {
		return key, true
	}
	units := utf16.Encode([]rune(password))
	if a.cycles > maxCycles && a.cycles != 0x3f || !level.Spend(k.Keys, a.cost(len(units))) {
		return nil, false
	}
	if k.derived == nil || len(k.derived) >= input.MaxDerived {
		k.derived = map[string][]byte{}
	}
	key := a.derive(units)
	k.derived[id] = key
	return key, true
}

// derive hashes salt, password and a counter of eight bytes, round after round.
func (a *aes) derive(password []uint16) []byte {
	seed := append([]byte(nil), a.salt...)
	for _, u := range password {
		seed = binary.LittleEndian.AppendUint16(seed, u)
	}
	if a.cycles == 0x3f {
		key := make([]byte, 32)
		copy(key, seed)
		return key
	}
	h := sha256.New()
	const batch = 64
	buf := make([]byte, 0, batch*(len(seed)+8))
	for i := range uint64(1) << a.cycles {
		buf = binary.LittleEndian.AppendUint64(append(buf, seed...), i)
		if i%batch == batch-1 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
	return h.Sum(nil)
}

// decrypt is the decoder of the cipher.
func (k *keys) decrypt(c *coder, in io.Reader, password string) (io.Reader, error) {
	a, ok := c.aes()
	if !ok {
		return nil, fmt.Errorf("properties of aes: %w", level.ErrMalformed)
	}
	key, ok := k.key(&a, password)
	if !ok {
		return nil, level.ErrEncrypted
	}
	return input.NewCBC(in, key, a.iv), nil
}

// tryPassword decodes a folder up to its first checksum. A folder without one is
// opened by any password that decodes without an error.
func (z *walker) tryPassword(db *database, f *folder, password string) (bool, error) {
	size := f.streamSize(0)
	want, has := f.streamCRC(0)
	if size < 0 {
		size, want, has = f.size(), f.crc, f.hasCRC
	}
	defer z.releaseModels()
	r, err := z.build(db, f, &password)
	if err == level.ErrEncrypted {
		return false, nil // too dear, or not this one
	}
	if err != nil {
		return false, err
	}
	if !level.Spend(z.keys.Keys, min(size, input.MaxDrain)/16) {
		return false, nil
	}
	h := crc32.NewIEEE()
	cost := level.MethodCost(f.method())
	work := &level.Trial{R: &input.Guarded{R: r}, Keys: z.keys.Keys, Cost: func(n int) int64 { return int64(n)*cost + z.work() }}
	n, err := io.CopyN(h, work, min(size, input.MaxDrain))
	if has && n == size {
		return err == nil && h.Sum32() == want, nil
	}
	return err == nil, nil
}
