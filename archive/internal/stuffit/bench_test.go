package stuffit

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
)

func BenchmarkStuffIt(b *testing.B) {
	body := archivetest.Text(2 << 20)
	size := int64(len(body))
	for _, c := range []struct {
		method byte
		plain  func(r io.Reader) io.Reader
	}{
		{huffed, func(r io.Reader) io.Reader { return newHuffed(bufio.NewReader(r), size) }},
		{lzw, func(r io.Reader) io.Reader {
			return &released{lz.NewLZW(input.NewBytes(r), lz.LZWShape{Bits: lzwBits, Grouped: true})}
		}},
		{lzHuff, func(r io.Reader) io.Reader { return newMethod13(bufio.NewReader(r), size) }},
	} {
		b.Run("method="+methodName(c.method), func(b *testing.B) {
			fork := forgedFork{body: body, method: c.method}
			raw := fork.bytes()
			archivetest.Beside(b, Format, forgeFive(forged{name: "a", data: fork}), len(body), "decoder", func() io.Reader { return c.plain(bytes.NewReader(raw)) })
		})
	}
	b.Run("method=stored", func(b *testing.B) {
		archivetest.BesideCopy(b, Format, forgeFive(forged{name: "a", data: forgedFork{body: body}}), body)
	})
}

func BenchmarkArsenic(b *testing.B) {
	body := archivetest.Text(250_000)
	raw := arsenicOf(body, 18)
	data := forgeFive(forged{name: "a", data: forgedFork{body: body, method: arsenic, packed: string(raw)}})
	archivetest.Beside(b, Format, data, len(body), "decoder", func() io.Reader {
		return newArsenic(bufio.NewReader(bytes.NewReader(raw)), 64<<20, func(uint32) {})
	})
}

func BenchmarkStuffItMembers(b *testing.B) {
	for kind, forge := range formats {
		b.Run("kind="+kind, func(b *testing.B) {
			archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
				files := make([]forged, n)
				for i := range n {
					files[i] = forged{name: name(i), data: forgedFork{body: body, method: huffed}}
				}
				return forge(files...)
			})
		})
	}
}
