package stream

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

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// BenchmarkStreams compares each format with a plain decoder of it, in bytes of
// output.
func BenchmarkStreams(b *testing.B) {
	body := archivetest.Text(4 << 20)
	for _, c := range []struct {
		format  *level.Format
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
		b.Run("format="+c.format.Name, func(b *testing.B) {
			data := archivetest.Tool(b, body, c.command[0], c.command[1:]...)
			b.Run("reader=archive", func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					archivetest.Drain(b, c.format, data)
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
						_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, archivetest.Sink[:])
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
