package rar

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// crypt is how a member or the headers are encrypted.
type crypt struct {
	generation int  // 3: AES-128, key from SHA-1; 5: AES-256, key from PBKDF2
	old        bool // a cipher before AES, or one to come
	salt       []byte
	iv         []byte // generation 5; generation 3 derives it
	count      int    // generation 5: logarithm of the iterations
	check      []byte // generation 5: 8 bytes from the password and their checksum; nil if absent
	mac        bool   // generation 5: the CRC is keyed

	password string
	key      []byte
	macKey   []byte
	verdict  int // of check: 1 right, -1 wrong, 0 not known
}

// sum is the checksum as the header keeps it.
func (c *crypt) sum(crc uint32) uint32 {
	if !c.mac || c.macKey == nil {
		return crc
	}
	h := hmac.New(sha256.New, c.macKey)
	h.Write(binary.LittleEndian.AppendUint32(nil, crc))
	var folded uint32
	for b := h.Sum(nil); len(b) >= 4; b = b[4:] {
		folded ^= binary.LittleEndian.Uint32(b)
	}
	return folded
}

// keys tries passwords.
type keys struct {
	level.Candidates
	derived map[string][]byte
}

// reader decrypts a member's bytes.
func (k *keys) reader(e *entry, r io.Reader) io.Reader {
	return input.NewCBC(r, e.crypt.key, e.crypt.iv)
}

// cbc decrypts whole blocks.
func (k *keys) cbc(key, iv, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return make([]byte, len(b))
	}
	out := make([]byte, len(b)&^15)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, b[:len(out)])
	return out
}

// unlock finds the password of a member.
func (k *keys) unlock(w *walker, e *entry) bool {
	if e.crypt.old || e.packed < 16 {
		return false
	}
	for _, p := range k.All() {
		if !k.derive(e.crypt, p) {
			return false
		}
		if sure, right := e.crypt.checked(); sure && !right {
			continue
		} else if sure || k.fits(w, e, p) {
			k.Opened(p)
			return true
		}
	}
	return false
}

// derive sets the key from a password; false if that is too dear.
func (k *keys) derive(c *crypt, password string) bool {
	c.password = password
	id := string(append(append(append([]byte{byte(c.generation), byte(c.count)}, c.salt...), 0), password...))
	out, have := k.derived[id]
	if !have {
		if c.generation == 5 {
			if c.count > 24 || !level.Spend(k.Keys, 2*(1<<c.count+32)) {
				return false
			}
			out = rar5Derive(password, c.salt, 1<<c.count)
		} else {
			units := utf16.Encode([]rune(password))
			if !level.Spend(k.Keys, rar3Rounds*int64(2*len(units)+len(c.salt)+3)/64) {
				return false
			}
			out = rar3Derive(units, c.salt)
		}
		if k.derived == nil || len(k.derived) >= input.MaxDerived {
			k.derived = map[string][]byte{}
		}
		k.derived[id] = out
	}
	if c.generation == 5 {
		c.key, c.macKey = out[:32], out[32:64]
		c.checkOf(out[64:])
	} else {
		c.key, c.iv = out[:16], out[16:]
	}
	return true
}

// checkOf turns the third derived value into a verdict: check becomes empty, not
// nil, if it is right.
func (c *crypt) checkOf(value []byte) {
	c.verdict = 0
	sum := [32]byte{}
	if len(c.check) == 12 {
		sum = sha256.Sum256(c.check[:8])
	}
	if len(c.check) != 12 || string(sum[:4]) != string(c.check[8:]) {
		return // absent or damaged: unrar ignores it too
	}
	var folded [8]byte
	for i, b := range value {
		folded[i&7] ^= b
	}
	c.verdict = -1
	if string(folded[:]) == string(c.check[:8]) {
		c.verdict = 1
	}
}

// checked says whether the password is known to be right or wrong.
func (c *crypt) checked() (sure, right bool) { return c.verdict != 0, c.verdict > 0 }

