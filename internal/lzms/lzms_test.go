package lzms

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// sample is text, a table and calls, and what wimlib 1.13 makes of them: literals, both
// kinds of matches, and the filter.
func sample(t testing.TB) (body, packed []byte) {
	t.Helper()
	body = []byte(strings.Repeat("the marker follows ", 20) + "FIVEFIFTY of lzms")
	for i := range uint32(200) {
		body = binary.LittleEndian.AppendUint32(body, 1000+i*7)
	}
	for i := range uint32(120) {
		body = binary.LittleEndian.AppendUint32(append(body, 0xe8), 5000-i*9)
		body = append(body, 0x90, 0x90, 0x90, 0x90)
	}
	packed, err := hex.DecodeString("a20008ab431239a0ffa149cee93900d00000903d64c13518351bfe3f74cb02e604223a77fdfba05055ff84e027b00838bbac77008001f4b9363d3610b337902c2aa32a5f649564d42302742073776f6c6c6f662072656b72616d20656874")
	if err != nil {
		t.Fatal(err)
	}
	return body, packed
}

func TestSample(t *testing.T) {
	body, packed := sample(t)
	d := new(Decoder)
	for range 2 { // a block knows nothing of the one before
		got, err := d.Decode(nil, len(body), packed)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes of %d, %v: %q", len(got), len(body), err, got)
		}
	}
}

// A block that is cut short, or from which more is wanted than it has, is an error, and
// what was decoded does not grow beyond what was wanted.
func TestBroken(t *testing.T) {
	body, packed := sample(t)
	d := new(Decoder)
	for n := range packed {
		if got, err := d.Decode(nil, len(body), packed[:n]); len(got) > len(body) || n < 4 && err == nil {
			t.Errorf("cut at %d: %d bytes, %v", n, len(got), err)
		}
	}
	if got, err := d.Decode(nil, 1<<30, packed); !errors.Is(err, ErrData) || len(got) > 1<<16 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := d.Decode(nil, 1, []byte{0xff, 0xff, 0xff, 0xff, 0, 0}); err == nil {
		t.Errorf("a match in one byte: %q", got)
	}
}

func FuzzLZMS(f *testing.F) {
	body, packed := sample(f)
	f.Add(packed, len(body))
	f.Add(bytes.Repeat([]byte{0x5a}, 300), 1<<16)
	f.Add(make([]byte, 100), 2)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0}, 1)
	d := new(Decoder)
	f.Fuzz(func(t *testing.T, in []byte, want int) {
		want &= 1<<22 - 1
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := d.Decode(nil, want, in)
		runtime.ReadMemStats(&after)
		if len(got) > want || err == nil && len(got) < want {
			t.Errorf("%d bytes of %d, %v", len(got), want, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+8*uint64(len(got)) {
			t.Errorf("%d bytes allocated for %d", used, len(got))
		}
	})
}

// BenchmarkNoise is the dearest: short matches of all kinds.
func BenchmarkNoise(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	in := make([]byte, 1<<20)
	for i := range in {
		in[i] = byte(rnd.Uint32())
	}
	d := new(Decoder)
	var most, n int
	for seed := range 60 { // most of it ends soon
		in[0], in[1] = byte(seed), byte(seed*7)
		if got, _ := d.Decode(nil, 1<<20, in); len(got) > n {
			most, n = seed, len(got)
		}
	}
	in[0], in[1] = byte(most), byte(most*7)
	b.SetBytes(int64(n))
	for b.Loop() {
		_, _ = d.Decode(nil, 1<<20, in)
	}
}
