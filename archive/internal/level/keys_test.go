package level

import "testing"

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
