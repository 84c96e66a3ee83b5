package spool

import (
	"math/bits"
	"sync"
)

// Memory is pooled by class: class c holds slices of 4 KiB << c. Doubling keeps
// a growing object's copies at one per byte.
const (
	firstClass = 12 // 4 KiB
	lastClass  = 26 // 64 MiB
)

var pools [lastClass - firstClass + 1]sync.Pool

func classSize(c int) int64 { return 1 << (firstClass + c) }

// classFor returns the class for n bytes, -1 if there is none.
func classFor(n int) int {
	c := max(bits.Len(uint(n-1)), firstClass) - firstClass
	if n < 1 {
		c = 0
	}
	if c >= len(pools) {
		return -1
	}
	return c
}

func take(c int) []byte {
	if b, ok := pools[c].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, classSize(c))
}

func put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := classFor(cap(b))
	if c >= 0 && classSize(c) == int64(cap(b)) {
		pools[c].Put(&b)
	}
}
