package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// costOf reads a container to its end and returns the bytes that came out, the
// errors by class, the time, and the live heap at most.
func costOf(t *testing.T, f Format, data []byte) (n int64, limits int, took time.Duration, heap uint64) {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := 0; ; i++ {
		m, err := r.Next()
		if errors.Is(err, ErrLimit) {
			limits++
		}
		if err != nil {
			break
		}
		got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(r, 1<<20), sink[:])
		n += got
		if errors.Is(err, ErrLimit) || errors.Is(m.Err, ErrLimit) {
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

// TestPackerBombs: archives of many members that each claim much memory and hold
// nothing, lie far away, or share bytes. What shares bytes is output all the same,
// which the caller counts.
func TestPackerBombs(t *testing.T) {
	raw := rar5Literals("x")
	var rars []rarFile
	for i := range 3000 {
		rars = append(rars, rarFile{name: fmt.Sprint(i), body: "x", raw: raw, edit5: func(f *rar5Fields) { f.compression |= 9 << 10; f.declared = 64 << 20 }})
	}
	lzxs := forgedCab{method: cabLZX | 21<<8, blocks: []cabBlockOf{{lzxPlain("x"), 1}}}
	for range 3000 {
		lzxs.files = append(lzxs.files, forgedCabFile{"f", 1, 0, 0}, forgedCabFile{"g", 1, 1, 0})
	}
	far := plainCab("x", "y")
	for i := range uint32(3000) {
		far.files = append(far.files, forgedCabFile{"f", 1, 1<<31 + i, 0})
	}
	overlap := forgedCab{method: cabMSZIP, blocks: mszip(text(4 << 20))}
	for i := range uint32(60) {
		overlap.files = append(overlap.files, forgedCabFile{"f", 4 << 20, i, 0})
	}
	chm := packedChm("s", file{name: "/f", data: text(1 << 20)})
	for i := range int64(60) {
		chm.entries = append(chm.entries, chmEntry{name: fmt.Sprintf("/%d", i), section: 1, offset: i, length: 1 << 20})
	}
	ppmd := stored7z("", "x")
	ppmd.method, ppmd.props, ppmd.unpacked = []byte{3, 4, 1}, []byte{64, 0, 0, 0, 4}, 1<<40
	for name, c := range map[string]struct {
		f    Format
		data []byte
		want bool // that a limit is named
	}{
		"rar-windows": {Rar, forgeRar5(rars, true), true},
		"cab-windows": {Cab, lzxs.bytes(), false},
		"cab-far":     {Cab, far.bytes(), true},
		"cab-overlap": {Cab, overlap.bytes(), false},
		"chm-overlap": {Chm, chm.bytes(), false},
		"7z-ppmd":     {SevenZip, ppmd.bytes(), false},
	} {
		t.Run(name, func(t *testing.T) {
			n, limits, took, heap := costOf(t, c.f, c.data)
			t.Logf("%d bytes of input: %d of output, %d limits, %v, %d MiB of heap", len(c.data), n, limits, took.Round(time.Millisecond), heap>>20)
			if c.want && limits == 0 {
				t.Error("no limit was named")
			}
			if heap > 256<<20 {
				t.Errorf("%d bytes of heap", heap)
			}
		})
	}
}
