package apfs

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestMade: a container of mkapfs has no files, and nothing to complain about.
func TestMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 200 << 20
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	archivetest.Run(t, "mkapfs", path)
	archivetest.Run(t, "apfsck", path)
	all, r, err := archivetest.ReadFrom(t, Format, f, size)
	if err != nil || len(all) != 0 || len(r.Anomalies()) > 0 {
		t.Errorf("%d members, %v, %v", len(all), err, r.Anomalies())
	}
}

// TestForgedJudge: 7-Zip takes from what is forged here what is meant.
func TestForgedJudge(t *testing.T) {
	archivetest.Program(t, "7zz")
	large, files := tall(300)
	small, packedFiles := packed()
	for _, c := range []struct {
		image []byte
		files map[string]string
		least int
	}{{seed().finish(), seedFiles(), 6}, {large.finish(), files, 300}, {small.finish(), packedFiles, 3}} {
		bodies := map[string]bool{}
		for _, body := range c.files {
			bodies[body] = true
		}
		got := archivetest.Extracted(t, c.image, ".apfs")
		for name, body := range got {
			if !bodies[body] {
				t.Errorf("7-Zip extracts %q, %d bytes", name, len(body))
			}
		}
		if len(got) < c.least {
			t.Errorf("7-Zip extracts %d files", len(got))
		}
	}
}

// reseal gives all objects of an image the right checksum, without which 7-Zip reads none.
func reseal(image, honest []byte) {
	for ; len(image) > 0; image, honest = image[forgeBlock:], honest[forgeBlock:] {
		if checked(honest[:forgeBlock]) {
			seal(image[:forgeBlock])
		}
	}
}

// TestJudge: what 7-Zip extracts from volumes that were damaged is yielded.
func TestJudge(t *testing.T) {
	large, _ := tall(30)
	n := 0
	for seedOf, image := range [][]byte{seed().finish(), large.finish(), twice()} {
		rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(seedOf)))
		for range archivetest.JudgeRounds() {
			bad := archivetest.Mutated(rnd, image, 0)
			reseal(bad, image)
			n += archivetest.Judge(t, bytes.Clone(bad), ".apfs", Format)
		}
	}
	t.Logf("%d bodies", n)
}
