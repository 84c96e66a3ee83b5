package disk

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

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/dmg"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
	"github.com/fivefifty/fivefifty/archive/internal/wim"
	"github.com/fivefifty/fivefifty/archive/internal/xar"
)

// judgeRounds is how many mutated images of each kind 7-Zip judges; more by the
// environment's FIVEFIFTY_ROUNDS.
func judgeRounds() int {
	if n, err := strconv.Atoi(os.Getenv("FIVEFIFTY_ROUNDS")); err == nil {
		return n
	}
	return 10
}

// extracted are the bodies that 7-Zip takes out of a file, whatever it says of the
// file's state, but those of which it says that they are broken.
func extracted(t *testing.T, data []byte, ext string) map[string]string {
	t.Helper()
	program := archivetest.Program(t, "7z")
	dir := t.TempDir()
	path := writeFile(t, "image"+ext, data)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	said, _ := exec.CommandContext(ctx, program, "x", "-y", "-o"+dir, path).CombinedOutput() // an error is an opinion
	broken := map[string]bool{}
	for line := range strings.Lines(string(said)) {
		if what, name, ok := strings.Cut(strings.TrimSpace(line), " : "); ok && strings.HasPrefix(what, "ERROR: ") {
			broken[name] = true
		}
	}
	found := map[string]string{}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if b, err := os.ReadFile(p); err == nil && len(b) > 0 && len(b) < 4<<20 {
				if rel, _ := filepath.Rel(dir, p); !broken[rel] {
					found[rel] = string(b)
				}
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
	files := map[string]string{"a.txt": "some text", "b.js": archivetest.Payload, "d/e/c.js": archivetest.Payload + "c", "d/long name of a file.txt": strings.Repeat("long ", 2000)}
	made := func(name string, args ...string) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			image, root := filepath.Join(t.TempDir(), name), archivetest.Plant(t, files)
			for i, arg := range args {
				args[i] = strings.NewReplacer("IMAGE", image, "ROOT", root).Replace(arg)
			}
			archivetest.Run(t, args[0], args[1:]...)
			return archivetest.Slurp(t, image)
		}
	}
	flat := map[string]string{"a.txt": "some text", "b.js": archivetest.Payload, "long name of a file.txt": strings.Repeat("long ", 2000)}
	for _, c := range []struct {
		name, ext string
		from      int
		image     func(*testing.T) []byte
	}{
		{"iso", ".iso", 32 << 10, made("disc.iso", "genisoimage", "-quiet", "-J", "-R", "-o", "IMAGE", "ROOT")},
		{"udf", ".iso", 32 << 10, made("disc.iso", "genisoimage", "-quiet", "-udf", "-o", "IMAGE", "ROOT")},
		{"fat", ".img", 0, func(t *testing.T) []byte { return fatImage(t, 12, 1440, files) }},
		{"ntfs", ".img", 0, func(t *testing.T) []byte { return ntfsImage(t, flat) }},
		{"wim", ".wim", 0, made("a.wim", "wimlib-imagex", "capture", "ROOT", "IMAGE", "--no-acls", "--compress=XPRESS")},
		{"squashfs", ".squashfs", 0, made("a.squashfs", "mksquashfs", "ROOT", "IMAGE", "-quiet", "-no-progress", "-noI")},
		{"xar", ".xar", 0, made("a.xar", "bsdtar", "-c", "-f", "IMAGE", "--format", "xar", "-C", "ROOT", "a.txt", "b.js", "d")},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := c.image(t)
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			for range judgeRounds() {
				judgeDisk(t, mutate(rnd, image, c.from), c.ext)
			}
		})
	}
}

// judge fails if 7-Zip takes something out of an image that no reading of ours
// has.
func judgeDisk(t *testing.T, image []byte, ext string) {
	t.Helper()
	bodies := map[string]bool{}
	for _, f := range archivetest.Detected(image, ISO, UDF, FAT, Disk, VHD, VHDX, wim.Format, squashfs.Format, xar.Format, dmg.Format) {
		all, _, _ := archivetest.ReadAll(t, f, image)
		for _, g := range all {
			bodies[g.Data] = true
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
