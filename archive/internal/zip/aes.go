package zip

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// WinZip's AES encryption (AE-1 and AE-2): a salt and two bytes of verifier,
// the ciphertext, ten bytes of HMAC-SHA1 over it. The keys come from PBKDF2 with
// HMAC-SHA1.
const (
	aesVerifier   = 2
	aesHMAC       = 10
	aesIterations = 1000
)

// aesKeyBytes returns the length of the key for a strength of the extra field,
// 0 for one that does not exist. The salt has half of it.
func aesKeyBytes(strength byte) int {
	switch strength {
	case 1, 2, 3:
		return 8 + 8*int(strength)
	}
	return 0
}

// aesWork is the cost of one derivation: two compressions for each iteration and
// 20 bytes of output.
func aesWork(keyBytes int) int64 {
	blocks := int64(2*keyBytes+aesVerifier+sha1.Size-1) / sha1.Size
	return 2 * aesIterations * blocks
}

// unlockAES tries passwords under one strength. Of those that pass the verifier,
// which a wrong one does once in 65,536 times, the HMAC proves the right one; if
// it proves none, one that decodes is taken.
func (z *file) unlockAES(p *planned, strength byte, passwords []string) (*seal, error) {
	n := aesKeyBytes(strength)
	head := int64(n/2 + aesVerifier)
	salt, err := saferead.UpTo(z.src, p.key.data, head, z.size, 64)
	if err != nil || int64(len(salt)) < head {
		return nil, err
	}
	verifier := salt[n/2:]
	salt = salt[:n/2]
	var unproved *seal
	for _, password := range passwords {
		for _, form := range passwordForms(password) {
			if !level.Spend(z.limits.Keys, aesWork(n)) {
				return unproved, nil
			}
			key, err := pbkdf2.Key(sha1.New, string(form), salt, aesIterations, 2*n+aesVerifier)
			if err != nil || subtle.ConstantTimeCompare(key[2*n:], verifier) == 0 {
				continue
			}
			s, err := newAESSeal(password, head, key[:n])
			if err != nil {
				return nil, err
			}
			if err := z.authenticate(p, s, key[n:2*n]); err != nil {
				return nil, err
			}
			if s.proved {
				return s, nil
			}
			if ok, _ := z.opens(p, s); ok && unproved == nil {
				s.forged = true
				unproved = s
			}
		}
	}
	return unproved, nil
}

func newAESSeal(password string, head int64, key []byte) (*seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &seal{password: password, head: head, tail: aesHMAC, open: func(r io.Reader) io.Reader {
		return &aesReader{r: r, block: block, used: aes.BlockSize}
	}}, nil
}

// authenticate compares the HMAC behind each length that the ciphertext is said
// to have.
func (z *file) authenticate(p *planned, s *seal, key []byte) error {
	for _, csize := range p.csizes {
		n := csize - s.head - s.tail
		if n < 0 || csize > z.size-p.key.data || !z.try(n) {
			continue
		}
		want, err := saferead.UpTo(z.src, p.key.data+s.head+n, aesHMAC, z.size, aesHMAC)
		if err != nil {
			return err
		}
		mac := hmac.New(sha1.New, key)
		if _, err := io.Copy(mac, saferead.Section(z.src, p.key.data+s.head, n, z.size)); err != nil {
			return err
		}
		if hmac.Equal(mac.Sum(nil)[:aesHMAC], want) {
			s.proved = true
			return nil
		}
	}
	return nil
}

// aesReader decrypts counter mode with a little-endian counter from 1.
type aesReader struct {
	r       io.Reader
	block   cipher.Block
	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte
	used    int
}

func (a *aesReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	for i := 0; i < n; {
		if a.used == aes.BlockSize {
			for j := range a.counter {
				if a.counter[j]++; a.counter[j] != 0 {
					break
				}
			}
			a.block.Encrypt(a.stream[:], a.counter[:])
			a.used = 0
		}
		m := subtle.XORBytes(p[i:n], p[i:n], a.stream[a.used:])
		i, a.used = i+m, a.used+m
	}
	return n, err
}
