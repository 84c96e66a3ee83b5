package archive

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"
)

// text is compressible about as much as documents are.
func text(n int) string {
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

func drain(b *testing.B, f Format, data []byte) {
	r, err := Open(f, bytes.NewReader(data), int64(len(data)), Limits{Members: 1 << 20})
	for err == nil {
		if _, err = r.Next(); err == nil {
			_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, sink[:])
		}
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	r.Close()
}

var sink [32 << 10]byte

func BenchmarkZipDeflate(b *testing.B) {
	body := text(4 << 20)
	data := stdZip(b, file{"a", body, 8})
	raw := pack(8, body)
	b.Run("reader=archive", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			drain(b, Zip, data)
		}
	})
	b.Run("reader=flate", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		z := flate.NewReader(nil)
		for b.Loop() {
			z.(flate.Resetter).Reset(bytes.NewReader(raw), nil)
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, z, sink[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkZipMembers(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		var files []file
		for i := range n {
			files = append(files, file{fmt.Sprintf("file-%d", i), "a small body", 8})
		}
		data := stdZip(b, files...)
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				drain(b, Zip, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}

func BenchmarkDetect(b *testing.B) {
	data := []byte(text(2 << 20))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if len(Detect(bytes.NewReader(data), int64(len(data)))) > 0 {
			b.Fatal("found something")
		}
	}
}
