package archive

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// judgeRounds is how many mutated images of each kind 7-Zip judges; more by the
// environment's FIVEFIFTY_ROUNDS.
func judgeRounds() int {
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_ROUNDS")); err == nil {
		return n
	}
	return 10
}

// extracted are the bodies that 7-Zip takes out of a file, whatever it says of its
// state. What it calls by the names of structures, and leaves empty, are no files.
func extracted(t *testing.T, data []byte, ext string) map[string]string {
	t.Helper()
	program := program(t, "7z")
	dir := t.TempDir()
	path := writeFile(t, "image"+ext, data)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = exec.CommandContext(ctx, program, "x", "-y", "-o"+dir, path).Run() // an error is an opinion
	found := map[string]string{}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if b, err := os.ReadFile(p); err == nil && len(b) > 0 && len(b) < 4<<20 {
				rel, _ := filepath.Rel(dir, p)
				found[rel] = string(b)
			}
		}
		return nil
	})
	return found
}

// mutate changes a few bytes where the image is not empty, mostly at its start,
// where the structures are.
func mutate(rnd *rand.Rand, image []byte, from int) []byte {
	bad := append([]byte(nil), image...)
	for range 1 + rnd.IntN(6) {
		for range 1000 {
			at := from + rnd.IntN(min(len(bad)-from, 16<<10<<rnd.IntN(8)))
			if bad[at] != 0 || rnd.IntN(50) == 0 {
				switch rnd.IntN(3) {
				case 0:
					bad[at] ^= 1 << rnd.IntN(8)
				case 1:
					bad[at] = byte(rnd.Uint32())
				default:
					bad[at]++
				}
				break
			}
		}
	}
	return bad
}

func TestDiskJudge(t *testing.T) {
	files := map[string]string{"a.txt": "some text", "b.js": payload, "d/e/c.js": payload + "c", "d/long name of a file.txt": strings.Repeat("long ", 2000)}
	iso := func(args ...string) []byte {
		image := filepath.Join(t.TempDir(), "disc.iso")
		run(t, "genisoimage", append(append([]string{"-quiet"}, args...), "-o", image, plant(t, files))...)
		return slurp(t, image)
	}
	flat := map[string]string{"a.txt": "some text", "b.js": payload, "long name of a file.txt": strings.Repeat("long ", 2000)}
	for _, c := range []struct {
		name, ext string
		from      int
		image     []byte
	}{
		{"iso", ".iso", 32 << 10, iso("-J", "-R")},
		{"udf", ".iso", 32 << 10, iso("-udf")},
		{"fat", ".img", 0, fatImage(t, 12, 1440, files)},
		{"ntfs", ".img", 0, ntfsImage(t, flat)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			for range judgeRounds() {
				judgeDisk(t, mutate(rnd, c.image, c.from), c.ext)
			}
		})
	}
}

// judge fails if 7-Zip takes something out of an image that no reading of ours
// has.
func judgeDisk(t *testing.T, image []byte, ext string) {
	t.Helper()
	bodies := map[string]bool{}
	for _, f := range Detect(readerAt(image), int64(len(image))) {
		all, _, _ := readAll(t, f, image)
		for _, g := range all {
			bodies[g.data] = true
		}
	}
	for name, body := range extracted(t, image, ext) {
		if !bodies[body] && !strings.HasPrefix(name, "[") {
			kept := filepath.Join(os.TempDir(), "judge"+ext)
			os.WriteFile(kept, image, 0o600)
			t.Errorf("7-Zip extracts %q, %d bytes, and we do not: see %s", name, len(body), kept)
			return
		}
	}
}
