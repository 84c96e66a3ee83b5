package chm

import (
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzx"
)

func BenchmarkChm(b *testing.B) {
	body := archivetest.Text(4 << 20)
	data := packedChm("s", archivetest.File{Name: "/f", Data: body}).bytes()
	frames := archivetest.Pieces(body, lzx.FrameSize, func(s string) string { return string(archivetest.LZXPlain(s)) })
	d, err := lzx.New(16)
	if err != nil {
		b.Fatal(err)
	}
	out := make([]byte, lzx.FrameSize)
	archivetest.Beside(b, Format, data, len(body), "lzx", func() io.Reader {
		return archivetest.Chunks(len(frames), func(i int) []byte {
			d.Reset()
			n, err := d.Frame(out[:min(len(out), len(body)-i*len(out))], []byte(frames[i]))
			if err != nil {
				b.Fatal(err)
			}
			return out[:n]
		})
	})
}

func BenchmarkChmMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := make([]archivetest.File, n)
		for i := range n {
			files[i] = archivetest.File{Name: "/" + name(i), Data: body}
		}
		return packedChm("s", files...).bytes()
	})
}
