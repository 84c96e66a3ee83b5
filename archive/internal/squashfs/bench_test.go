package squashfs

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// made is a volume of files as mksquashfs writes it.
func made(t testing.TB, files map[string]string, args ...string) []byte {
	root, image := archivetest.Plant(t, files), filepath.Join(t.TempDir(), "image.squashfs")
	archivetest.Run(t, "mksquashfs", append([]string{root, image, "-quiet", "-no-progress"}, args...)...)
	return archivetest.Slurp(t, image)
}

func BenchmarkSquashfs(b *testing.B) {
	body := archivetest.Text(4 << 20)
	files := map[string]string{"a.txt": body}
	b.Run("method=zlib", func(b *testing.B) {
		pieces := archivetest.Pieces(body, 128<<10, archivetest.ZlibOf)
		z, err := zlib.NewReader(strings.NewReader(pieces[0]))
		if err != nil {
			b.Fatal(err)
		}
		archivetest.Beside(b, Format, made(b, files, "-comp", "gzip"), len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, pieces) })
	})
	b.Run("method=zstd", func(b *testing.B) {
		packed := archivetest.Tool(b, body, "zstd", "-qc", "-15")
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			b.Fatal(err)
		}
		defer z.Close()
		archivetest.Beside(b, Format, made(b, files, "-comp", "zstd"), len(body), "zstd", func() io.Reader {
			if err := z.Reset(bytes.NewReader(packed)); err != nil {
				b.Fatal(err)
			}
			return struct{ io.Reader }{z}
		})
	})
	b.Run("method=stored", func(b *testing.B) { archivetest.BesideCopy(b, Format, made(b, files, "-noI", "-noD", "-noF"), body) })
}

func BenchmarkSquashfsMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		files := map[string]string{}
		for i := range n {
			files[name(i)] = fmt.Sprint(body, i)
		}
		return made(b, files)
	})
}
