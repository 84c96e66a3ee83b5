package huffman

import (
	"bytes"
	"io"
	"testing"
)

func TestDecode(t *testing.T) {
	// Lengths 1, 2, 3, 12, 12 and a hole: 0, 10, 110, 111000000000, 111000000001.
	var d Decoder
	if err := d.Init([]byte{2, 0, 1, 12, 3, 12}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		next   uint32
		symbol int
		bits   uint
	}{{0x0000, 2, 1}, {0x8000, 0, 2}, {0xc000, 4, 3}, {0xe000, 3, 12}, {0xe010, 5, 12}, {0xffff, -1, 0}} {
		if s, n := d.Decode(c.next); s != c.symbol || n != c.bits {
			t.Errorf("%#x: symbol %d of %d bits, want %d of %d", c.next, s, n, c.symbol, c.bits)
		}
	}
}

func TestInit(t *testing.T) {
	var d Decoder
	if s, _ := d.Decode(0); s >= 0 {
		t.Error("the zero value decodes something")
	}
	for _, bad := range [][]byte{{1, 1, 1}, {17}, make([]byte, MaxSymbols+1)} {
		if err := d.Init(bad); err == nil {
			t.Errorf("%d lengths: no error", len(bad))
		}
	}
	if err := d.Init([]byte{0, 0}); err != nil {
		t.Error(err)
	}
	if s, _ := d.Decode(0); s >= 0 {
		t.Error("an empty code decodes something")
	}
	d.InitSingle(0)
	if s, n := d.Decode(0xffff); s != 0 || n != 0 {
		t.Errorf("single: %d, %d bits", s, n)
	}
}

func FuzzInit(f *testing.F) {
	f.Add([]byte{1, 2, 3, 3}, uint32(0))
	f.Fuzz(func(t *testing.T, lengths []byte, next uint32) {
		var d Decoder
		if d.Init(lengths) != nil {
			return
		}
		s, n := d.Decode(next & 0xffff)
		if s >= 0 && (s >= len(lengths) || uint(lengths[s]) != n) {
			t.Fatalf("symbol %d of %d bits", s, n)
		}
	})
}

func TestLowBits(t *testing.T) {
	var d Decoder
	if err := d.Init([]byte{2, 0, 1, 3, 3}); err != nil { // 10, -, 0, 110, 111
		t.Fatal(err)
	}
	// The lowest bit first: 0, 10, 110, then five bits of a number.
	in := bytes.NewReader([]byte{0b11_011_01_0, 0b00000_101})
	b := LowBits{R: in}
	for _, want := range []int{2, 0, 3} {
		if s, err := b.Symbol(&d); err != nil || s != want {
			t.Errorf("symbol %d, %v, want %d", s, err, want)
		}
	}
	if v, err := b.Take(5); v != 0b10111 || err != nil {
		t.Errorf("%b, %v", v, err)
	}
	b.Align()
	if _, err := b.Symbol(&d); err != io.ErrUnexpectedEOF || b.Ahead() != 0 {
		t.Errorf("at the end: %v, %d bytes ahead", err, b.Ahead())
	}
	b = LowBits{R: bytes.NewReader([]byte{0b11_011_01_0 ^ 0xff, 0xff})}
	for _, want := range []int{2, 0, 3} {
		if s, err := b.SymbolInverted(&d); err != nil || s != want {
			t.Errorf("inverted: symbol %d, %v, want %d", s, err, want)
		}
	}
}

// TestTooMany: the shorter of too many codes are decoded.
func TestTooMany(t *testing.T) {
	var d Decoder
	if err := d.Init([]byte{1, 1, 2, 12}); err != ErrLengths {
		t.Error(err)
	}
	for next, want := range map[uint32]int{0: 0, 0x8000: 1, 0xffff: 1} {
		if s, n := d.Decode(next); s != want || n != 1 {
			t.Errorf("%#x: symbol %d of %d bits", next, s, n)
		}
	}
}
