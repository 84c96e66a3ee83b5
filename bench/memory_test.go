package bench

import (
	"context"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/fivefifty/fivefifty/bench/internal/workload"
	"github.com/fivefifty/fivefifty/scanner"
)

// Garbage is collected when the heap is gcPercent larger than what is in use.
// With the default of 100 a sample would say more about when the collector ran
// last than about what the scan holds; without garbage at all it would hide that
// a scanner which allocates per byte needs more memory than it holds.
const gcPercent = 10

// heapPeak is the largest heap that was seen since it was made, in bytes above
// the heap of that moment.
type heapPeak struct {
	sample [1]metrics.Sample
	base   uint64
	peak   uint64
}

func newHeapPeak() *heapPeak {
	// Twice, because what lies in a sync.Pool survives one collection.
	runtime.GC()
	runtime.GC()
	h := &heapPeak{}
	h.sample[0].Name = "/memory/classes/heap/objects:bytes"
	h.base = h.heap()
	return h
}

func (h *heapPeak) heap() uint64 {
	metrics.Read(h.sample[:])
	return h.sample[0].Value.Uint64()
}

func (h *heapPeak) look() {
	if now := h.heap(); now > h.base {
		h.peak = max(h.peak, now-h.base)
	}
}

// Name and Inspect make it an engine, which looks while objects are whole.
func (h *heapPeak) Name() string { return "heap" }

func (h *heapPeak) Inspect(_ context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	if _, err := obj.Bytes(); err != nil {
		return nil, err
	}
	h.look()
	return nil, nil
}

// reader looks at the heap before each read.
func (h *heapPeak) reader(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		h.look()
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// scanPeak scans a streamed message with an attachment of n bytes, checks that
// all of it was scanned, and returns the peak of the heap.
func scanPeak(t *testing.T, n int64, limits scanner.Limits) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	limits.MessageBytes = 2 * n // base64 takes four thirds
	h := newHeapPeak()
	s := newScanner(t, scanner.Config{Limits: limits, Engines: []scanner.Engine{h}})
	msg := workload.NewStream(n)
	r, err := s.Scan(context.Background(), h.reader(msg))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != scanner.VerdictClean || len(r.Objects) != 3 {
		t.Fatalf("verdict is %v of %d objects", r.Verdict, len(r.Objects))
	}
	if o := r.Objects[2]; o.Size != n || o.SHA256.String() != scanner.Digest(msg.Sum()).String() {
		t.Errorf("attachment has %d bytes and digest %v, not %d and %x", o.Size, o.SHA256, n, msg.Sum())
	}
	t.Logf("attachment of %d bytes: heap grew by %d bytes, %d bytes were spooled", n, h.peak, r.Stats.SpooledBytes)
	return h.peak
}

// A message with an attachment of 60 MiB does not take its size in memory.
func TestMemoryOfLargeMessage(t *testing.T) {
	const attachment, most = 60 << 20, 64 << 20
	if peak := scanPeak(t, attachment, scanner.Limits{}); peak > most {
		t.Errorf("heap grew by %d bytes, more than %d", peak, most)
	}
}

// Once a message is larger than the memory allowance, its size does not count: a
// message that is ten times as large takes no more, up to the collector's slack.
func TestMemoryDoesNotGrowWithMessage(t *testing.T) {
	const small, large = 3 << 20, 30 << 20
	const allowance, slack = 2 << 20, 2 << 20
	limits := scanner.Limits{MemoryBytes: allowance}
	first := scanPeak(t, small, limits)
	if first < 1<<20 {
		t.Errorf("heap grew by %d bytes only: what holds the object?", first)
	}
	if peak := scanPeak(t, large, limits); peak > first+slack {
		t.Errorf("heap grew by %d bytes, for a tenth of the message by %d", peak, first)
	}
	if first > 2*allowance+slack {
		t.Errorf("heap grew by %d bytes, twice the allowance of %d and more", first, allowance)
	}
}

// The measure itself works: what is held shows.
func TestHeapPeak(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	h := newHeapPeak()
	held := make([]byte, 8<<20)
	h.look()
	runtime.KeepAlive(held)
	if h.peak < uint64(len(held)) {
		t.Errorf("%d bytes seen, %d are held", h.peak, len(held))
	}
}
