package swf

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzma"
)

func BenchmarkSWF(b *testing.B) {
	body := archivetest.Text(4 << 20)
	b.Run("method=zlib", func(b *testing.B) {
		packed := archivetest.ZlibOf(body)
		z, err := zlib.NewReader(bytes.NewReader([]byte(packed)))
		if err != nil {
			b.Fatal(err)
		}
		data := forged{signature: "CWS", version: 10, body: body}.bytes(b)
		archivetest.Beside(b, Format, data, len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, []string{packed}) })
	})
	b.Run("method=lzma", func(b *testing.B) {
		data := forged{signature: "ZWS", version: 15, body: body, marker: true}.bytes(b)
		raw, p := data[headBytes+4+5:], lzma.Props{LC: 3, PB: 2, Dict: 8 << 20}
		archivetest.Beside(b, Format, data, len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(raw), p, int64(len(body)), 64<<20) })
	})
}
