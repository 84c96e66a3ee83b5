package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// BenchmarkStreams compares each format with a plain decoder of it, in bytes of
// output.
func BenchmarkStreams(b *testing.B) {
	body := text(4 << 20)
	for _, c := range []struct {
		format  Format
		command []string
		plain   func(io.Reader) (io.Reader, error)
	}{
		{Gzip, []string{"gzip", "-c"}, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{Bzip2, []string{"bzip2", "-c"}, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
		{Xz, []string{"xz", "-c"}, func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }},
		{Lzma, []string{"xz", "--format=lzma", "-c"}, func(r io.Reader) (io.Reader, error) { return lzma.NewReader(r) }},
		{Lzip, []string{"lzip", "-c"}, nil},
		{Zstd, []string{"zstd", "-qc"}, func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
		{Lz4, []string{"lz4", "-qc"}, func(r io.Reader) (io.Reader, error) {
			z := lz4.NewReader(r)
			return z, z.Apply(lz4.ConcurrencyOption(1))
		}},
		{Lzop, []string{"lzop", "-qc"}, nil},
		{Compress, []string{"compress", "-cf"}, nil},
	} {
		b.Run("format="+string(c.format), func(b *testing.B) {
			data := tool(b, body, c.command[0], c.command[1:]...)
			b.Run("reader=archive", func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					drain(b, c.format, data)
				}
			})
			if c.plain == nil {
				return
			}
			b.Run("reader=plain", func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					r, err := c.plain(bufio.NewReader(bytes.NewReader(data)))
					if err == nil {
						_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, sink[:])
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkPackages has many small members: what one costs.
func BenchmarkPackages(b *testing.B) {
	var files []file
	for range 10_000 {
		files = append(files, file{name: "file", data: "a small body"})
	}
	for f, data := range map[Format][]byte{Tar: stdTar(b, 0, files...), Cpio: cpioOf(files...), Ar: arOf(files...)} {
		b.Run("format="+string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				drain(b, f, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(files)), "ns/member")
		})
	}
}
