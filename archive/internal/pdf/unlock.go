package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Costs of one try, in the unit of Keys.Work.
const (
	costOldTry = 2 * (51 + 20*20) // as user and as owner: MD5, and RC4 with its key set up anew
	costHash   = 4
)

// unlock tries the empty password, as every viewer does without asking, and then
// the caller's.
func (c *crypt) unlock(keys *level.Keys) bool {
	free := level.Keys{Work: 1 << 20}
	if c.try("", &free) {
		return true
	}
	for _, password := range level.Passwords(keys) {
		if c.try(password, keys) {
			c.password = password
			return true
		}
	}
	return false
}

func (c *crypt) try(password string, keys *level.Keys) bool {
	switch {
	case !c.standard || len(c.u) == 0:
		return false
	case c.r >= 2 && c.r <= 4:
		for _, p := range oldPasswords(password) {
			if c.tryOld(p, keys) {
				return true
			}
		}
	case c.r == 5 || c.r == 6:
		if c.tryNew([]byte(password), keys) {
			return true
		}
		// ISO 32000-2 section 7.6.4.3.3 prepares passwords with SASLprep.
		if n := norm.NFKC.String(password); n != password {
			return c.tryNew([]byte(n), keys)
		}
	}
	return false
}

// oldPasswords are the encodings of a password before revision 5.
func oldPasswords(password string) [][]byte {
	list := [][]byte{[]byte(password)}
	if b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(password)); err == nil && string(b) != password {
		list = append(list, b)
	}
	return list
}

// tryOld tries a password with each length of key that writers use: what is
// declared is not always what was done.
func (c *crypt) tryOld(password []byte, keys *level.Keys) bool {
	declared := int(min(max(c.length, 0), 128)) / 8
	for i, n := range [...]int{declared, 16, 5} {
		if n < 5 || i > 0 && n == declared {
			continue
		}
		for _, id := range c.ids {
			if !level.Spend(keys, costOldTry) {
				return false
			}
			for _, padded := range [...][]byte{padPDF(password), c.userOf(password, n)} {
				if key := c.oldKey(padded, id, n); c.oldFits(key, id) {
					c.key = key
					return true
				}
			}
		}
	}
	return false
}

// tryNew tries a password for AES-256 (algorithms 2.A, 11 and 12).
func (c *crypt) tryNew(password []byte, keys *level.Keys) bool {
	if len(c.u) < 48 {
		return false
	}
	password = password[:min(len(password), 127)]
	if h, ok := c.hash(password, c.u[32:40], nil, keys); ok && bytes.Equal(h, c.u[:32]) {
		return c.newKey(password, c.u[40:48], nil, c.ue, keys)
	}
	if len(c.o) < 48 {
		return false
	}
	if h, ok := c.hash(password, c.o[32:40], c.u[:48], keys); ok && bytes.Equal(h, c.o[:32]) {
		return c.newKey(password, c.o[40:48], c.u[:48], c.oe, keys)
	}
	return false
}

// newKey decrypts the file's key with what the password and its key salt give.
func (c *crypt) newKey(password, salt, user, wrapped []byte, keys *level.Keys) bool {
	h, ok := c.hash(password, salt, user, keys)
	if !ok || len(wrapped) < 32 {
		return false
	}
	block, err := aes.NewCipher(h)
	if err != nil {
		return false
	}
	c.key = make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(c.key, wrapped[:32])
	return true
}

// hash is algorithm 2.B; revision 5 knows only its first step. Each round is paid
// for before it is done.
func (c *crypt) hash(password, salt, user []byte, keys *level.Keys) ([]byte, bool) {
	if !level.Spend(keys, costHash) {
		return nil, false
	}
	first := sha256.Sum256(append(append(bytes.Clone(password), salt...), user...))
	k := first[:]
	if c.r == 5 {
		return k, true
	}
	var e []byte
	for done := 1; ; done++ {
		e = e[:0]
		for range 64 {
			e = append(append(append(e, password...), k...), user...)
		}
		if !level.Spend(keys, int64(len(e)/16+len(e)/64)) {
			return nil, false
		}
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil, false
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		rest := 0
		for _, b := range e[:16] {
			rest += int(b) // 256 is 1 modulo 3
		}
		switch rest % 3 {
		case 0:
			sum := sha256.Sum256(e)
			k = sum[:]
		case 1:
			sum := sha512.Sum384(e)
			k = sum[:]
		default:
			sum := sha512.Sum512(e)
			k = sum[:]
		}
		if done >= 64 && int(e[len(e)-1]) <= done-32 {
			return k[:32], true
		}
	}
}
