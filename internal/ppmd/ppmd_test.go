package ppmd

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// TestHostile decodes noise with models of all sizes and orders: whatever it is,
// it ends with an error or the bytes that were asked for.
func TestHostile(t *testing.T) {
	data := make([]byte, 1<<14)
	seed := uint32(1)
	for i := range data {
		seed = seed*1664525 + 1013904223
		data[i] = byte(seed >> 24)
	}
	data[0] = 0
	for _, mem := range []uint32{MinMem, MinMem + 1, 10_000, 1 << 16, 1 << 20} {
		for _, order := range []int{MinOrder, 5, 16, MaxOrder} {
			_, err := io.Copy(io.Discard, NewReader7z(bytes.NewReader(data), New(mem), order, 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%d bytes, order %d: %v", mem, order, err)
			}
			m := New(mem)
			m.Reset(order)
			var c Coder
			err = c.StartRAR(bytes.NewReader(data))
			for n := 0; n < 1<<20 && err == nil; n++ {
				_, err = m.Decode(&c)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(uint16(0), byte(4), []byte("\x00abcdefgh"))
	f.Fuzz(func(t *testing.T, mem uint16, order byte, data []byte) {
		size := MinMem + uint32(mem)
		o := MinOrder + int(order)%(MaxOrder-MinOrder+1)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := io.Copy(io.Discard, NewReader7z(bytes.NewReader(data), New(size), o, 1<<18))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
		if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("class of %v", err)
		}
	})
}
