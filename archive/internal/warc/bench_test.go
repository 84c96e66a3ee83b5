package warc

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkWARC(b *testing.B) {
	body := archivetest.Text(8 << 20)
	b.Run("record=resource", func(b *testing.B) { archivetest.BesideCopy(b, Format, []byte(record{block: body}.String()), body) })
	b.Run("record=response", func(b *testing.B) {
		r := response("Content-Type: text/plain\r\n", body)
		archivetest.BesideCopy(b, Format, []byte(r.String()), r.block+body)
	})
	b.Run("record=deflate", func(b *testing.B) {
		raw := archivetest.Pack(8, body)
		data := response("Content-Encoding: deflate\r\n", string(raw)).String()
		archivetest.Beside(b, Format, []byte(data), len(body), "flate", func() io.Reader { return flate.NewReader(bytes.NewReader(raw)) })
	})
}

func BenchmarkWARCMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		var all strings.Builder
		for i := range n {
			all.WriteString(record{fields: "WARC-Record-ID: " + name(i) + "\r\n", block: body}.String())
		}
		return []byte(all.String())
	})
}
