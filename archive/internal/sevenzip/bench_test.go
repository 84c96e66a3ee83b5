package sevenzip

import (
	"bytes"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/ppmd"
)

func Benchmark7z(b *testing.B) {
	body := archivetest.Text(2 << 20)
	for _, method := range []string{"LZMA", "LZMA2", "PPMd", "Deflate", "BZip2", "Copy"} {
		b.Run("method="+method, func(b *testing.B) {
			data := archivetest.PackWith(b, body, "a.7z", "7z", "a", "-m0="+method, "a.7z", "f")
			raw := data[start7z:]
			switch method {
			case "LZMA":
				p := lzma.Props{LC: 3, PB: 2, Dict: 16 << 20}
				archivetest.Beside(b, Format, data, len(body), "lzma", func() io.Reader { return lzma.NewReader(bytes.NewReader(raw), p, int64(len(body)), 64<<20) })
			case "LZMA2":
				archivetest.Beside(b, Format, data, len(body), "lzma", func() io.Reader { return lzma.NewReader2(bytes.NewReader(raw), 16<<20, 64<<20) })
			case "PPMd":
				m := ppmd.NewH(16 << 20)
				archivetest.Beside(b, Format, data, len(body), "ppmd", func() io.Reader { return ppmd.NewReader7z(bytes.NewReader(raw), m, 6, int64(len(body))) })
			default:
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					archivetest.Drain(b, Format, data)
				}
			}
		})
	}
}

func Benchmark7zMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		z := stored("", "")
		z.names, z.sizes, z.crcs = nil, nil, nil
		for i := range n {
			z.names = append(z.names, name(i))
			z.crcs = append(z.crcs, crc32.ChecksumIEEE([]byte(body)))
			if i > 0 {
				z.sizes = append(z.sizes, int64(len(body)))
			}
		}
		z.packed = []byte(strings.Repeat(body, n))
		z.unpacked = int64(len(z.packed))
		return z.bytes()
	})
}
