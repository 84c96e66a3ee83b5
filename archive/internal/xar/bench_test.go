package xar

import (
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// fileOf is a file in the table of contents.
func fileOf(name string, at, packed, size int, style string) string {
	return fmt.Sprintf(`<file><name>%s</name><data><length>%d</length><offset>%d</offset><size>%d</size><encoding style="application/%s"/></data></file>`,
		name, packed, at, size, style)
}

func BenchmarkXAR(b *testing.B) {
	body := archivetest.Text(4 << 20)
	imageWith := func(packed, style string) []byte {
		return imageOf("<xar><toc>"+fileOf("a.txt", 0, len(packed), len(body), style)+"</toc></xar>", packed)
	}
	b.Run("method=zlib", func(b *testing.B) {
		packed := archivetest.ZlibOf(body)
		z, err := zlib.NewReader(strings.NewReader(packed))
		if err != nil {
			b.Fatal(err)
		}
		archivetest.Beside(b, Format, imageWith(packed, "x-gzip"), len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, []string{packed}) })
	})
	b.Run("method=bzip2", func(b *testing.B) {
		packed := archivetest.Tool(b, body, "bzip2", "-c")
		archivetest.Beside(b, Format, imageWith(string(packed), "x-bzip2"), len(body), "bzip2", func() io.Reader { return bzip2.NewReader(bytes.NewReader(packed)) })
	})
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, imageWith(body, "octet-stream"), body) })
}

func BenchmarkXARMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		var list strings.Builder
		for i := range n {
			list.WriteString(fileOf(name(i), i*len(body), len(body), len(body), "octet-stream"))
		}
		return imageOf("<xar><toc>"+list.String()+"</toc></xar>", strings.Repeat(body, n))
	})
}
