package cramfs

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkCramfs(b *testing.B) {
	body := archivetest.Text(4 << 20)
	f := newForge(binary.LittleEndian, 0)
	data := f.root(f.inode(modeFile, len(body), f.file(body, pageBytes), "a.txt"))
	pieces := archivetest.Pieces(body, pageBytes, func(s string) string { return string(zlibbed(s)) })
	z, err := zlib.NewReader(bytes.NewReader(zlibbed("")))
	if err != nil {
		b.Fatal(err)
	}
	archivetest.Beside(b, Format, data, len(body), "zlib", func() io.Reader { return archivetest.InTurn(z, pieces) })
}

func BenchmarkCramfsMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		f := newForge(binary.LittleEndian, 0)
		entries := make([][]byte, n)
		for i := range n {
			entries[i] = f.inode(modeFile, len(body), f.file(body, pageBytes), name(i))
		}
		return f.root(entries...)
	})
}
