package wim

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestWIMTools(t *testing.T) {
	files := archivetest.WIMTree(t)
	root := archivetest.Plant(t, files)
	for name, args := range map[string][]string{
		"none":       {"--compress=none"},
		"xpress":     {"--compress=XPRESS"},
		"xpress-64k": {"--compress=XPRESS", "--chunk-size=64K"},
		"lzx":        {"--compress=LZX"},
		"lzx-max":    {"--compress=maximum:100"},
		"lzx-2m":     {"--compress=LZX", "--chunk-size=2M"},
		"lzms":       {"--compress=LZMS"},
		"lzms-32k":   {"--compress=LZMS", "--chunk-size=32K"},
		"lzms-1m":    {"--compress=LZMS:100", "--chunk-size=1M"},
	} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.wim")
			archivetest.Run(t, "wimlib-imagex", append([]string{"capture", root, image, "--no-acls"}, args...)...)
			archivetest.CheckTree(t, Format, archivetest.Slurp(t, image), files)
		})
	}
}

func TestWIMSolid(t *testing.T) {
	files := archivetest.WIMTree(t)
	root := archivetest.Plant(t, files)
	for name, args := range map[string][]string{
		"lzms":       {},
		"lzms-32k":   {"--solid-chunk-size=32K"},
		"lzms-1m":    {"--solid-chunk-size=1M"},
		"lzx":        {"--solid-compress=LZX", "--solid-chunk-size=128K"},
		"xpress":     {"--solid-compress=XPRESS", "--solid-chunk-size=64K"},
		"not-xpress": {"--compress=XPRESS", "--solid-compress=LZX", "--solid-chunk-size=32K"},
	} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.esd")
			archivetest.Run(t, "wimlib-imagex", append([]string{"capture", root, image, "--solid", "--no-acls"}, args...)...)
			archivetest.CheckTree(t, Format, archivetest.Slurp(t, image), files)
		})
	}
}

// FuzzWIMDecoders feeds both decoders with arbitrary bits.
func FuzzWIMDecoders(f *testing.F) {
	f.Add([]byte("\x01\x02"), false)
	f.Add(bytes.Repeat([]byte{0x99}, 600), true)
	var xpress xpressDecoder
	lzx, err := newLZX(32 << 10)
	if err != nil {
		f.Fatal(err)
	}
	out := make([]byte, 32<<10)
	f.Fuzz(func(t *testing.T, in []byte, which bool) {
		var d chunkDecoder = &xpress
		if which {
			d = lzx
		}
		if n, err := d.decode(out, in); n < 0 || n > len(out) || err == nil && n < len(out) {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}
