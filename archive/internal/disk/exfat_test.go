package disk

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// exfatEntryOf is the set of entries of one file.
func exfatEntryOf(name string, attributes uint16, flags byte, first uint32, size, valid uint64) []byte {
	le := binary.LittleEndian
	names := (len(name) + 14) / 15
	b := make([]byte, 32*(2+names))
	b[0], b[1] = exfatFile, byte(1+names)
	le.PutUint16(b[4:], attributes)
	s := b[32:]
	s[0], s[1], s[3] = exfatStream, flags, byte(len(name))
	le.PutUint64(s[8:], valid)
	le.PutUint32(s[20:], first)
	le.PutUint64(s[24:], size)
	for i := range names {
		n := b[64+32*i:]
		n[0] = exfatName
		copy(n[2:], archivetest.LEName(name[15*i:min(len(name), 15*i+15)]))
	}
	return b
}

// forgeExFAT writes a volume of 512-byte clusters: the root is cluster 2, a chained
// file 3 and 5, a plain one 6 and 7, a directory 8 that contains itself.
func forgeExFAT() []byte {
	le := binary.LittleEndian
	b := make([]byte, 128<<10)
	copy(b[3:], "EXFAT   ")
	le.PutUint32(b[80:], 24)
	le.PutUint32(b[84:], 2)
	le.PutUint32(b[88:], 32)
	le.PutUint32(b[92:], 200)
	le.PutUint32(b[96:], 2)
	b[108], b[109], b[110] = 9, 0, 1
	table := b[24*512:]
	le.PutUint32(table[4*2:], 0xffffffff)
	le.PutUint32(table[4*3:], 5)
	le.PutUint32(table[4*5:], 0xffffffff)
	cluster := func(n int) []byte { return b[(32+n-2)*512:] }
	root := append([]byte{0x83, 0}, make([]byte, 30)...) // the label
	root = append(root, exfatEntryOf("chained with a long name.js", 0, 0, 3, 700, 600)...)
	root = append(root, exfatEntryOf("plain", 0, exfatPlain, 6, uint64(512+len(archivetest.Marker)), 1<<20)...)
	root = append(root, exfatEntryOf("dir", fatDir, exfatPlain, 8, 512, 512)...)
	copy(cluster(2), root)
	copy(cluster(3), strings.Repeat("c", 512))
	copy(cluster(5), strings.Repeat("d", 512))
	copy(cluster(7), archivetest.Marker)
	copy(cluster(8), append(exfatEntryOf("dir", fatDir, exfatPlain, 8, 512, 512), exfatEntryOf("nowhere", 0, exfatPlain, 4000, 5, 5)...))
	return b
}

func TestExFAT(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, Disk, forgeExFAT())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if g := all[0]; g.Data != strings.Repeat("c", 512)+strings.Repeat("d", 88)+string(make([]byte, 100)) || g.Names[0] != "chained with a long name.js" {
		t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
	}
	if g := all[1]; g.Data != string(make([]byte, 512))+archivetest.Marker {
		t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
	}
	if g := all[2]; g.Err == nil || g.Names[0] != "dir/nowhere" {
		t.Errorf("%q: %v", g.Names, g.Err)
	}
}

func TestExFATEmpty(t *testing.T) {
	image := filepath.Join(t.TempDir(), "exfat.img")
	if err := os.WriteFile(image, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	archivetest.Run(t, "mkfs.exfat", image)
	archivetest.CheckTree(t, Disk, archivetest.Slurp(t, image), nil)
}

func FuzzExFAT(f *testing.F) {
	f.Add(packSectors(forgeExFAT()))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, Disk, data) })
}
