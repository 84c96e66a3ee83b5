package archivetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Text is compressible about as much as documents are.
func Text(n int) string {
	words := []string{"invoice", "the ", "payment ", "of ", "and ", "account", "\r\n", "2024-", "10.00 ", "please ", "attached "}
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[rnd.IntN(len(words))])
		if rnd.IntN(4) == 0 {
			fmt.Fprintf(&b, "%x ", rnd.Uint32())
		}
	}
	return b.String()[:n]
}

// Drain reads a container to its end, and returns what there was.
func Drain(b *testing.B, f *level.Format, data []byte) (members int, size int64) {
	b.Helper()
	r, err := level.Open(f, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 1 << 20})
	for err == nil {
		if _, err = r.Next(); err == nil {
			var n int64
			n, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, Sink[:])
			members, size = members+1, size+n
		}
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	r.Close()
	return members, size
}

// Sink is a buffer for bytes that nobody looks at.
var Sink [32 << 10]byte

// Beside runs a container through Open, and the plain decoder on what it holds.
func Beside(b *testing.B, f *level.Format, data []byte, n int, name string, plain func() io.Reader) {
	b.Run("reader=archive", func(b *testing.B) {
		b.SetBytes(int64(n))
		b.ReportAllocs()
		for b.Loop() {
			if _, got := Drain(b, f, data); got < int64(n) {
				b.Fatal(got, "bytes")
			}
		}
	})
	b.Run("reader="+name, func(b *testing.B) {
		b.SetBytes(int64(n))
		for b.Loop() {
			if got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, plain(), Sink[:]); err != nil || got != int64(n) {
				b.Fatal(got, err)
			}
		}
	})
}

// BesideCopy is Beside for what is stored.
func BesideCopy(b *testing.B, f *level.Format, data []byte, body string) {
	Beside(b, f, data, len(body), "copy", func() io.Reader { return struct{ io.Reader }{strings.NewReader(body)} })
}

// InTurn decodes pieces one after the other, as a container of pieces must. z is a reader
// of flate or zlib, which knows how to begin again.
func InTurn(z io.Reader, pieces []string) io.Reader {
	readers := make([]io.Reader, len(pieces))
	for i, p := range pieces {
		readers[i] = &piece{z: z, packed: p}
	}
	return io.MultiReader(readers...)
}

// piece is one of InTurn.
type piece struct {
	z      io.Reader
	packed string
	begun  bool
}

func (p *piece) Read(b []byte) (int, error) {
	if !p.begun {
		p.begun = true
		if err := p.z.(flate.Resetter).Reset(strings.NewReader(p.packed), nil); err != nil {
			return 0, err
		}
	}
	return p.z.Read(b)
}

// Chunks reads what decode makes of one chunk after the other.
func Chunks(count int, decode func(i int) []byte) io.Reader {
	return &chunks{count: count, decode: decode}
}

type chunks struct {
	at, count int
	decode    func(i int) []byte
	rest      []byte
}

func (c *chunks) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.at == c.count {
			return 0, io.EOF
		}
		c.rest = c.decode(c.at)
		c.at++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Pieces packs a body in pieces of a size.
func Pieces(body string, size int, pack func(string) string) (pieces []string) {
	for ; len(body) > size; body = body[size:] {
		pieces = append(pieces, pack(body[:size]))
	}
	return append(pieces, pack(body))
}

// PackWith packs a text with a program, or skips.
func PackWith(b *testing.B, body, out string, args ...string) []byte {
	b.Helper()
	tool, err := exec.LookPath(args[0])
	if err != nil {
		b.Skip(args[0] + " is not installed")
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(body), 0o666); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(tool, args[1:]...)
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, out))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// BenchMembers shows that the cost of a member does not grow with their number. make
// makes a container of n files of that name and body.
func BenchMembers(b *testing.B, f *level.Format, make func(n int, name func(int) string, body string) []byte) {
	for _, n := range []int{100, 1000, 10_000} {
		data := make(n, func(i int) string { return fmt.Sprintf("file-%d", i) }, "a small body")
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, _ := Drain(b, f, data); got < n {
					b.Fatal(got, "members")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}

// BenchFormat reads a whole container again and again. n is what comes out.
func BenchFormat(b *testing.B, f *level.Format, data []byte, n int) {
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		Drain(b, f, data)
	}
}
