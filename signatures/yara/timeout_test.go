package yara

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTimeLeft(t *testing.T) {
	now := time.Now().Add(time.Hour) // ahead, so that no context ends by itself
	for _, test := range []struct {
		left, most, want time.Duration
	}{
		{time.Millisecond, time.Minute, time.Second},
		{time.Second, time.Minute, time.Second},
		{1001 * time.Millisecond, time.Minute, 2 * time.Second},
		{time.Hour, time.Minute, time.Minute},
		{time.Hour, 1500 * time.Millisecond, 2 * time.Second},
		{1, time.Minute, time.Second},
		{0, time.Minute, 0},
		{-time.Second, time.Minute, 0},
	} {
		ctx, cancel := context.WithDeadline(context.Background(), now.Add(test.left))
		got, err := timeLeft(ctx, now, test.most)
		cancel()
		if got != test.want || (test.want == 0) != errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v of %v: %v, %v, want %v", test.left, test.most, got, err, test.want)
		}
	}
	if got, err := timeLeft(context.Background(), now, 30*time.Second); got != 30*time.Second || err != nil {
		t.Errorf("no deadline: %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := timeLeft(ctx, now, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
