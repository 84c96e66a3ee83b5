package level

import (
	"fmt"
	"io"
)

// Keys are passwords to try on encrypted containers, and what trying may cost. A
// Keys is for one goroutine.
type Keys struct {
	// Passwords in the order in which they are tried, UTF-8. A format encodes
	// them as its own writers do.
	Passwords []string

	// Work is what is left to spend, in calls of a hash function's compression
	// or a cipher's block function; each derivation of a key takes its cost from
	// it before it begins.
	Work int64
}

// Spend takes n units of work and reports whether there was enough left.
func Spend(k *Keys, n int64) bool {
	if k == nil || n < 0 || k.Work < n {
		return false
	}
	k.Work -= n
	return true
}

// Passwords are those to try; none for a nil k.
func Passwords(k *Keys) []string {
	if k == nil {
		return nil
	}
	return k.Passwords
}

// Candidates are the passwords for one archive: the one that opened something of it
// comes first.
type Candidates struct {
	Keys *Keys
	fit  string
	have bool
}

// All returns the passwords in the order in which they are to be tried.
func (c *Candidates) All() []string {
	all := Passwords(c.Keys)
	if !c.have {
		return all
	}
	first := []string{c.fit}
	for _, p := range all {
		if p != c.fit {
			first = append(first, p)
		}
	}
	return first
}

// Opened says that a password has opened something.
func (c *Candidates) Opened(password string) { c.fit, c.have = password, true }

// Any says whether one has.
func (c *Candidates) Any() bool { return c.have }

// Fits says whether this one was the last that has.
func (c *Candidates) Fits(password string) bool { return c.have && password == c.fit }

// Trial reads what a password may have opened. What decoding it takes is work of the
// Keys, which must not be nil; when that is used up, it fails with ErrLimit.
type Trial struct {
	R    io.Reader
	Keys *Keys
	Cost func(n int) int64 // of the n bytes that R gave last, as Reader.Cost has it
}

// trialBytes is how many bytes of deflate take the time of a unit of work.
const trialBytes = 32

func (t *Trial) Read(p []byte) (int, error) {
	if t.Keys.Work <= 0 {
		return 0, fmt.Errorf("work of trying passwords: %w", ErrLimit)
	}
	n, err := t.R.Read(p[:min(len(p), 32<<10)])
	t.Keys.Work = max(0, t.Keys.Work-t.Cost(n)/trialBytes)
	return n, err
}
