package inno

import (
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"

	"golang.org/x/text/encoding/charmap"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// errWrong says that no password fits.
var errWrong = fmt.Errorf("no password fits: %w", level.ErrEncrypted)

// unlock finds the password of a setup that has a secret.
func (s *setup) unlock() (string, error) {
	if s.locked {
		return "", errWrong
	}
	for _, password := range s.w.keys.All() {
		if s.key != nil && s.w.keys.Fits(password) {
			return password, nil
		}
		if !level.Spend(s.w.limits.Keys, 2*int64(s.secret.rounds)+4) {
			return "", errWrong
		}
		if key := s.secret.key(password); key != nil && s.secret.fits(key) {
			s.key = key
			s.w.keys.Opened(password)
			return password, nil
		}
	}
	s.locked = true
	return "", errWrong
}

// readSecret looks for the secret of 6.4, which is in the header: behind its strings,
// counts, versions of Windows, and a few more fields.
func (s *setup) readSecret() {
	if s.secret != nil || s.layout.sum != sha256.Size {
		return
	}
	for _, strings := range []int{32 + 4, 33 + 4} {
		c := input.Cursor{Rest: s.head.b}
		for range strings {
			c.Bytes(int(min(c.U32(), maxKept)))
		}
		c.Bytes(16*4 + systems + 1 + 2*4 + 1)
		b := c.Bytes(secretBytes)
		if c.Short {
			continue
		}
		// The test comes first here.
		found := parseSecret(append(append([]byte{1}, b[4:]...), b[:4]...))
		if found.rounds > 0 && found.rounds < 1<<24 {
			s.secret = &found
			return
		}
	}
}

// unlock finds the password of a chunk and opens it.
func (c *chunk) unlock() error {
	if err := c.present(); err != nil {
		return err
	}
	l := c.s.layout
	if l.sum == sha256.Size {
		if c.s.secret == nil {
			return errWrong
		}
		password, err := c.s.unlock()
		if err != nil {
			return err
		}
		c.password = password
		c.cipher = func() (cipher.Stream, int64) { return c.s.secret.stream(c.s.key, c.slice, c.offset), 0 }
		if err := c.reopen(); err != nil {
			return err
		}
		return c.broken
	}
	salt, err := headOf(c.w.src, c.at+int64(len(chunkMark)), c.w.size, 8)
	if err != nil {
		return err
	}
	sum := func() hash.Hash { return sha1.New() }
	if l.sum == md5.Size {
		sum = md5.New
	}
	for _, password := range c.w.keys.All() {
		for _, form := range passwordForms(password) {
			if !level.Spend(c.w.limits.Keys, 64) {
				return errWrong
			}
			c.cipher = func() (cipher.Stream, int64) { return newRC4(sum(), salt, form), int64(len(salt)) }
			if c.fits() {
				c.w.keys.Opened(password)
				c.password = password
				if err := c.reopen(); err != nil {
					return err
				}
				return c.broken
			}
		}
	}
	return errWrong
}

// passwordForms are the bytes of a password: newer setups have UTF-16.
func passwordForms(password string) [][]byte {
	forms := [][]byte{utf16le(password), []byte(password)}
	if b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(password)); err == nil && string(b) != password {
		forms = append(forms, b)
	}
	return forms
}

// fits says whether the first file of a chunk that is not empty decodes to what its checksum is of.
func (c *chunk) fits() bool {
	defer func() { c.high, c.end = 0, 0 }()
	if c.reopen() != nil || c.broken != nil {
		return false
	}
	i := slices.IndexFunc(c.files, func(f file) bool { return f.size > 0 })
	if i < 0 {
		n, err := (&piece{c, -1}).Read(make([]byte, 1))
		return n == 0 && err == io.EOF && (c.packing == stored || c.method != "stored")
	}
	f := &c.files[i]
	cost := level.MethodCost(c.method)
	t := &level.Trial{R: &piece{c, f.offset + f.size}, Keys: c.w.limits.Keys, Cost: func(n int) int64 { return int64(n) * cost }}
	if _, err := io.CopyN(io.Discard, t, f.offset); err != nil {
		return false
	}
	sum := c.s.layout.hash()
	r := c.readings(f)[0].reader(t, false, c.w.filtered[:])
	n, err := io.Copy(sum, io.LimitReader(r, input.MaxDrain))
	return err == nil && (n < f.size || string(sum.Sum(nil)) == string(f.sum[:c.s.layout.sum]))
}
