package ext

import (
	"fmt"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkExt(b *testing.B) {
	body := archivetest.Text(6 << 20)
	f := newForge(len(body)/forgeBlock + 64)
	f.inode(12, modeFile, flagExtents, int64(len(body)), node(0, leaf(0, uint16(len(body)/forgeBlock), f.data([]byte(body)))))
	f.dir(rootInode, entry(12, "a.txt", 0))
	archivetest.BesideCopy(b, Format, f.image, body)
}

// BenchmarkExtMembers shows that the cost of a member does not grow with their number.
func BenchmarkExtMembers(b *testing.B) {
	for _, n := range []int{100, 1000, 8000} {
		f := newForge(64 + n/4 + n/40 + 8)
		table := f.next
		f.next += uint32(n/4 + 4)
		f.desc(0, table)
		le.PutUint32(f.super(), uint32(n+16))
		le.PutUint32(f.super()[40:], 8192)
		body := f.data([]byte(archivetest.Payload))
		var dir []byte
		first := f.next
		for i := range n {
			if len(dir)%forgeBlock+12 > forgeBlock {
				dir = append(dir, make([]byte, forgeBlock-len(dir)%forgeBlock)...)
			}
			dir = append(dir, entry(uint32(i+12), string(rune('a'+i%26)), 0)...)
			in := f.image[int(table)*forgeBlock+(i+11)*forgeInode:]
			le.PutUint16(in, modeFile)
			le.PutUint32(in[4:], uint32(1+i%200))
			le.PutUint16(in[26:], 1)
			le.PutUint32(in[40:], body)
		}
		f.data(dir)
		root := f.image[int(table)*forgeBlock+forgeInode:]
		le.PutUint16(root, modeDir)
		le.PutUint32(root[4:], uint32(len(dir)))
		le.PutUint32(root[32:], flagExtents)
		copy(root[40:], node(0, leaf(0, uint16(len(dir)/forgeBlock+1), first)))
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, Format, f.image)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}
