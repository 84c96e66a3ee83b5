package disk

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestHFSTools reads the volume that xorriso lays over a disc for Apple's systems.
func TestHFSTools(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disc.iso")
	archivetest.Run(t, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-hfsplus", "-o", image, archivetest.Plant(t, archivetest.TreeFiles()))
	data := archivetest.Slurp(t, image)
	if !archivetest.Detects(data, Disk) || !archivetest.Detects(data, ISO) {
		t.Error("not detected")
	}
	all, r, err := archivetest.ReadAll(t, Disk, data)
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatal(err, archivetest.NoteNames(all, r))
	}
	decomposed := map[string]string{} // as the format wants names
	for name, body := range archivetest.TreeFiles() {
		decomposed[norm.NFD.String(name)] = body
	}
	archivetest.CheckFiles(t, all, decomposed, archivetest.AnyFiles)
}

// hfsRecord is a record of a B-tree.
func hfsRecord(key, data []byte) []byte {
	r := binary.BigEndian.AppendUint16(nil, uint16(len(key)))
	return append(append(r, key...), data...)
}

// hfsTree is a B-tree of a header and one leaf.
func hfsTree(records ...[]byte) []byte { return hfsTreeOf(4096, records...) }

// hfsTreeOf is a B-tree with nodes of another size.
func hfsTreeOf(node int, records ...[]byte) []byte {
	be := binary.BigEndian
	b := make([]byte, 2*node)
	b[8] = 1
	be.PutUint16(b[10:], 3)
	be.PutUint16(b[14:], 1) // depth
	be.PutUint32(b[16:], 1) // root
	be.PutUint32(b[20:], uint32(len(records)))
	be.PutUint32(b[24:], 1) // first leaf
	be.PutUint32(b[28:], 1) // last leaf
	be.PutUint16(b[32:], uint16(node))
	be.PutUint32(b[36:], 2) // nodes
	leaf := b[node:]
	leaf[8], leaf[9] = 0xff, 1
	be.PutUint16(leaf[10:], uint16(len(records)))
	at := 14
	for i, r := range records {
		be.PutUint16(leaf[node-2*(i+1):], uint16(at))
		at += copy(leaf[at:], r)
	}
	be.PutUint16(leaf[node-2*(len(records)+1):], uint16(at)) // where free space begins
	return b
}

func hfsKey(parent uint32, name string) []byte {
	b := binary.BigEndian.AppendUint32(nil, parent)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	return append(b, isoWide(name)...)
}

// hfsForkOf is a fork whose first extents are given in blocks.
func hfsForkOf(size int, extents ...uint32) []byte {
	b := make([]byte, hfsForkBytes)
	binary.BigEndian.PutUint64(b, uint64(size))
	for i, n := range extents {
		binary.BigEndian.PutUint32(b[16+4*i:], n)
	}
	return b
}

func hfsFileOf(id uint32, flags byte, data, resource []byte) []byte {
	b := make([]byte, 88)
	b[1] = 2
	binary.BigEndian.PutUint32(b[8:], id)
	b[41] = flags
	return append(append(b, data...), resource...)
}

func hfsFolderOf(id uint32) []byte {
	b := make([]byte, 88)
	b[1] = 1
	binary.BigEndian.PutUint32(b[8:], id)
	return b
}

// forgeHFS is a volume of 4 KiB blocks: one file in nine pieces, one with a
// resource fork, one compressed, and folders in a loop.
func forgeHFS() []byte {
	be := binary.BigEndian
	b := make([]byte, 64*4096)
	block := func(n int) []byte { return b[n*4096:] }
	copy(b[1024:], "H+\x00\x04")
	be.PutUint32(b[1024+40:], 4096)
	more := make([]byte, 10)
	be.PutUint32(more[2:], 20)
	be.PutUint32(more[6:], 8)
	copy(block(2), hfsTree(hfsRecord(more, hfsForkOf(0, 40, 1)[16:])))
	copy(b[1024+192:], hfsForkOf(2*4096, 2, 2))
	copy(block(4), hfsTree(
		hfsRecord(hfsKey(2, "dir"), hfsFolderOf(16)),
		hfsRecord(hfsKey(17, "loop"), hfsFolderOf(18)),
		hfsRecord(hfsKey(18, "loop"), hfsFolderOf(17)),
		hfsRecord(hfsKey(16, "p.js"), hfsFileOf(20, 0, hfsForkOf(8*4096+len(archivetest.Marker), 30, 1, 32, 1, 31, 1, 33, 1, 34, 1, 35, 1, 36, 1, 37, 1), hfsForkOf(3, 50, 1))),
		hfsRecord(hfsKey(17, "packed"), hfsFileOf(21, 0x20, hfsForkOf(0), hfsForkOf(4, 50, 1))),
	))
	copy(b[1024+272:], hfsForkOf(2*4096, 4, 2))
	for i, n := range []int{30, 32, 31, 33, 34, 35, 36, 37} {
		copy(block(n), strings.Repeat(string(rune('a'+i)), 4096))
	}
	copy(block(40), archivetest.Marker)
	copy(block(50), "rsrc")
	return b
}

func TestHFSForged(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, Disk, forgeHFS())
	if err != nil || len(all) != 4 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	want := ""
	for _, c := range "abcdefgh" {
		want += strings.Repeat(string(c), 4096)
	}
	if g := all[0]; g.Data != want+archivetest.Marker || g.Names[0] != "dir/p.js" {
		t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
	}
	if g := all[1]; g.Data != "rsr" || g.Names[0] != "dir/p.js/..namedfork/rsrc" {
		t.Errorf("%q: %q, %v", g.Names, g.Data, g.Fault)
	}
	// A file that is said to be compressed is not, without the attribute.
	if g := all[2]; g.Data != "" || g.Fault != nil || !strings.HasSuffix(g.Names[0], "loop/packed") {
		t.Errorf("%q: %v", g.Names, g.Fault)
	}
}

func FuzzHFS(f *testing.F) {
	f.Add(packSectors(forgeHFS()))
	f.Add(packSectors(forgePackedHFS(packedSamples(archivetest.Payload))))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, Disk, data) })
}
