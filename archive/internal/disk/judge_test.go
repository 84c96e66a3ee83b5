package disk

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/dmg"
	"github.com/fivefifty/fivefifty/archive/internal/squashfs"
	"github.com/fivefifty/fivefifty/archive/internal/wim"
	"github.com/fivefifty/fivefifty/archive/internal/xar"
)

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
			for range archivetest.JudgeRounds() {
				archivetest.Judge(t, archivetest.Mutated(rnd, image, c.from), c.ext, ISO, UDF, FAT, Disk, VHD, VHDX, wim.Format, squashfs.Format, xar.Format, dmg.Format)
			}
		})
	}
}
