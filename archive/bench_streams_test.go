package archive

import (
	"bufio"
	"bytes"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"
	"io"
	"testing"
)

// benchBody measures Open, Next and Read of one file in MB/s of output.
func benchBody(b *testing.B, f Format, data []byte, body string) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, f, data)
	}
}

func BenchmarkLzma(b *testing.B) {
	body := text(4 << 20)
	data := tool(b, body, "xz", "--format=lzma", "-c")
	b.Run("reader=archive", func(b *testing.B) { benchBody(b, Lzma, data, body) })
}

func BenchmarkLzmaPlain(b *testing.B) {
	body := text(4 << 20)
	data := tool(b, body, "xz", "--format=lzma", "-c")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r, err := lzma.NewReader(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			b.Fatal(err)
		}
		io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, sink[:])
	}
}

var _ = lz4.NewReader
var _ = xz.NewReader
