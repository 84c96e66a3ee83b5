package image

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// TestJudge: what 7-Zip extracts from damaged images is yielded.
func TestJudge(t *testing.T) {
	_, on := seedFiles()
	raw := floppy(800, on...)
	type maker struct {
		name   string
		format *level.Format
		image  func(t *testing.T) []byte
	}
	var all []maker
	for _, c := range made {
		all = append(all, maker{c.name, c.format, func(t *testing.T) []byte { return tool(t, raw, c.args...) }})
	}
	for name, s := range seeds() {
		if s.Format != QCOW && s.Format != VMDK && s.Format != Sparse {
			continue // 7-Zip knows none, or but one size of block
		}
		all = append(all, maker{"forged-" + name, s.Format, func(*testing.T) []byte { return s.Data }})
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			image := c.image(t)
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			n := archivetest.Judge(t, image, "."+c.format.Name, c.format, disk.Disk, disk.FAT)
			for range max(1, archivetest.JudgeRounds()/2) {
				n += archivetest.Judge(t, archivetest.Mutated(rnd, image, 0), "."+c.format.Name, c.format, disk.Disk, disk.FAT)
			}
			t.Logf("%d bodies", n)
		})
	}
}
