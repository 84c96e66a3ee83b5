// Package budget keeps the limits that hold for a whole message, however its
// objects nest: objects, decoded bytes, the work of decoding them, bytes out per
// byte in, depth and time.
// It is the only place that counts them.
package budget

import (
	"errors"
	"fmt"
	"time"
)

// ErrLimit is the class of every *Error.
var ErrLimit = errors.New("limit exceeded")

// Error says which limit was met. It matches ErrLimit.
type Error struct {
	Limit string // one of the names below
	Max   int64
}

// Names of limits, as reports show them.
const (
	ObjectBytes = "object_bytes"
	TotalBytes  = "total_bytes"
	Work        = "work"
	Ratio       = "ratio"
	Depth       = "depth"
	Objects     = "objects"
	Time        = "time"
)

func (e *Error) Error() string {
	if e.Limit == Time {
		return fmt.Sprintf("limit %s of %v exceeded", e.Limit, time.Duration(e.Max))
	}
	return fmt.Sprintf("limit %s of %d exceeded", e.Limit, e.Max)
}

func (e *Error) Is(target error) bool { return target == ErrLimit }

// Limits are the amounts; all are above zero.
type Limits struct {
	ObjectBytes int64
	TotalBytes  int64
	Work        int64 // decoded bytes, each as often as its decoder is slower than the fast ones
	Ratio       int64
	Depth       int
	Objects     int
	Time        time.Duration
}

// ratioFloor is the size below which no ratio is a bomb. Logs, dumps and empty
// tables compress by more than 1,000 to 1 and are honest; to examine that much
// costs less than a second.
const ratioFloor = 32 << 20

// Budget is what is left to one message. It is not safe for concurrent use.
type Budget struct {
	limits  Limits
	objects int
	total   int64
	work    int64
	spent   time.Duration // before the present run
	started time.Time     // of the present run; zero while paused

	took time.Duration // of a processor, in all turns
	turn time.Duration // the thread's time up to which the present one is in took
}

// New returns a full Budget, paused.
func New(l Limits) *Budget { return &Budget{limits: l} }

// Resume starts the clock, Pause stops it: the time in which the sender keeps us
// waiting is not the message's.
func (b *Budget) Resume() {
	if b.started.IsZero() {
		b.started = time.Now()
	}
}

// Pause stops the clock.
func (b *Budget) Pause() {
	if !b.started.IsZero() {
		b.spent += time.Since(b.started)
		b.started = time.Time{}
	}
}

// Spent returns the time used so far.
func (b *Budget) Spent() time.Duration {
	if b.started.IsZero() {
		return b.spent
	}
	return b.spent + time.Since(b.started)
}

// Deadline returns when the time is used up if the clock is not stopped before.
func (b *Budget) Deadline() time.Time { return time.Now().Add(b.limits.Time - b.Spent()) }

// CheckTime returns an *Error if the time is used up.
func (b *Budget) CheckTime() error {
	if b.Spent() >= b.limits.Time {
		return &Error{Time, int64(b.limits.Time)}
	}
	return nil
}

// CheckDepth returns an *Error if an object at depth may not be opened.
func (b *Budget) CheckDepth(depth int) error {
	if depth > b.limits.Depth {
		return &Error{Depth, int64(b.limits.Depth)}
	}
	return nil
}

// AddObject counts one more object.
func (b *Budget) AddObject() error {
	if b.objects >= b.limits.Objects {
		return &Error{Objects, int64(b.limits.Objects)}
	}
	b.objects++
	return nil
}

// Objects and Total return what was counted so far.
func (b *Budget) Objects() int { return b.objects }

// Total returns the decoded bytes of all objects so far.
func (b *Budget) Total() int64 { return b.total }

// Spend counts what a decoder took, in bytes of deflate.
func (b *Budget) Spend(cost int64) { b.work += cost }

// CheckWork returns an *Error if there was more work than may be, or if it took more of
// a processor's time than that much work does. A decoder that is at it must stop then,
// and no other may begin.
func (b *Budget) CheckWork() error {
	if b.work > b.limits.Work || b.took > b.mostTook() {
		return &Error{Work, b.limits.Work}
	}
	return nil
}

// Meter counts the bytes of one object.
type Meter struct {
	b     *Budget
	size  int64
	ratio int64 // size above which the chain's ratio is exceeded; 0: none applies
	since int64 // bytes since the clock was last read
}

// Meter returns a Meter for an object that came out of origin bytes of the
// message (the encoded size of the part at the chain's start), 0 if it is that
// part itself.
func (b *Budget) Meter(origin int64) *Meter {
	m := &Meter{b: b}
	if origin > 0 {
		m.ratio = max(ratioFloor, mulCap(origin, b.limits.Ratio))
	}
	return m
}

func mulCap(a, b int64) int64 {
	if b > 0 && a > (1<<62)/b {
		return 1 << 62
	}
	return a * b
}

// clockStep is how many bytes pass between two looks at the clock.
const clockStep = 64 << 10

// Add counts n more bytes that are about to be kept. It returns how many of them
// may be, and an *Error if that is not all.
func (m *Meter) Add(n int) (int, error) {
	b := m.b
	m.since += int64(n)
	if m.since >= clockStep {
		m.since = 0
		if err := b.CheckTime(); err != nil {
			return 0, err
		}
	}
	var err error
	cut := func(limit string, max, room int64) {
		if int64(n) > room {
			n, err = int(room), &Error{limit, max}
		}
	}
	cut(ObjectBytes, b.limits.ObjectBytes, b.limits.ObjectBytes-m.size)
	cut(TotalBytes, b.limits.TotalBytes, b.limits.TotalBytes-b.total)
	if m.ratio > 0 {
		cut(Ratio, b.limits.Ratio, m.ratio-m.size)
	}
	m.size += int64(n)
	b.total += int64(n)
	return n, err
}
