package budget

import (
	"testing"
	"time"
)

// A turn that takes more of a processor than the work allows ends, though nothing was
// spent; what is not in a turn does not count, nor does waiting.
func TestTurns(t *testing.T) {
	if threadTime() == 0 {
		t.Skip("the system does not tell a thread's time")
	}
	l := generous
	l.Work = 1
	b := New(l)
	b.Enter()
	time.Sleep(10 * time.Millisecond)
	b.Leave()
	if b.took <= 0 || b.took > 9*time.Millisecond {
		t.Errorf("a turn of waiting took %v", b.took)
	}
	b.Enter()
	if err := b.Tick(); err != nil {
		t.Fatalf("at once: %v after %v", err, b.took)
	}
	b.turn -= leastTook // as if it had run for so long
	if err := b.Tick(); limitOf(err) != Work {
		t.Errorf("%v after %v", err, b.took)
	}
	b.Leave()
	if err := b.CheckWork(); limitOf(err) != Work {
		t.Errorf("behind it: %v", err)
	}
}

func TestMostTook(t *testing.T) {
	for work, want := range map[int64]time.Duration{1: leastTook, 1 << 30: workUnit << 30, 1 << 62: time.Hour} {
		l := generous
		l.Work = work
		if got := New(l).mostTook(); got != want {
			t.Errorf("%d: %v", work, got)
		}
	}
}
