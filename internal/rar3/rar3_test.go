package rar3

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
)

// bitsOut writes the highest bit first.
type bitsOut struct {
	out []byte
	n   int
}

func (w *bitsOut) put(v uint64, n int) {
	for n--; n >= 0; n-- {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>n&1) << (7 - w.n%8)
		w.n++
	}
}

// tables begins a block of Huffman codes: all symbols of the main code have nine
// bits, those of the others five or six.
func (w *bitsOut) tables() {
	for w.n%8 != 0 {
		w.n++
	}
	w.put(0, 2) // no PPMd, all lengths from zero
	for i := range preSymbols {
		n := uint64(0)
		if i == 5 || i == 6 || i == 9 {
			n = 2
		}
		w.put(n, 4)
	}
	for i := range allSymbols {
		code := uint64(2) // 9
		switch {
		case i >= mainSymbols && i < mainSymbols+distSymbols:
			code = 1 // 6
		case i >= mainSymbols+distSymbols:
			code = 0 // 5
		}
		w.put(code, 2)
	}
}

func (w *bitsOut) symbol(s int) { w.put(uint64(s), 9) }
func (w *bitsOut) literals(s string) {
	for _, c := range []byte(s) {
		w.symbol(int(c))
	}
}

// match writes a match of 3 to 10 bytes at a distance of 1 to 4.
func (w *bitsOut) match(n, distance int) {
	w.symbol(symLength + n - 3)
	w.put(uint64(distance-1), 6)
}

// end ends the file; the next one goes on with these codes.
func (w *bitsOut) end() []byte {
	w.symbol(symEnd)
	w.put(0, 2)
	return w.out
}

func TestLZ(t *testing.T) {
	var w, next bitsOut
	w.tables()
	w.literals("abc")
	w.match(7, 3)
	w.symbol(symLast)
	w.symbol(symRepeat) // the distance before, with a length of 2+1
	w.put(1, 5)
	w.symbol(symShort) // two bytes at 1
	w.put(0, 2)
	first := w.end()
	next.literals("x")
	next.match(3, 1)
	second := next.end()

	d := New(1<<18, 0)
	d.Next(iotest.OneByteReader(bytes.NewReader(first)), false)
	got, err := io.ReadAll(d)
	if err != nil || string(got) != expand("abc", [][2]int{{7, 3}, {7, 3}, {3, 3}, {2, 1}}) {
		t.Errorf("first: %q, %v", got, err)
	}
	d.Next(bytes.NewReader(second), true)
	if got, err = io.ReadAll(d); err != nil || string(got) != "xxxx" {
		t.Errorf("second: %q, %v", got, err)
	}
	d.Next(bytes.NewReader(first[:len(first)-2]), false)
	if got, err = io.ReadAll(d); err != io.ErrUnexpectedEOF || len(got) < 3 {
		t.Errorf("cut: %q, %v", got, err)
	}
}

// expand applies matches of a length and a distance.
func expand(s string, matches [][2]int) string {
	b := []byte(s)
	for _, m := range matches {
		for range m[0] {
			b = append(b, b[len(b)-m[1]])
		}
	}
	return string(b)
}

// TestPPM decodes what RAR makes of "1\n", and the same in a solid file behind.
func TestPPM(t *testing.T) {
	first, _ := hex.DecodeString("a71830d8f7df23f10000bf8867f6a9ffd4")
	second, _ := hex.DecodeString("87ad8d778300bf8867f6a9ffd4")
	d := New(1<<18, 25<<20)
	for i, data := range [][]byte{first, second} {
		d.Next(bytes.NewReader(data), i > 0)
		if got, err := io.ReadAll(d); err != nil || string(got) != "1\n" {
			t.Errorf("file %d: %q, %v", i, got, err)
		}
	}
	d = New(1<<18, 24<<20)
	d.Next(bytes.NewReader(first), false)
	if _, err := io.ReadAll(d); !errors.Is(err, ErrMemory) {
		t.Errorf("bound: %v", err)
	}
}

