package cab

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzx"
)

func BenchmarkCab(b *testing.B) {
	body := archivetest.Text(2 << 20)
	b.Run("method=mszip", func(b *testing.B) {
		c := forgedCab{method: cabMSZIP, blocks: mszip(body), files: []forgedCabFile{{"f", uint32(len(body)), 0, 0}}}
		raw := archivetest.Pack(8, body)
		archivetest.Beside(b, Cab, c.bytes(), len(body), "flate", func() io.Reader { return flate.NewReader(bytes.NewReader(raw)) })
	})
	b.Run("method=lzx", func(b *testing.B) {
		frame := archivetest.LZXPlain(body[:lzx.FrameSize])
		c := forgedCab{method: cabLZX | 15<<8, blocks: []cabBlockOf{{frame, lzx.FrameSize}}, files: []forgedCabFile{{"f", lzx.FrameSize, 0, 0}}}
		archivetest.Beside(b, Cab, c.bytes(), lzx.FrameSize, "lzx", func() io.Reader {
			d, _ := lzx.New(15)
			out := make([]byte, lzx.FrameSize)
			n, err := d.Frame(out, frame)
			if err != nil {
				b.Fatal(err)
			}
			return struct{ io.Reader }{bytes.NewReader(out[:n])}
		})
	})
}

func BenchmarkSzdd(b *testing.B) {
	body := archivetest.Text(2 << 20)
	data := szddOf(body)
	archivetest.Beside(b, Szdd, data, len(body), "lzss", func() io.Reader { return newLZSS(bytes.NewReader(data[14:]), lzssWindow-16) })
}

func BenchmarkCabMembers(b *testing.B) {
	archivetest.BenchMembers(b, Cab, func(n int, name func(int) string, body string) []byte {
		c := forgedCab{method: cabMSZIP, blocks: mszip(strings.Repeat(body, n))}
		for i := range n {
			c.files = append(c.files, forgedCabFile{name(i), uint32(len(body)), uint32(len(body) * i), 0})
		}
		return c.bytes()
	})
}
