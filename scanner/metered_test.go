package scanner

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/internal/budget"
)

// What a container is read from fails once the scan must stop, for good, though no byte
// came out of it.
func TestMeteredSource(t *testing.T) {
	for _, c := range []struct {
		limit time.Duration
		fails bool
	}{{time.Hour, false}, {1, true}} {
		sc := newScan(t.Context(), newScanner(t, Config{Limits: Limits{Time: c.limit}}))
		it := sc.addRoot("x", "")
		it.open(sc, 0)
		it.append(make([]byte, 10*paceBytes))
		if err := it.obj.body.Finish(); err != nil {
			t.Fatal(err)
		}
		sc.budget.Resume()
		s := &meteredSource{it.obj, pace{scan: sc}}
		sc.budget.Enter()
		n, err := io.Copy(io.Discard, io.NewSectionReader(s, 0, 10*paceBytes))
		_, again := s.ReadAt(make([]byte, 1), 0)
		sc.budget.Leave()
		sc.budget.Pause()
		switch {
		case !c.fails && (err != nil || again != nil || n != 10*paceBytes):
			t.Errorf("%v: %d bytes, %v, %v", c.limit, n, err, again)
		case c.fails && (!errors.Is(err, budget.ErrLimit) || !errors.Is(again, budget.ErrLimit) || n > paceBytes):
			t.Errorf("%v: %d bytes, %v, %v", c.limit, n, err, again)
		}
		sc.release()
	}
}
