package alzip

import (
	"bytes"
	"compress/bzip2"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

func BenchmarkALZ(b *testing.B) {
	body := archivetest.Text(4 << 20)
	b.Run("method=stored", func(b *testing.B) {
		archivetest.BesideCopy(b, ALZ, forgeALZ(forgedALZ{name: "a.txt", body: body}), body)
	})
	b.Run("method=deflate", func(b *testing.B) {
		raw, z := string(archivetest.Pack(8, body)), flate.NewReader(nil)
		data := forgeALZ(forgedALZ{name: "a.txt", body: body, method: alzDeflate})
		archivetest.Beside(b, ALZ, data, len(body), "flate", func() io.Reader { return archivetest.InTurn(z, []string{raw}) })
	})
	b.Run("method=bzip2", func(b *testing.B) {
		body := archivetest.Text(800_000) // one block
		packed := archivetest.Tool(b, body, "bzip2", "-c")
		data := forgeALZ(forgedALZ{name: "a.txt", body: body, method: alzBzip2, packed: alzBzip2Of(b, packed)})
		archivetest.Beside(b, ALZ, data, len(body), "bzip2", func() io.Reader { return bzip2.NewReader(bytes.NewReader(packed)) })
	})
}

func BenchmarkEGG(b *testing.B) {
	body := archivetest.Text(4 << 20)
	with := func(method byte, packed []byte) []byte {
		return forgeEGG(forgedEGG{name: "a.txt", body: body, method: method, packed: string(packed)})
	}
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, EGG, with(0, nil), body) })
	b.Run("method=deflate", func(b *testing.B) {
		raw, z := string(archivetest.Pack(8, body)), flate.NewReader(nil)
		archivetest.Beside(b, EGG, with(eggDeflate, nil), len(body), "flate", func() io.Reader { return archivetest.InTurn(z, []string{raw}) })
	})
	b.Run("method=bzip2", func(b *testing.B) {
		packed := archivetest.Tool(b, body, "bzip2", "-c")
		archivetest.Beside(b, EGG, with(eggBzip2, packed), len(body), "bzip2", func() io.Reader { return bzip2.NewReader(bytes.NewReader(packed)) })
	})
	b.Run("method=lzma", func(b *testing.B) {
		packed := archivetest.Tool(b, body, "xz", "--format=lzma", "-c")
		p := lzma.Props{LC: 3, PB: 2, Dict: 8 << 20}
		archivetest.Beside(b, EGG, with(eggLZMA, packed), len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(packed[13:]), p, int64(len(body)), 64<<20) })
	})
}

func BenchmarkALZMembers(b *testing.B) {
	archivetest.BenchMembers(b, ALZ, func(n int, name func(int) string, body string) []byte {
		files := make([]forgedALZ, n)
		for i := range n {
			files[i] = forgedALZ{name: name(i), body: body, method: alzDeflate}
		}
		return forgeALZ(files...)
	})
}

func BenchmarkEGGMembers(b *testing.B) {
	archivetest.BenchMembers(b, EGG, func(n int, name func(int) string, body string) []byte {
		files := make([]forgedEGG, n)
		for i := range n {
			files[i] = forgedEGG{name: name(i), body: body, method: eggDeflate}
		}
		return forgeEGG(files...)
	})
}
