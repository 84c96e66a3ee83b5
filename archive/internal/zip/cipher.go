package zip

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding/charmap"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// cryptoHead is the length of the encrypted header before the body, in bytes.
const cryptoHead = 12

// passwordForms are the bytes that archivers make of a password: UTF-8, and for
// other than ASCII what DOS and Windows programs of the West write.
func passwordForms(password string) [][]byte {
	forms := [][]byte{[]byte(password)}
	for _, b := range []byte(password) {
		if b < 0x80 {
			continue
		}
		for _, m := range []*charmap.Charmap{charmap.CodePage437, charmap.Windows1252} {
			if form, err := m.NewEncoder().Bytes([]byte(password)); err == nil {
				forms = append(forms, form)
			}
		}
		break
	}
	return forms
}

// seal is a cipher with the key that opens one body.
type seal struct {
	password string
	head     int64 // bytes before the ciphertext
	tail     int64 // bytes behind it
	padded   bool  // what it encrypts is filled up to a block
	open     func(r io.Reader) io.Reader
	proved   bool // the body's own check says that the key is right
	forged   bool // the key is right, and the check is not
}

// unlock finds a password that opens p's body; nil if none does.
func (z *file) unlock(p *planned) (*seal, error) {
	passwords := z.passwords.All()
	if len(passwords) == 0 {
		return nil, nil
	}
	for _, aes := range p.strengths {
		s, err := z.unlockAES(p, aes, passwords)
		if s != nil || err != nil {
			return s, err
		}
	}
	if p.strong {
		s, err := z.unlockStrong(p, passwords)
		if s != nil || err != nil {
			return s, err
		}
	}
	if p.onlyAES {
		return nil, nil
	}
	return z.unlockTraditional(p, passwords)
}

// unlockTraditional tries the traditional cipher. A wrong password passes the
// check byte once in 256 times, so the body must decode too.
func (z *file) unlockTraditional(p *planned, passwords []string) (*seal, error) {
	var head [cryptoHead]byte
	if n, err := z.src.ReadAt(head[:], p.key.data); n < len(head) {
		return nil, missing(err)
	}
	for _, password := range passwords {
		for _, form := range passwordForms(password) {
			if !level.Spend(z.limits.Keys, int64(len(form)+len(head))/8+1) {
				return nil, nil
			}
			c, plain := input.NewZipCipher(form), head
			c.Decrypt(plain[:])
			if !p.checks[plain[cryptoHead-1]] {
				continue
			}
			s := &seal{password: password, head: cryptoHead, open: func(r io.Reader) io.Reader {
				return c.Reader(r)
			}}
			if ok, err := z.opens(p, s); ok || err != nil {
				return s, err
			}
		}
	}
	return nil, nil
}

// opens says whether a body decodes under a seal.
func (z *file) opens(p *planned, s *seal) (bool, error) {
	trial := *p
	trial.seal = s
	if p.key.method == methodStored {
		return z.fits(&trial) || z.looksPlain(&trial), nil
	}
	return z.decodes(&trial), nil
}

// looksPlain says whether the first bytes of a body are no ciphertext: of n
// random bytes, n(n-1)/256 ordered pairs are equal.
func (z *file) looksPlain(p *planned) bool {
	const enough, sample = 64, 2048
	var buf [sample]byte
	r := bufio.NewReader(z.section(p))
	n, _ := io.ReadFull(r, buf[:])
	if n < enough {
		return false
	}
	var count [256]int
	for _, b := range buf[:n] {
		count[b]++
	}
	pairs := 0
	for _, c := range count {
		pairs += c * (c - 1)
	}
	return pairs > n*(n-1)/256*2+4*n
}
