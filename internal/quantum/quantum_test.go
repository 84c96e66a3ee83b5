package quantum

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

// encoder is the other side of symbol.
type encoder struct {
	out       []byte
	n         int
	high, low uint16
	under     int
}

func (e *encoder) bit(b uint16) {
	if e.n%8 == 0 {
		e.out = append(e.out, 0)
	}
	e.out[e.n/8] |= byte(b) << (7 - e.n%8)
	e.n++
}

func (e *encoder) settle(b uint16) {
	e.bit(b)
	for ; e.under > 0; e.under-- {
		e.bit(b ^ 1)
	}
}

func (e *encoder) symbol(m *model, s int) {
	c := m.counts
	i := 0
	for int(c[i].symbol) != s {
		i++
	}
	size, total := uint32(e.high-e.low)+1, uint32(c[0].sum)
	e.high = e.low + uint16(uint32(c[i].sum)*size/total) - 1
	e.low += uint16(uint32(c[i+1].sum) * size / total)
	for ; i >= 0; i-- {
		c[i].sum += step
	}
	if c[0].sum > most {
		m.halve()
	}
	for {
		if (e.low^e.high)&0x8000 == 0 {
			e.settle(e.high >> 15)
		} else if e.low&0x4000 != 0 && e.high&0x4000 == 0 {
			e.under++
			e.low &= 0x3fff
			e.high |= 0x4000
		} else {
			return
		}
		e.low <<= 1
		e.high = e.high<<1 | 1
	}
}

// pack makes frames of literals.
func pack(t testing.TB, bits int, data string) (frames [][]byte) {
	d, err := New(bits) // for its models
	if err != nil {
		t.Fatal(err)
	}
	for rest := data; rest != ""; rest = rest[min(len(rest), FrameSize):] {
		e := encoder{high: 0xffff}
		for _, b := range []byte(rest[:min(len(rest), FrameSize)]) {
			e.symbol(&d.selector, int(b>>6))
			e.symbol(&d.literals[b>>6], int(b))
		}
		e.under++
		e.settle(e.low >> 14 & 1)
		frames = append(frames, e.out)
	}
	return frames
}

func TestFrame(t *testing.T) {
	data := strings.Repeat("quantum of solace, bits and \x00\xff\x80 bytes. ", 2000)
	d, err := New(15)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, f := range pack(t, 15, data) {
		out := make([]byte, min(FrameSize, len(data)-len(got)))
		n, err := d.Frame(out, f)
		if err != nil {
			t.Fatal(n, err)
		}
		got = append(got, out[:n]...)
	}
	if string(got) != data {
		t.Errorf("%d bytes of %d", len(got), len(data))
	}
	for _, bits := range []int{-1, 9, 22} {
		if _, err := New(bits); err == nil {
			t.Errorf("window of %d bits", bits)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(15, pack(f, 15, "some text, some text")[0])
	f.Add(10, bytes.Repeat([]byte{0xaa}, 100))
	f.Fuzz(func(t *testing.T, bits int, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if d, err := New(bits); err == nil {
			out := make([]byte, FrameSize)
			for range 4 {
				if _, err := d.Frame(out, data); err != nil && err != ErrCorrupt {
					t.Fatal(err)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 3<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
	})
}
