package squashfs

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func TestSquashTools(t *testing.T) {
	files := archivetest.WIMTree(t)
	root := archivetest.Plant(t, files)
	for name, args := range map[string][]string{
		"gzip":    {"-comp", "gzip"},
		"zstd":    {"-comp", "zstd"},
		"stored":  {"-noI", "-noD", "-noF"},
		"no-tail": {"-no-fragments"},
		"tails":   {"-always-use-fragments", "-b", "1M"},
	} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.squashfs")
			archivetest.Run(t, "mksquashfs", append([]string{root, image, "-quiet", "-no-progress"}, args...)...)
			archivetest.CheckTree(t, Format, archivetest.Slurp(t, image), files)
		})
	}
	image := filepath.Join(t.TempDir(), "image.squashfs")
	archivetest.Run(t, "mksquashfs", root, image, "-quiet", "-no-progress", "-comp", "xz")
	all, _, err := archivetest.ReadAll(t, Format, archivetest.Slurp(t, image))
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("xz: %d members, %v", len(all), err)
	}
}

// seed is the smallest volume that can be had: one stored file in the root.
func seed() []byte {
	b := make([]byte, 96)
	meta := func(data string) string { return string([]byte{byte(len(data)), byte(len(data)>>8) | 0x80}) + data }
	put := func(at int, v ...byte) { copy(b[at:], v) }
	body := archivetest.Payload
	inodes := "\x02\x00" + string(make([]byte, 14)) + "\x60\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00" + string([]byte{byte(len(body)), byte(len(body) >> 8), 0, 0, byte(len(body)), byte(len(body) >> 8), 0, 1})
	dirs := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x02\x00\x03\x00p.js"
	root := len(inodes)
	inodes += "\x01\x00" + string(make([]byte, 14)) + "\x00\x00\x00\x00\x01\x00\x00\x00" + string([]byte{byte(len(dirs) + 3), 0, 0, 0}) + "\x00\x00\x00\x00"
	copy(b, "hsqs")
	put(12, 0, 0, 2)
	put(20, 1)
	put(28, 4)
	put(32, byte(root))
	at := 96 + len(body)
	put(64, byte(at), byte(at>>8))
	put(72, byte(at+2+len(inodes)), byte((at+2+len(inodes))>>8))
	return append(b, body+meta(inodes)+meta(dirs)...)
}

func TestSquashForged(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, Format, seed())
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload || all[0].Names[0] != "p.js" {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
}

func FuzzSquash(f *testing.F) {
	f.Add(seed())
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 64<<20) })
}
