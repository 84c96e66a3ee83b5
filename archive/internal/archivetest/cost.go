package archivetest

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Counter is a source that counts what is read of it: a measure of cost that is the same on
// every machine. What it does not show, bench measures.
type Counter struct {
	R io.ReaderAt
	N int64 // bytes
}

func (c *Counter) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.R.ReadAt(p, off)
	c.N += int64(n)
	return n, err
}

// What may be read of a container: passes over it, and for each member what decoders read
// ahead. What reads on from each of n places to the end needs n/2 passes.
const (
	mostPasses = 64
	readAhead  = 64 << 10
)

// Check fails if a container of some bytes was read too often for its members and for
// the bytes that came out.
func (c *Counter) Check(t *testing.T, size int64, members int, out int64) {
	t.Helper()
	t.Logf("%d bytes read of %d, %d members, %d bytes out", c.N, size, members, out)
	if c.N > mostPasses*max(size, readAhead)+readAhead*int64(members)+out {
		t.Errorf("%d bytes read of %d", c.N, size)
	}
}

// costOf reads a container to its end and returns the bytes that came out, the
// errors by class, and the live heap at most.
func costOf(t *testing.T, f *level.Format, data []byte) (n int64, limits int, heap uint64) {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
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
	return n, limits, heap - min(before.HeapAlloc, heap)
}

// Bomb reads a container that costs more than it holds, and fails if that takes much
// memory, or if no limit is named where one must be.
func Bomb(t *testing.T, f *level.Format, data []byte, limited bool) {
	t.Helper()
	n, limits, heap := costOf(t, f, data)
	t.Logf("%d bytes of input: %d of output, %d limits, %d MiB of heap", len(data), n, limits, heap>>20)
	if limited && limits == 0 {
		t.Error("no limit was named")
	}
	if heap > 256<<20 {
		t.Errorf("%d bytes of heap", heap)
	}
}

// Cheap fails if reading a container to its end takes much memory, or passes over it.
func Cheap(t *testing.T, f *level.Format, data []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src := &Counter{R: bytes.NewReader(data)}
	r, err := level.Open(f, src, int64(len(data)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var n int64
	members := 0
	for err == nil {
		if _, err = r.Next(); err == nil {
			k, _ := io.Copy(io.Discard, io.LimitReader(r, 400<<20-n))
			n += k
			members++
		}
	}
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bytes to %d, %d allocated, %v", len(data), n, used, err)
	if used > 320<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	if !errors.Is(err, level.ErrLimit) { // a bound was met, which need not be relative to the size
		src.Check(t, int64(len(data)), members, n)
	}
}
