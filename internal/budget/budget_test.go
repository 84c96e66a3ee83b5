package budget

import (
	"errors"
	"testing"
	"time"
)

var generous = Limits{ObjectBytes: 1 << 40, TotalBytes: 1 << 40, Work: 100, Ratio: 1 << 40, Depth: 10, Objects: 10, Time: time.Hour}

func limitOf(err error) string {
	var e *Error
	if errors.As(err, &e) && errors.Is(err, ErrLimit) {
		return e.Limit
	}
	return ""
}

func TestMeter(t *testing.T) {
	tests := []struct {
		limits Limits
		origin int64
		add    int
		want   int
		limit  string
	}{
		{Limits{ObjectBytes: 10, TotalBytes: 100, Ratio: 1, Time: time.Hour}, 0, 10, 10, ""},
		{Limits{ObjectBytes: 10, TotalBytes: 100, Ratio: 1, Time: time.Hour}, 0, 11, 10, ObjectBytes},
		{Limits{ObjectBytes: 100, TotalBytes: 10, Ratio: 1, Time: time.Hour}, 0, 11, 10, TotalBytes},
		{Limits{ObjectBytes: 1 << 40, TotalBytes: 1 << 40, Ratio: 2, Time: time.Hour}, 32 << 20, 64<<20 + 1, 64 << 20, Ratio},
		{Limits{ObjectBytes: 1 << 40, TotalBytes: 1 << 40, Ratio: 2, Time: time.Hour}, 1, 32 << 20, 32 << 20, ""},
		{Limits{ObjectBytes: 1 << 40, TotalBytes: 1 << 40, Ratio: 2, Time: time.Nanosecond}, 0, clockStep, 0, Time},
	}
	for i, tt := range tests {
		b := New(tt.limits)
		b.Resume()
		time.Sleep(time.Microsecond)
		n, err := b.Meter(tt.origin).Add(tt.add)
		if n != tt.want || limitOf(err) != tt.limit {
			t.Errorf("%d: %d bytes, %v", i, n, err)
		}
	}
}

func TestTotalIsOfAllMeters(t *testing.T) {
	l := generous
	l.TotalBytes = 10
	b := New(l)
	b.Meter(0).Add(6)
	if n, err := b.Meter(0).Add(6); n != 4 || limitOf(err) != TotalBytes || b.Total() != 10 {
		t.Errorf("%d bytes, %v, total %d", n, err, b.Total())
	}
}

func TestObjectsAndDepth(t *testing.T) {
	b := New(generous)
	for range 10 {
		if err := b.AddObject(); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.AddObject(); limitOf(err) != Objects || b.Objects() != 10 {
		t.Errorf("%v, %d objects", err, b.Objects())
	}
	if err := b.CheckDepth(10); err != nil {
		t.Error(err)
	}
	if err := b.CheckDepth(11); limitOf(err) != Depth {
		t.Error(err)
	}
}

func TestPausedTimeIsFree(t *testing.T) {
	l := generous
	l.Time = 20 * time.Millisecond
	b := New(l)
	time.Sleep(25 * time.Millisecond)
	if err := b.CheckTime(); err != nil {
		t.Error("paused:", err)
	}
	b.Resume()
	time.Sleep(25 * time.Millisecond)
	b.Pause()
	if err := b.CheckTime(); limitOf(err) != Time {
		t.Error("used up:", err)
	}
}

func TestNoOverflow(t *testing.T) {
	m := New(generous).Meter(1 << 60)
	if n, err := m.Add(1 << 30); n != 1<<30 || err != nil {
		t.Error(n, err)
	}
}

func TestWork(t *testing.T) {
	b := New(generous)
	b.Spend(40)
	b.Spend(60)
	if err := b.CheckWork(); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	b.Spend(1)
	if err := b.CheckWork(); limitOf(err) != Work {
		t.Errorf("above: %v", err)
	}
}
