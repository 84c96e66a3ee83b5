package dmg

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/internal/lzfse"
	"github.com/fivefifty/fivefifty/internal/lzfse/lzfsetest"
)

func BenchmarkDMG(b *testing.B) {
	body := archivetest.Text(4 << 20)
	const size = 512 << 10 // of a chunk
	imageWith := func(kind uint32, pieces []string) []byte {
		var chunks []chunk
		for _, p := range pieces {
			chunks = append(chunks, chunk{kind, size / 512, p})
		}
		return imageOf(append(chunks, chunk{dmgEnd, 0, ""})...)
	}
	b.Run("method=stored", func(b *testing.B) {
		pieces := archivetest.Pieces(body, size, func(s string) string { return s })
		archivetest.BesideCopy(b, Format, imageWith(dmgRaw, pieces), body)
	})
	b.Run("method=zlib", func(b *testing.B) {
		pieces := archivetest.Pieces(body, size, archivetest.ZlibOf)
		z, err := zlib.NewReader(strings.NewReader(pieces[0]))
		if err != nil {
			b.Fatal(err)
		}
		archivetest.Beside(b, Format, imageWith(dmgZlib, pieces), len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, pieces) })
	})
	b.Run("method=bzip2", func(b *testing.B) {
		pieces := archivetest.Pieces(body, size, func(s string) string { return string(archivetest.Tool(b, s, "bzip2", "-c")) })
		all := []byte(strings.Join(pieces, "")) // which is a file of bzip2, too
		archivetest.Beside(b, Format, imageWith(dmgBzip2, pieces), len(body), "bzip2", func() io.Reader { return bzip2.NewReader(bytes.NewReader(all)) })
	})
	b.Run("method=lzfse", func(b *testing.B) {
		pieces := archivetest.Pieces(body, size, func(s string) string { return string(lzfsetest.Pack([]byte(s), false)) })
		archivetest.Beside(b, Format, imageWith(dmgLZFSE, pieces), len(body), "lzfse", func() io.Reader {
			readers := make([]io.Reader, len(pieces))
			for i, p := range pieces {
				readers[i] = lzfse.NewReader(bufio.NewReader(strings.NewReader(p)))
			}
			return io.MultiReader(readers...)
		})
	})
}

func BenchmarkDMGMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		partitions := make([][]chunk, n)
		for i := range n {
			partitions[i] = []chunk{{dmgZlib, 1, archivetest.ZlibOf(sectorsOf(body))}, {dmgEnd, 0, ""}}
		}
		return partitionsOf(partitions...)
	})
}

// BenchmarkDMGChunks shows that the cost of a chunk does not grow with their number.
func BenchmarkDMGChunks(b *testing.B) {
	packed := archivetest.ZlibOf(sectorsOf("a small chunk"))
	for _, n := range []int{100, 1000, 10_000} {
		data := imageOf(slices.Repeat([]chunk{{dmgZlib, 1, packed}}, n)...)
		b.Run(fmt.Sprintf("chunks=%d", n), func(b *testing.B) { archivetest.BenchFormat(b, Format, data, 512*n) })
	}
}