// fits decodes a member with the key and compares the checksum. A solid member
// cannot be decoded alone: the password that opened the one before is taken.
func (k *keys) fits(w *walker, e *entry, password string) bool {
	if e.solid && !e.svc {
		return k.Fits(password)
	}
	if !e.hasCRC || !level.Spend(k.Keys, e.packed/16) {
		return false
	}
	trial := *e
	trial.packed &^= 15
	d := decoders{limits: w.limits, windows: w.decoders.windows}
	defer func() { w.decoders.windows = d.windows }()
	r, dec, err := d.open(&trial, k.reader(e, io.NewSectionReader(w.src, e.data, trial.packed)))
	if err != nil {
		return false
	}
	if e.declared >= 0 {
		r = io.LimitReader(r, e.declared)
	}
	h := crc32.NewIEEE()
	cost := level.MethodCost(trial.method())
	work := &level.Trial{R: r, Keys: k.Keys, Cost: func(n int) int64 { return int64(n)*cost + dec.work() }}
	_, err = io.Copy(h, io.LimitReader(work, input.MaxDrain))
	return (err == nil || e.declared < 0) && e.crypt.sum(h.Sum32()) == e.crc
}

// header4 decrypts a header of RAR 4 from the bytes behind its salt.
func (k *keys) header4(salt, buf []byte) ([]byte, error) {
	for _, p := range k.All() {
		c := &crypt{generation: 3, salt: salt}
		if !k.derive(c, p) {
			break
		}
		first := k.cbc(c.key, c.iv, buf[:16])
		n := int(binary.LittleEndian.Uint16(first[5:]))
		if kind := first[2]; n < rar4MinHeader || n > len(buf) || kind < rar4First || kind > rar4End {
			continue
		}
		if full := (n + 15) / 16 * 16; full <= len(buf) {
			raw := k.cbc(c.key, c.iv, buf[:full])[:n]
			if checks4(binary.LittleEndian.Uint16(raw), raw) {
				k.Opened(p)
				return raw, nil
			}
		}
	}
	if k.Any() {
		return nil, errDamaged
	}
	return nil, level.ErrEncrypted
}

// derive5 finds the password of RAR 5 headers. right decides where the headers
// carry no check of their own.
func (k *keys) derive5(c *crypt, right func() bool) bool {
	for _, p := range k.All() {
		if !k.derive(c, p) {
			return false
		}
		if sure, ok := c.checked(); ok || !sure && right() {
			k.Opened(p)
			return true
		}
	}
	return false
}

// rar3Rounds is the number of rounds of the key derivation of RAR 3 and 4.
const rar3Rounds = 1 << 18

// rar3Derive returns a key and an initialisation vector of 16 bytes each: SHA-1
// over password, salt and a counter of three bytes, again and again; the vector
// is made of the digest's last byte at sixteen points on the way.
func rar3Derive(password []uint16, salt []byte) []byte {
	var seed []byte
	for _, u := range password {
		seed = binary.LittleEndian.AppendUint16(seed, u)
	}
	seed = append(seed, salt...)
	h := sha1.New()
	var iv [16]byte
	buf := make([]byte, 0, 256*(len(seed)+3))
	for i := range rar3Rounds {
		buf = append(append(buf, seed...), byte(i), byte(i>>8), byte(i>>16))
		if i%(rar3Rounds/16) == 0 {
			h.Write(buf)
			buf = buf[:0]
			iv[i/(rar3Rounds/16)] = h.Sum(nil)[19]
		}
		if i%256 == 255 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	d := h.Sum(nil)
	key := make([]byte, 0, 32)
	for i := range 4 {
		key = append(key, d[4*i+3], d[4*i+2], d[4*i+1], d[4*i])
	}
	return append(key, iv[:]...)
}

// rar5Derive returns three values of 32 bytes: PBKDF2 with HMAC-SHA-256 after
// count iterations, after 16 more and after another 16.
func rar5Derive(password string, salt []byte, count int) []byte {
	h := hmac.New(sha256.New, []byte(password))
	h.Write(salt)
	h.Write([]byte{0, 0, 0, 1})
	u := h.Sum(nil)
	t := append([]byte(nil), u...)
	var out []byte
	for _, n := range [3]int{count - 1, 16, 16} {
		for range n {
			h.Reset()
			h.Write(u)
			u = h.Sum(u[:0])
			for i, b := range u {
				t[i] ^= b
			}
		}
		out = append(out, t...)
	}
	return out
}