// TestFilters runs each standard filter on what its packer would have made.
func TestFilters(t *testing.T) {
	regs := &[8]uint32{2}
	b := []byte{255, 255, 255, 10, 0, 0} // differences, negated, channel by channel
	delta(b, nil, regs)
	if !bytes.Equal(b, []byte{1, 246, 2, 246, 3, 246}) {
		t.Errorf("delta: %v", b)
	}
	b = []byte{0xe8, 0x15, 0, 0, 0, 0xe9, 0x15, 0, 0, 0}
	calls(b, 0x10, 0xe8)
	if !bytes.Equal(b, []byte{0xe8, 4, 0, 0, 0, 0xe9, 0x15, 0, 0, 0}) {
		t.Errorf("calls: %x", b)
	}
	for _, f := range []filterFunc{delta, rgb, audio} {
		for _, r0 := range []uint32{0, 1, 3, 1024, 1025, 1 << 31} {
			for n := range 9 {
				f(make([]byte, n), nil, &[8]uint32{r0, 2}) // no panic
			}
		}
	}
}

// TestUnknownFilter: the bytes are yielded as they are.
func TestUnknownFilter(t *testing.T) {
	var desc, w bitsOut
	desc.put(0, 2) // block start 0
	desc.put(0, 4)
	desc.put(0, 2) // length 3
	desc.put(3, 4)
	desc.put(0, 2) // a program of one byte
	desc.put(1, 4)
	desc.put(0x55, 8)
	w.tables()
	w.symbol(symFilter)
	w.put(uint64(0x20|len(desc.out)-1), 8)
	for _, b := range desc.out {
		w.put(uint64(b), 8)
	}
	w.literals("abcdef")
	d := New(1<<18, 0)
	d.Next(bytes.NewReader(w.end()), false)
	got, err := io.ReadAll(d)
	if string(got) != "abcdef" || !errors.Is(err, ErrFilter) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestManyFilters: filters for the same bytes are run up to a bound; one or two for each
// block, as packers have them, always.
func TestManyFilters(t *testing.T) {
	for _, c := range []struct {
		each, blocks int
		over         bool
	}{{1, 1000, false}, {2, 1000, false}, {maxCredit / maxBlock, 1, false}, {maxCredit/maxBlock + 1, 1, true}, {maxWaiting, 1, true}} {
		calls := 0
		program := func(b, spare []byte, _ *[8]uint32) []byte { calls += len(b); return spare }
		f := filters{credit: maxCredit}
		out := make([]byte, maxBlock)
		total := 0
		for range c.blocks {
			for range c.each {
				f.queue = append(f.queue, waiting{start: f.at, length: maxBlock, program: program})
			}
			f.raw = append(f.raw, out...)
			for n := f.take(out); n > 0; n = f.take(out) {
				total += n
			}
			f.queue = nil
		}
		if f.over != c.over || total != c.blocks*maxBlock || calls > maxCredit+total*filtersEach {
			t.Errorf("%d filters for each of %d blocks: %v, %d bytes filtered to %d", c.each, c.blocks, f.over, calls, total)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	var w bitsOut
	w.tables()
	w.literals("abc")
	w.match(7, 3)
	f.Add(w.end(), []byte("x"))
	ppm, _ := hex.DecodeString("a71830d8f7df23f10000bf8867f6a9ffd4")
	f.Add(ppm, ppm)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := New(1<<18, 4<<20)
		for i, data := range [][]byte{first, second} {
			d.Next(bytes.NewReader(data), i > 0)
			_, err := io.Copy(io.Discard, io.LimitReader(d, 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrMemory) && !errors.Is(err, ErrFilter) && !errors.Is(err, ErrFilters) {
				t.Fatalf("class of %v", err)
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
	})
}

func FuzzDecoder5(f *testing.F) {
	f.Add([]byte{0xcf, 0x96, 1, 0, 0}, []byte{0xc8, 0x93, 1, 0}, false)
	f.Fuzz(func(t *testing.T, first, second []byte, late bool) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := New5(1 << 18)
		version := 50
		if late {
			version = 70
		}
		for i, data := range [][]byte{first, second} {
			d.Next(bytes.NewReader(data), version, i > 0)
			_, err := io.Copy(io.Discard, io.LimitReader(d, 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFilter) && !errors.Is(err, ErrFilters) {
				t.Fatalf("class of %v", err)
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 48<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
	})
}
