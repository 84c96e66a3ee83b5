package rar15

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// packBits makes bytes of bits.
func packBits(bits []byte) []byte {
	out := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		out[i/8] |= b << (7 - i%8)
	}
	return out
}

// stepBits is more than a step takes.
const stepBits = 160

// streamOf is a stream of random bits, and what it decodes to. It is made step by
// step: bits that would have a match reach before the begin are drawn again. Of
// matches, one in keep is kept, so that runs of bytes come. No more than ones bits of one
// come in a row: the last symbols of the codes have nine and more, and RAR does not use
// them all.
func streamOf(seed uint64, size, keep, ones int) (packed, body []byte) {
	return solidOf(New(), 0, seed, size, keep, ones)
}

// solidOf is a stream that goes on with what d has of behind bytes.
func solidOf(d *Decoder, behind int, seed uint64, size, keep, ones int) (packed, body []byte) {
	rnd := rand.New(rand.NewPCG(seed, 8))
	var bits []byte
	d.Next(bytes.NewReader(nil), 0, behind > 0)
	// try lets f read from the bits behind the used ones, which it takes if f says so.
	used := 0
	try := func(f func() bool) {
		for {
			for len(bits) < used+stepBits {
				bit := byte(rnd.IntN(2))
				if n := len(bits); n >= ones && bytes.IndexByte(bits[n-ones:], 0) < 0 {
					bit = 0
				}
				bits = append(bits, bit)
			}
			before := *d
			d.in.Reset(bytes.NewReader(packBits(bits[used : used+stepBits])))
			if f() {
				left := 0
				for d.in.Take(1); !d.in.Short(); d.in.Take(1) {
					left++
				}
				used += stepBits - left
				return
			}
			*d = before
			bits = bits[:used]
		}
	}
	try(func() bool { d.readFlags(); d.count = 8; return d.flags&0x80 != 0 || behind > 0 }) // a byte comes first
	for len(body) < size {
		var b byte
		var literal bool
		try(func() bool {
			again := d.again
			b, literal = d.step()
			if d.length == 0 {
				return literal || d.again == again // repeating nothing
			}
			if d.distance <= 0 || d.distance > behind+len(body) || rnd.IntN(keep) > 0 {
				d.length = 0
				return false
			}
			return true
		})
		if literal {
			body = append(body, d.put(b))
		}
		for d.length > 0 {
			body = append(body, d.copyByte())
		}
	}
	return packBits(bits[:used]), body
}

func TestStreams(t *testing.T) {
	for seed := range uint64(6) {
		packed, body := streamOf(seed, 20_000, 1+int(seed%3)*8, 100)
		d := New()
		d.Next(bytes.NewReader(packed), int64(len(body)), false)
		got, err := io.ReadAll(d)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("seed %d: %d bytes of %d, %v", seed, len(got), len(body), err)
		}
		// Where the input ends, all before it has come.
		d.Next(bytes.NewReader(packed[:len(packed)/2]), int64(len(body)), false)
		got, err = io.ReadAll(d)
		if err != io.ErrUnexpectedEOF || !bytes.HasPrefix(body, got) || len(got) < len(body)/20 {
			t.Errorf("seed %d, cut: %d bytes, %v", seed, len(got), err)
		}
	}
}

// A match without a distance is refused.
func TestNoDistance(t *testing.T) {
	d := New()
	failed := 0
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		noise := make([]byte, 2000)
		for i := range noise {
			noise[i] = byte(rnd.Uint32())
		}
		d.Next(bytes.NewReader(noise), 1<<16, false)
		if _, err := io.Copy(io.Discard, d); errors.Is(err, ErrCorrupt) {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no stream failed")
	}
}

func TestSolid(t *testing.T) {
	from := New()
	one, first := solidOf(from, 0, 1, 5000, 3, 100)
	two, second := solidOf(from, len(first), 2, 5000, 3, 100)
	d := New()
	for i, f := range []struct{ packed, body []byte }{{one, first}, {two, second}, {one, first}} {
		d.Next(bytes.NewReader(f.packed), int64(len(f.body)), i == 1)
		if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, f.body) {
			t.Errorf("%d: %d bytes of %d, %v", i, len(got), len(f.body), err)
		}
	}
}

