package lzx

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

// bitsOut writes words of 16 bits, the highest first, the low byte first.
type bitsOut struct {
	out []byte
	n   int
}

func (w *bitsOut) put(v uint32, n int) {
	for n--; n >= 0; n-- {
		if w.n%16 == 0 {
			w.out = append(w.out, 0, 0)
		}
		at := len(w.out) - 2
		if w.n%16 < 8 {
			at++
		}
		w.out[at] |= byte(v>>n&1) << (7 - w.n%8)
		w.n++
	}
}

// pre writes a code in which one symbol has a code of one bit, 0.
func (w *bitsOut) pre(symbol int) {
	for i := range 20 {
		if i == symbol {
			w.put(1, 4)
		} else {
			w.put(0, 4)
		}
	}
}

// verbatimFrame packs a frame of literals, with the translation of calls for a
// file of that size, none for 0.
func verbatimFrame(data []byte, fileSize uint32) []byte {
	var w bitsOut
	if fileSize != 0 {
		w.put(1, 1)
		w.put(fileSize>>16, 16)
		w.put(fileSize&0xffff, 16)
	} else {
		w.put(0, 1)
	}
	w.put(verbatim, 3)
	w.put(uint32(len(data)), 24)
	w.pre(9) // from no code to one of eight bits
	w.put(0, 16)
	for range 15 {
		w.put(0, 16)
	}
	w.pre(0) // no code
	for range 8 * slots[0] {
		w.put(0, 1)
	}
	w.pre(0)
	for range lengthSymbols {
		w.put(0, 1)
	}
	for _, b := range data {
		w.put(uint32(b), 8)
	}
	return w.out
}

func TestVerbatim(t *testing.T) {
	data := []byte(strings.Repeat("verbatim \x00\xff ", 300))
	d, err := New(15)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d.Reset()
		out := make([]byte, len(data))
		if n, err := d.Frame(out, verbatimFrame(data, 0)); err != nil || !bytes.Equal(out[:n], data) {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
}

func TestCalls(t *testing.T) {
	packed := []byte("....\xe8\x14\x00\x00\x00 and ten bytes behind")
	d, _ := New(15)
	out := make([]byte, len(packed))
	if n, err := d.Frame(out, verbatimFrame(packed, 1000)); err != nil || n != len(packed) {
		t.Fatal(n, err)
	}
	if want := []byte("....\xe8\x10\x00\x00\x00"); !bytes.HasPrefix(out, want) {
		t.Errorf("%x", out[:9])
	}
}

func TestNew(t *testing.T) {
	for _, bits := range []int{-1, 14, 22, 64} {
		if _, err := New(bits); err == nil {
			t.Errorf("window of %d bits", bits)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(15, verbatimFrame([]byte("some text"), 0))
	f.Add(21, verbatimFrame([]byte("\xe8some text with a call"), 100))
	f.Fuzz(func(t *testing.T, bits int, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if d, err := New(bits); err == nil {
			out := make([]byte, FrameSize)
			for range 4 {
				n, err := d.Frame(out, data)
				if err != nil && err != ErrCorrupt || n > len(out) || d.Consumed() > len(data)+2 {
					t.Fatal(n, err, d.Consumed())
				}
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 3<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
	})
}
