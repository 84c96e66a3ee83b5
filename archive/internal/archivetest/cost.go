package archivetest

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// costOf reads a container to its end and returns the bytes that came out, the
// errors by class, the time, and the live heap at most.
func costOf(t *testing.T, f *level.Format, data []byte) (n int64, limits int, took time.Duration, heap uint64) {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := 0; ; i++ {
		m, err := r.Next()
		if errors.Is(err, level.ErrLimit) {
			limits++
		}
		if err != nil {
			break
		}
		got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(r, 1<<20), Sink[:])
		n += got
		if errors.Is(err, level.ErrLimit) || errors.Is(m.Err, level.ErrLimit) {
			limits++
		}
		if i%500 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			heap = max(heap, now.HeapAlloc)
		}
	}
	return n, limits, time.Since(began), heap - min(before.HeapAlloc, heap)
}

// Bomb reads a container that costs more than it holds, and fails if that takes much
// memory, or if no limit is named where one must be.
func Bomb(t *testing.T, f *level.Format, data []byte, limited bool) {
	t.Helper()
	n, limits, took, heap := costOf(t, f, data)
	t.Logf("%d bytes of input: %d of output, %d limits, %v, %d MiB of heap", len(data), n, limits, took.Round(time.Millisecond), heap>>20)
	if limited && limits == 0 {
		t.Error("no limit was named")
	}
	if heap > 256<<20 {
		t.Errorf("%d bytes of heap", heap)
	}
}

// Cheap fails if reading a container to its end takes much memory or time.
func Cheap(t *testing.T, f *level.Format, data []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var n int64
	for err == nil {
		if _, err = r.Next(); err == nil {
			k, _ := io.Copy(io.Discard, io.LimitReader(r, 400<<20-n))
			n += k
		}
	}
	runtime.ReadMemStats(&after)
	took, used := time.Since(start), after.TotalAlloc-before.TotalAlloc
	t.Logf("%d bytes to %d, %v, %d bytes allocated, %v", len(data), n, took, used, err)
	if took > 20*time.Second || used > 320<<20 {
		t.Errorf("too dear")
	}
}
