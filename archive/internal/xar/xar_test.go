package xar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestXARTools(t *testing.T) {
	files := archivetest.TreeFiles()
	root := archivetest.Plant(t, files)
	for _, how := range []string{"gzip", "bzip2", "none"} {
		t.Run(how, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.xar")
			archivetest.Run(t, "bsdtar", "-c", "-f", path, "--format", "xar", "--options", "xar:compression="+how, "-C", root,
				"readme.txt", "folder", "invoice from a very long name 2024.js")
			archivetest.CheckTree(t, Format, archivetest.Slurp(t, path), files)
		})
	}
}

// imageOf is an archive with that table of contents and that heap.
func imageOf(list, heap string) []byte {
	toc := archivetest.ZlibOf(list)
	b := append([]byte("xar!\x00\x1c\x00\x01"), make([]byte, 20)...)
	binary.BigEndian.PutUint64(b[8:], uint64(len(toc)))
	binary.BigEndian.PutUint64(b[16:], uint64(len(list)))
	return append(append(b, toc...), heap...)
}

func TestXARForged(t *testing.T) {
	packed := archivetest.ZlibOf(archivetest.Payload)
	list := fmt.Sprintf(`<xar><toc><file><type>directory</type><file><data><length>%d</length><offset>3</offset><size>9</size>`+
		`<encoding style="application/x-gzip"/></data><name>p.js</name></file><name>dir</name></file>`+
		`<file><name>no such</name><data><offset>3</offset><length>1</length><encoding style="application/x-strange"/></data></file></toc></xar>`, len(packed))
	all, _, err := archivetest.ReadAll(t, Format, imageOf(list, "..."+packed))
	if err != nil || len(all) != 2 || all[0].Data != archivetest.Payload || all[0].Names[0] != "dir/p.js" || all[1].Err == nil {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	cut := imageOf(list, "..."+packed)
	cut = bytes.Clone(cut[:40])
	if _, _, err := archivetest.ReadAll(t, Format, cut); err == nil {
		t.Error("a table that is cut off is no error")
	}
}

func FuzzXAR(f *testing.F) {
	f.Add(imageOf(`<xar><toc><file><name>p</name><data><offset>0</offset><length>5</length></data></file></toc></xar>`, "hello"))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 128<<20) })
}
