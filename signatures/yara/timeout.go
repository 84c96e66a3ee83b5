package yara

import (
	"context"
	"fmt"
	"time"
)

// timeLeft returns the time that one scan may take, in whole seconds as libyara
// counts: parts are rounded up, because it takes 0 for no limit at all. The
// error is that of a context which has ended.
func timeLeft(ctx context.Context, now time.Time, most time.Duration) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("yara: %w", err)
	}
	left := most
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, deadline.Sub(now))
	}
	if left <= 0 {
		return 0, fmt.Errorf("yara: no time left: %w", context.DeadlineExceeded)
	}
	return (left + time.Second - 1).Truncate(time.Second), nil
}
