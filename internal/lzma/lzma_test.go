package lzma

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"testing"
	"testing/iotest"
)

// raw packs data with xz, which makes streams without a header of its own.
func raw(t testing.TB, filter string, data []byte) []byte {
	t.Helper()
	xz, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("xz is not installed")
	}
	cmd := exec.Command(xz, "--format=raw", "-c", filter)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sample is n bytes with repetitions near and far, and stretches without.
func sample(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		switch rnd.IntN(4) {
		case 0:
			for range rnd.IntN(3000) {
				b.WriteByte(byte(rnd.Uint32()))
			}
		case 1:
			if have := b.Bytes(); len(have) > 5000 {
				from := rnd.IntN(len(have) - 5000)
				b.Write(bytes.Clone(have[from : from+rnd.IntN(5000)]))
			}
		default:
			fmt.Fprintf(&b, "line %d of the sample, %x\r\n", rnd.IntN(100), rnd.Uint32()&0xff)
		}
	}
	return b.Bytes()[:n]
}

func TestReader(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 300_000} {
		for _, c := range []struct {
			filter string
			p      Props
		}{
			{"--lzma1=dict=64KiB", Props{LC: 3, PB: 2, Dict: 64 << 10}},
			{"--lzma1=dict=4KiB,lc=0,lp=4,pb=4", Props{LP: 4, PB: 4, Dict: 4 << 10}},
			{"--lzma1=dict=1MiB,lc=4,lp=0,pb=0,mode=fast", Props{LC: 4, Dict: 1 << 20}},
		} {
			data := sample(n)
			packed := raw(t, c.filter, data)
			for _, size := range []int64{int64(n), -1} {
				got, err := io.ReadAll(NewReader(iotest.OneByteReader(bytes.NewReader(packed)), c.p, size, 8<<20))
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, %d bytes, size %d: got %d, %v", c.filter, n, size, len(got), err)
				}
			}
		}
	}
}

func TestReader2(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 300_000, 3 << 20} {
		for _, dict := range []int64{4 << 10, 64 << 10, 8 << 20} {
			data := sample(n)
			packed := raw(t, fmt.Sprintf("--lzma2=dict=%d", dict), data)
			src := bufio.NewReader(bytes.NewReader(append(packed, "behind"...)))
			z := new(Reader2)
			z.Reset(src, dict, 8<<20)
			got, err := io.ReadAll(z)
			rest, _ := io.ReadAll(src)
			if err != nil || !bytes.Equal(got, data) || string(rest) != "behind" {
				t.Errorf("dict %d, %d bytes: got %d, %v, left %.80q", dict, n, len(got), err, rest)
			}
		}
	}
}

func TestWindow(t *testing.T) {
	data := sample(300_000)
	packed := raw(t, "--lzma2=dict=1MiB", data)
	got, err := io.ReadAll(NewReader2(bytes.NewReader(packed), 1<<32-1, 128<<10))
	if !errors.Is(err, ErrWindow) || len(got) < 128<<10 || !bytes.HasPrefix(data, got) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if got, err = io.ReadAll(NewReader2(bytes.NewReader(packed), 1<<32-1, 512<<10)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestTruncated(t *testing.T) {
	data := sample(300_000)
	packed := raw(t, "--lzma2=dict=1MiB", data)
	got, err := io.ReadAll(NewReader2(bytes.NewReader(packed[:len(packed)/2]), 1<<20, 1<<20))
	if err != io.ErrUnexpectedEOF || len(got) == 0 || !bytes.HasPrefix(data, got) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(byte(93), false, []byte("\x00\x30\x8d\x1a\xb3\xf6\xff\xff\x82\x3c\x00\x00"))
	f.Add(byte(0), true, []byte("\x01\x00\x02abc\x00"))
	f.Add(byte(0), true, []byte("\xe0\x00\x05\x00\x06\x5d\x00\x30\x8d\x1a\xb3\xf6\xff\x00"))
	f.Fuzz(func(t *testing.T, props byte, two bool, data []byte) {
		const window = 256 << 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var r io.Reader
		if two {
			r = NewReader2(bytes.NewReader(data), 1<<32-1, window)
		} else {
			p, err := ParseProps([]byte{props, 0xff, 0xff, 0xff, 0xff})
			if err != nil {
				return
			}
			r = NewReader(bytes.NewReader(data), p, -1, window)
		}
		_, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 3*window+8<<20 {
			t.Fatalf("%d bytes allocated", used)
		}
		if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrWindow) {
			t.Fatalf("class of %v", err)
		}
	})
}

func BenchmarkReader2(b *testing.B) {
	b.Run("data=mixed", func(b *testing.B) { benchmark2(b, sample(4<<20)) })
	b.Run("data=text", func(b *testing.B) { benchmark2(b, text(4<<20)) })
}

// text is n bytes of lines that resemble each other.
func text(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of %x: the quick brown fox jumps\n", i, i*i*7919)
	}
	return b.Bytes()[:n]
}

func benchmark2(b *testing.B, data []byte) {
	packed := raw(b, "--lzma2=dict=8MiB", data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewReader2(bytes.NewReader(packed), 8<<20, 64<<20)); err != nil {
			b.Fatal(err)
		}
	}
}
