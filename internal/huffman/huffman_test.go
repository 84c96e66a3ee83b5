package huffman

import "testing"

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
