package level

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestKeysSpend(t *testing.T) {
	var none *Keys
	if Spend(none, 0) || len(Passwords(none)) != 0 {
		t.Error("a nil Keys has something to try")
	}
	k := &Keys{Passwords: []string{"a"}, Work: 10}
	for _, c := range []struct {
		n  int64
		ok bool
	}{{-1, false}, {4, true}, {7, false}, {6, true}, {1, false}, {0, true}} {
		if Spend(k, c.n) != c.ok {
			t.Errorf("%d of %d: want %v", c.n, k.Work, c.ok)
		}
	}
}

// What a password opens is not decoded for longer than there is work left, and the
// slower the method the less of it.
func TestTrial(t *testing.T) {
	read := func(cost int64) (n int64, left int64) {
		k := &Keys{Work: 10_000}
		n, err := io.Copy(io.Discard, &Trial{R: zeros{}, Keys: k, Cost: func(n int) int64 { return int64(n) * cost }})
		if !errors.Is(err, ErrLimit) {
			t.Errorf("cost %d: %v", cost, err)
		}
		return n, k.Work
	}
	const step = 32 << 10
	for _, cost := range []int64{1, 10, 170} {
		n, left := read(cost)
		if want := 10_000 * trialBytes / cost; left != 0 || n < want || n > want+step {
			t.Errorf("cost %d: %d bytes of %d, %d units left", cost, n, want, left)
		}
	}
	k := &Keys{Work: 10_000}
	if b, err := io.ReadAll(&Trial{R: strings.NewReader("short"), Keys: k, Cost: func(n int) int64 { return int64(n) }}); err != nil || string(b) != "short" {
		t.Errorf("%q %v", b, err)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
