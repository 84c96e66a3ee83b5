package zip

import (
	"bytes"
	"io"
)

// span is the part [from, to) of the file.
type span struct{ from, to int64 }

// mark is a signature met in a gap.
type mark struct {
	at   int64
	kind byte // its third byte
}

// Windows of the search, in bytes: it begins small, as most gaps are.
const (
	minWindow = 4 << 10
	maxWindow = 64 << 10
)

// scan calls f for each "PK" signature that begins in [from, to), in ascending
// order, until f returns false. kind is the signature's third byte.
func (z *file) scan(from, to int64, f func(at int64, kind byte) (more bool)) error {
	if z.window == nil {
		z.window = make([]byte, maxWindow)
	}
	to = min(to, z.size)
	for n := int64(minWindow); from < to; n = min(2*n, maxWindow) {
		buf := z.window[:min(n, to-from+3, z.size-from)]
		got, err := z.src.ReadAt(buf, from)
		if got < len(buf) && err != nil && err != io.EOF {
			return err
		}
		buf = buf[:got]
		for i := 0; ; {
			j := bytes.Index(buf[i:], []byte("PK"))
			if j < 0 || i+j+4 > len(buf) {
				break
			}
			i += j
			if from+int64(i) >= to {
				return nil
			}
			if kind := buf[i+2]; isSignature(kind, buf[i+3]) && !f(from+int64(i), kind) {
				return nil
			}
			i += 2
		}
		if got <= 3 {
			return nil
		}
		from += int64(got - 3)
	}
	return nil
}

// isSignature says whether a and b end one of the signatures that scan reports.
func isSignature(a, b byte) bool {
	return a&1 == 1 && a <= 7 && b == a+1 || a == 6 && b == 6
}

// searchLocal returns the first plausible local header in [from, to), -1 if
// there is none.
func (z *file) searchLocal(from, to int64) (int64, error) {
	found := int64(-1)
	var failed error
	err := z.scan(from, to, func(at int64, kind byte) bool {
		if kind != 3 {
			return true
		}
		var good bool
		good, failed = z.isPlausible(at)
		if good || at == 0 {
			found = at
		}
		return found < 0 && failed == nil
	})
	if err == nil {
		err = failed
	}
	return found, err
}