// block is a block of RAR 1.5's archives.
func block(kind byte, flags uint16, fields, data []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16([]byte{0, 0, kind}, flags)
	b = append(le.AppendUint16(b, uint16(7+len(fields))), fields...)
	le.PutUint16(b, uint16(crc32.ChecksumIEEE(b[2:])))
	return append(b, data...)
}

// fileBlock is a packed file.
func fileBlock(name string, packed, body []byte, flags uint16) []byte {
	le := binary.LittleEndian
	f := le.AppendUint32(nil, uint32(len(packed)))
	f = append(le.AppendUint32(f, uint32(len(body))), 0)
	f = le.AppendUint32(f, crc32.ChecksumIEEE(body))
	f = le.AppendUint32(f, 0x50216000)
	f = le.AppendUint16(append(f, 15, 0x33), uint16(len(name)))
	f = append(le.AppendUint32(f, 0x20), name...)
	return block(0x74, 0x8000|flags, f, packed)
}

// TestJudge lets unpackers say what the streams decode to. Some builds of 7-Zip know
// nothing of RAR.
func TestJudge(t *testing.T) {
	for _, tool := range [][]string{{"7zz", "x", "-y", "a.rar"}, {"unar", "-q", "-f", "-D", "a.rar"}} {
		t.Run(tool[0], func(t *testing.T) {
			if _, err := exec.LookPath(tool[0]); err != nil {
				t.Skip(err)
			}
			for seed := range uint64(6) {
				d, keep := New(), 1+int(seed%4)*6
				one, first := solidOf(d, 0, 100+seed, 60_000, keep, 8)
				two, second := solidOf(d, len(first), 200+seed, 5_000, keep, 8)
				const solid = 8
				file := append([]byte("Rar!\x1a\x07\x00"), block(0x73, solid, make([]byte, 6), nil)...)
				file = append(file, fileBlock("f", append(one, 0, 0), first, 0)...)
				file = append(file, fileBlock("g", append(two, 0, 0), second, 0x10)...)
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "a.rar"), file, 0o666); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(tool[0], tool[1:]...)
				cmd.Dir = dir
				msg, _ := cmd.CombinedOutput()
				if bytes.Contains(msg, []byte("Cannot open the file as archive")) {
					t.Skip("it knows nothing of RAR")
				}
				for name, body := range map[string][]byte{"f": first, "g": second} {
					if got, _ := os.ReadFile(filepath.Join(dir, name)); !bytes.Equal(got, body) {
						t.Errorf("seed %d, %s: %d bytes of %d: %s", seed, name, len(got), len(body), msg)
					}
				}
			}
		})
	}
}

func FuzzRAR15(f *testing.F) {
	for seed := range uint64(3) {
		packed, body := streamOf(seed, 1000, 1+int(seed)*8, 100)
		f.Add(packed, len(body), seed == 1)
	}
	d := New()
	f.Fuzz(func(t *testing.T, packed []byte, size int, solid bool) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.Next(bytes.NewReader(packed), int64(size&(1<<22-1)), solid)
		n, err := io.Copy(io.Discard, d)
		runtime.ReadMemStats(&after)
		if n > int64(size&(1<<22-1)) || err != nil && err != io.ErrUnexpectedEOF && err != ErrCorrupt {
			t.Errorf("%d bytes, %v", n, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 256<<10 {
			t.Errorf("%d bytes allocated", used)
		}
	})
}

func BenchmarkRAR15(b *testing.B) {
	packed, body := streamOf(9, 300_000, 1, 100)
	b.SetBytes(int64(len(body)))
	d := New()
	for b.Loop() {
		d.Next(bytes.NewReader(packed), int64(len(body)), false)
		if n, err := io.Copy(io.Discard, d); err != nil || n != int64(len(body)) {
			b.Fatal(n, err)
		}
	}
}
