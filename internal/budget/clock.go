package budget

import (
	"runtime"
	"time"
)

// What a unit of Limits.Work is worth in a processor's time, and how much of it every
// message has: how little work may be allowed says nothing about so short a time. A unit
// is less than the 10 ns that it stands for where it is spent, because what is not
// measured takes time too: to walk messages, to collect garbage.
const (
	workUnit  = 7 * time.Nanosecond
	leastTook = time.Second
)

// Enter begins a decoder's turn. Until Leave the goroutine stays on its thread, and what
// that takes of a processor counts: tables, resets, empty blocks and searches cost time
// without a byte of output, in more ways than any formula knows. Where the system does
// not tell a thread's time, only what is spent counts.
func (b *Budget) Enter() {
	runtime.LockOSThread()
	b.turn = threadTime()
}

// Leave ends the turn.
func (b *Budget) Leave() {
	b.settle()
	runtime.UnlockOSThread()
}

// Tick is CheckWork and CheckTime in a decoder's turn. Its source asks it: input is what
// goes into any loop.
func (b *Budget) Tick() error {
	b.settle()
	if err := b.CheckWork(); err != nil {
		return err
	}
	return b.CheckTime()
}

// settle counts the turn so far.
func (b *Budget) settle() {
	now := threadTime()
	b.took += now - b.turn
	b.turn = now
}

// mostTook is how much of a processor's time all turns may take.
func (b *Budget) mostTook() time.Duration {
	if b.limits.Work > int64(time.Hour/workUnit) {
		return time.Hour
	}
	return max(leastTook, time.Duration(b.limits.Work)*workUnit)
}
