package lzfse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/internal/lzfse/lzfsetest"
)

func samples() map[string][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 50_000)
	few := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	for i := range few {
		few[i] = "etaoin shrdlu"[rnd.IntN(13)]
	}
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "line %d of %x\n", i, rnd.Uint32()&0xff)
	}
	far := append(append(bytes.Clone(noise), make([]byte, 200_000)...), noise...)
	return map[string][]byte{"one": []byte("x"), "short": []byte("abcabcabcabcabc, short"), "noise": noise, "few": few, "text": []byte(text.String()), "zeros": make([]byte, 100_000), "far": far}
}

func unpack(raw []byte) ([]byte, error) {
	return io.ReadAll(NewReader(bufio.NewReader(bytes.NewReader(raw))))
}

func TestRoundTrip(t *testing.T) {
	for name, body := range samples() {
		half := len(body) / 2
		for how, raw := range map[string][]byte{
			"v1": lzfsetest.Pack(body, true), "v2": lzfsetest.Pack(body, false),
			"lzvn":   append(lzfsetest.LZVNBlock(body), lzfsetest.End...),
			"stored": append(append(lzfsetest.StoredBlock(body[:half]), lzfsetest.StoredBlock(body[half:])...), lzfsetest.End...),
			"mixed":  append(append(lzfsetest.StoredBlock(body[:half]), lzfsetest.LZVNBlock(body[half:])...), lzfsetest.End...),
		} {
			got, err := unpack(raw)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s %s: %d bytes of %d, %v", name, how, len(got), len(body), err)
			}
		}
		got, err := io.ReadAll(NewReaderLZVN(bufio.NewReader(bytes.NewReader(lzfsetest.LZVN(body)))))
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s bare: %d bytes of %d, %v", name, len(got), len(body), err)
		}
	}
}

// All that precedes the cut comes out, and then the cut is told.
func TestCut(t *testing.T) {
	body := []byte(strings.Repeat("cut me somewhere. ", 40))
	for _, raw := range [][]byte{lzfsetest.Pack(body, false), lzfsetest.Pack(body, true), append(lzfsetest.LZVNBlock(body), lzfsetest.End...), append(lzfsetest.StoredBlock(body), lzfsetest.End...)} {
		for n := range raw {
			got, err := unpack(raw[:n])
			if err != io.ErrUnexpectedEOF || !bytes.HasPrefix(body, got) {
				t.Fatalf("%.4s cut at %d: %d bytes, %v", raw, n, len(got), err)
			}
		}
	}
}

func TestOneByte(t *testing.T) {
	body := samples()["text"][:40_000]
	r := NewReader(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(lzfsetest.Pack(body, false)))))
	if got, err := io.ReadAll(iotest.OneByteReader(r)); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes of %d, %v", len(got), len(body), err)
	}
}

// What the format forbids is an error, and no more bytes.
func TestInvalid(t *testing.T) {
	v1 := lzfsetest.Pack([]byte("abcdabcdabcd"), true)
	v1 = v1[:len(v1)-4]
	edit := func(at int, v uint32, width int) []byte {
		b := bytes.Clone(v1)
		var le [4]byte
		binary.LittleEndian.PutUint32(le[:], v)
		copy(b[at:at+width], le[:])
		return append(b, lzfsetest.End...)
	}
	for name, raw := range map[string][]byte{
		"magic":           []byte("bvx3 and more"),
		"literals":        edit(12, maxLiterals+1, 4),
		"matches":         edit(16, maxMatches+1, 4),
		"literal bits":    edit(28, 1, 4),
		"literal state":   edit(32, literalStates, 2),
		"triplet bits":    edit(40, 0xfffffff0, 4),
		"length state":    edit(44, lengthStates, 2),
		"copy state":      edit(46, lengthStates, 2),
		"distance state":  edit(48, distStates, 2),
		"frequencies":     edit(fixedV1, 65, 2),
		"more triplets":   edit(16, 400, 4),
		"few literals":    edit(12, 0, 4),
		"lzvn distance":   append([]byte("bvxn\x07\x00\x00\x00\x0b\x00\x00\x00"), "\x41\x00a\x06\x00\x00\x00\x00\x00\x00\x00"+lzfsetest.End...),
		"lzvn no match":   append([]byte("bvxn\x02\x00\x00\x00\x09\x00\x00\x00"), "\xf2\x06\x00\x00\x00\x00\x00\x00\x00"+lzfsetest.End...),
		"lzvn size":       append([]byte("bvxn\x02\x00\x00\x00\x0a\x00\x00\x00"), "\xe1a\x06\x00\x00\x00\x00\x00\x00\x00"+lzfsetest.End...),
		"lzvn code":       append([]byte("bvxn\x02\x00\x00\x00\x09\x00\x00\x00"), "\x70\x06\x00\x00\x00\x00\x00\x00\x00"+lzfsetest.End...),
		"lzvn packed":     append([]byte("bvxn\x01\x00\x00\x00\x01\x00\x00\x00"), "\xe1a\x06\x00\x00\x00\x00\x00\x00\x00"+lzfsetest.End...),
		"packed table":    append([]byte("bvx2\x00\x00\x00\x00"), make([]byte, 40)...),
		"packed table 33": append([]byte("bvx2\x00\x00\x00\x00"+strings.Repeat("\x00", 16)+"\x21\x00\x00\x00"), make([]byte, 40)...),
	} {
		if got, err := unpack(raw); err != ErrData || len(got) > 12 {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func FuzzLZFSE(f *testing.F) {
	for _, body := range []string{"x", "abcabcabcabcabc, short", strings.Repeat("again and ", 100)} {
		f.Add(lzfsetest.Pack([]byte(body), false))
		f.Add(lzfsetest.Pack([]byte(body), true))
		f.Add(append(lzfsetest.LZVNBlock([]byte(body)), lzfsetest.End...))
		f.Add(append(lzfsetest.StoredBlock([]byte(body)), lzfsetest.End...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, r := range []*Reader{NewReader(bufio.NewReader(bytes.NewReader(raw))), NewReaderLZVN(bufio.NewReader(bytes.NewReader(raw)))} {
			_, _ = io.CopyN(io.Discard, r, 1<<22)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20+32*uint64(len(raw)) {
			t.Fatalf("%d bytes allocated for %d", used, len(raw))
		}
	})
}

func BenchmarkLZFSE(b *testing.B) {
	for _, name := range []string{"text", "noise", "zeros", "few"} {
		body := samples()[name]
		for how, raw := range map[string][]byte{"fse": lzfsetest.Pack(body, false), "lzvn": append(lzfsetest.LZVNBlock(body), lzfsetest.End...)} {
			b.Run("method="+how+"/data="+name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				r := NewReader(bufio.NewReader(nil))
				for b.Loop() {
					r.Reset(bufio.NewReader(bytes.NewReader(raw)))
					if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(body)) {
						b.Fatal(n, err)
					}
				}
			})
		}
	}
}
