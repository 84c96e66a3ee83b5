package inno

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

func BenchmarkInno(b *testing.B) {
	body := archivetest.Text(4 << 20)
	setup := func(method string) []byte {
		m := maker{version: 60100, method: method, solid: true, unicode: true, files: []made{{`{app}\a.txt`, body}}, program: program(1000)}
		return m.make()
	}
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, setup("stored"), body) })
	b.Run("method=zlib", func(b *testing.B) {
		packed := packChunk("zlib", body)
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			b.Fatal(err)
		}
		archivetest.Beside(b, Format, setup("zlib"), len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, []string{string(packed)}) })
	})
	b.Run("method=lzma", func(b *testing.B) {
		raw, p := packChunk("lzma", body)[5:], lzma.Props{LC: 3, PB: 2, Dict: 1 << 20}
		archivetest.Beside(b, Format, setup("lzma"), len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(raw), p, int64(len(body)), 64<<20) })
	})
}

func BenchmarkInnoMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		m := maker{version: 60100, method: "zlib", solid: true, unicode: true, program: program(1000)}
		for i := range n {
			m.files = append(m.files, made{`{app}\` + name(i), body})
		}
		return m.make()
	})
}
