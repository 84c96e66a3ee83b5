package ppmd

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// noise is bytes without a pattern; the first one is 0, as 7z has it.
func noise(n int) []byte {
	data := make([]byte, n)
	seed := uint32(1)
	for i := range data {
		seed = seed*1664525 + 1013904223
		data[i] = byte(seed >> 24)
	}
	data[0] = 0
	return data
}

// fine says whether an error is one that a stream can have.
func fine(err error) bool {
	return err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, ErrCorrupt) || err == ErrEnd
}

// drain decodes up to most symbols.
func drain(m decoder, c *Coder, most int) (n int, err error) {
	for ; n < most && err == nil; n++ {
		_, err = m.Decode(c)
	}
	return n, err
}

// TestHostile decodes noise with models of all sizes and orders: whatever it is,
// it ends with an error or the bytes that were asked for.
func TestHostile(t *testing.T) {
	data := noise(1 << 14)
	for _, mem := range []uint32{MinMem, MinMem + 1, 10_000, 1 << 16, 1 << 20} {
		for _, order := range []int{MinOrder, 5, 16, MaxOrder} {
			_, err := io.Copy(io.Discard, NewReader7z(bytes.NewReader(data), NewH(mem), order, 1<<17))
			if !fine(err) {
				t.Errorf("%d bytes, order %d: %v", mem, order, err)
			}
			h := NewH(mem)
			h.Reset(order)
			var c Coder
			_ = c.StartRAR(bytes.NewReader(data))
			if _, err := drain(h, &c, 1<<16); !fine(err) {
				t.Errorf("RAR, %d bytes, order %d: %v", mem, order, err)
			}
			if order > MaxOrderI {
				continue
			}
			for _, restore := range []Restore{Restart, CutOff} {
				i := new(ModelI)
				i.Resize(mem)
				i.Reset(order, restore)
				_ = c.StartRAR(bytes.NewReader(data))
				if _, err := drain(i, &c, 1<<16); !fine(err) {
					t.Errorf("zip, %d bytes, order %d: %v", mem, order, err)
				}
			}
		}
	}
}

// TestClamped: what the smaller arena decodes up to its exhaustion is what the larger
// one does.
func TestClamped(t *testing.T) {
	decode := func(mem uint32, clamped bool) ([]byte, error) {
		m := new(ModelI)
		m.Clamped = clamped
		m.Resize(mem)
		m.Reset(4, CutOff)
		var c Coder
		err := c.StartRAR(bytes.NewReader(noise(1 << 16)))
		var out []byte
		for err == nil {
			var b byte
			if b, err = m.Decode(&c); err == nil {
				out = append(out, b)
			}
		}
		return out, err
	}
	whole, err := decode(4<<20, true)
	if err == ErrMemory {
		t.Fatal(err)
	}
	part, err := decode(3<<10, true)
	if err != ErrMemory || len(part) < 10 || len(part) == len(whole) || !bytes.HasPrefix(whole, part) {
		t.Errorf("%d of %d bytes, %v", len(part), len(whole), err)
	}
	if other, err := decode(3<<10, false); err == ErrMemory || len(other) <= len(part) || !bytes.HasPrefix(other, part) {
		t.Errorf("%d bytes, %v", len(other), err)
	}
}

// TestWork: noise takes more than a run of one byte, and what was asked for once is not
// counted again.
func TestWork(t *testing.T) {
	perByte := func(data []byte) int64 {
		m := NewH(1 << 20)
		m.Reset(6)
		var c Coder
		if err := c.StartRAR(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		n, _ := drain(m, &c, 5000)
		work := m.Work() / int64(n)
		if again := m.Work(); again != 0 {
			t.Errorf("%d again", again)
		}
		return work
	}
	dear, cheap := perByte(noise(1<<16)), perByte(make([]byte, 1<<16))
	if cheap < workSymbol || dear < 4*cheap {
		t.Errorf("noise %d, zeros %d", dear, cheap)
	}
}

// bounded runs f and fails if it allocates more than a model and its arena.
func bounded(t *testing.T, f func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Fatalf("%d bytes allocated", used)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(uint16(0), byte(4), []byte("\x00abcdefgh"))
	f.Fuzz(func(t *testing.T, mem uint16, order byte, data []byte) {
		bounded(t, func() {
			m := NewH(MinMem + uint32(mem))
			_, err := io.Copy(io.Discard, NewReader7z(bytes.NewReader(data), m, MinOrder+int(order)%(MaxOrder-MinOrder+1), 1<<18))
			if !fine(err) {
				t.Fatalf("class of %v", err)
			}
		})
	})
}

func FuzzModelI(f *testing.F) {
	f.Add(uint16(0), byte(4), []byte("\x00abcdefgh"))
	f.Add(uint16(3000), byte(3|0x80), noise(1<<12))
	f.Fuzz(func(t *testing.T, mem uint16, order byte, data []byte) {
		bounded(t, func() {
			m := new(ModelI)
			m.Resize(MinMem + uint32(mem))
			m.Reset(MinOrder+int(order)%(MaxOrderI-MinOrder+1), Restore(order>>7))
			var c Coder
			_ = c.StartRAR(bytes.NewReader(data))
			if _, err := drain(m, &c, 1<<17); !fine(err) {
				t.Fatalf("class of %v", err)
			}
		})
	})
}
