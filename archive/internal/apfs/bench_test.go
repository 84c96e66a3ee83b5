package apfs

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkAPFS(b *testing.B) {
	body := archivetest.Text(8 << 20)
	f := newForge(len(body)/forgeBlock + 64)
	f.file(20, rootInode, "a.txt", body)
	archivetest.BesideCopy(b, Format, f.finish(), body)
}

func BenchmarkAPFSMembers(b *testing.B) {
	archivetest.BenchMembers(b, Format, func(n int, name func(int) string, body string) []byte {
		f := newForge(n/4 + n + 64)
		for i := range n {
			f.file(uint64(100+i), rootInode, name(i), body)
		}
		return f.finish()
	})
}
