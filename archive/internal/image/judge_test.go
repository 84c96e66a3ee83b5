package image

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
)

// TestJudge: what 7-Zip extracts from damaged images is yielded.
func TestJudge(t *testing.T) {
	_, on := seedFiles()
	raw := floppy(800, on...)
	for _, c := range made {
		t.Run(c.name, func(t *testing.T) {
			image := tool(t, raw, c.args...)
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			n := 0
			for range archivetest.JudgeRounds() {
				n += archivetest.Judge(t, archivetest.Mutated(rnd, image, 0), "."+c.format.Name, c.format, disk.Disk, disk.FAT)
			}
			t.Logf("%d bodies", n)
		})
	}
}
