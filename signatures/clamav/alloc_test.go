package clamav

import (
	"runtime"
	"testing"
)

// allocates fails if f allocates more than most bytes.
func allocates(t *testing.T, most uint64, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > most {
		t.Errorf("allocated %d bytes, at most %d are allowed", n, most)
	}
}
