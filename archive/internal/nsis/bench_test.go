package nsis

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

// solidly packs an installer's script and files as one stream.
func solidly(setup []byte, pack func(string) []byte) []byte {
	return append(bytes.Clone(setup[:nsisHead]), pack(string(setup[nsisHead:]))...)
}

func BenchmarkNSIS(b *testing.B) {
	body := archivetest.Text(4 << 20)
	plain := setup(map[string]string{"a.txt": body}, "a.txt")
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, plain, body) })
	b.Run("method=deflate", func(b *testing.B) {
		raw := string(archivetest.Pack(8, body))
		z := flate.NewReader(nil)
		data := solidly(plain, func(s string) []byte { return archivetest.Pack(8, s) })
		archivetest.Beside(b, Format, data, len(body), "flate", func() io.Reader { return archivetest.InTurn(z, []string{raw}) })
	})
	b.Run("method=lzma", func(b *testing.B) {
		pack := func(s string) []byte { // without the size
			alone := archivetest.Tool(b, s, "xz", "--format=lzma", "-c")
			return append(alone[:5:5], alone[13:]...)
		}
		raw, p := pack(body)[5:], lzma.Props{LC: 3, PB: 2, Dict: 8 << 20}
		archivetest.Beside(b, Format, solidly(plain, pack), len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(raw), p, int64(len(body)), 64<<20) })
	})
}

func BenchmarkNSISMembers(b *testing.B) {
	stored := func(n int, name func(int) string, body string) []byte {
		files, order := map[string]string{}, make([]string, n)
		for i := range n {
			order[i] = name(i)
			files[order[i]] = body
		}
		return setup(files, order...)
	}
	b.Run("kind=apart", func(b *testing.B) { archivetest.BenchMembers(b, Format, stored) })
	b.Run("kind=solid", func(b *testing.B) {
		archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
			return solidly(stored(n, name, body), func(s string) []byte { return archivetest.Pack(8, s) })
		})
	})
}
