package disk

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// ntfsImage is a volume that mkfs.ntfs and ntfscp made, with files in its root.
func ntfsImage(t testing.TB, files map[string]string, args ...string) []byte {
	image := writeFile(t, "ntfs.img", make([]byte, 8<<20))
	archivetest.Run(t, "mkfs.ntfs", append(append([]string{"-F", "-q", "-f"}, args...), image)...)
	for name, body := range files {
		name, stream, ads := strings.Cut(name, ":")
		args := []string{image, writeFile(t, "body", []byte(body)), name}
		if ads {
			args = append([]string{"-N", stream}, args...)
		}
		archivetest.Run(t, "ntfscp", append([]string{"-f", "-q"}, args...)...)
	}
	return archivetest.Slurp(t, image)
}

func TestNTFSTools(t *testing.T) {
	files := map[string]string{
		"readme.txt":                       "read me\n", // resident
		"invoice from a very long name.js": archivetest.Payload,
		"big.bin":                          strings.Repeat("0123456789abcdef", 40_000),
		"empty.js":                         "",
	}
	for name, args := range map[string][]string{"4k": nil, "512": {"-c", "512"}, "64k": {"-c", "65536"}} {
		t.Run(name, func(t *testing.T) {
			image := ntfsImage(t, files, args...)
			archivetest.CheckTree(t, Disk, image, files)
			archivetest.CheckTree(t, Disk, partitioned(7, image), files)
			all, _, err := archivetest.ReadAll(t, VHD, forgeVHD(partitioned(7, image)))
			if err != nil {
				t.Fatal(err)
			}
			archivetest.CheckFiles(t, all, files)
		})
	}
	streams := map[string]string{"f.txt": "file", "f.txt:hidden.js": archivetest.Payload}
	image := ntfsImage(t, map[string]string{"f.txt": "file"})
	path := writeFile(t, "n.img", image)
	archivetest.Run(t, "ntfscp", "-f", "-q", "-N", "hidden.js", path, writeFile(t, "b", []byte(archivetest.Payload)), "f.txt")
	archivetest.CheckTree(t, Disk, archivetest.Slurp(t, path), streams)
}

// ntfsForge writes a volume of 1 KiB records and 512-byte clusters: the table is
// at cluster 16, the forged records begin at number 16.
type ntfsForge struct{ image []byte }

func newNTFSForge() *ntfsForge {
	f := &ntfsForge{make([]byte, 256<<10)}
	le := binary.LittleEndian
	copy(f.image[3:], ntfsMagic)
	le.PutUint16(f.image[11:], 512)
	f.image[13], f.image[64] = 1, 0xf6
	le.PutUint64(f.image[48:], 16)
	le.PutUint64(f.image[56:], 16)
	f.record(0, 0, ntfsRuns("", 0, 64<<10, "\x22\x80\x00\x10\x00\x00"))
	f.record(ntfsRoot, 2, ntfsNameOf(ntfsRoot, "."))
	return f
}

func (f *ntfsForge) record(n int, flags uint16, attrs ...[]byte) {
	b := f.image[16*512+n*1024:][:1024]
	clear(b)
	le := binary.LittleEndian
	copy(b, "FILE")
	le.PutUint16(b[4:], 48)
	le.PutUint16(b[6:], 3)
	le.PutUint16(b[20:], 56)
	le.PutUint16(b[22:], flags|1)
	at := 56
	for _, a := range attrs {
		at += copy(b[at:], a)
	}
	le.PutUint32(b[at:], ntfsAttrEnd)
	for i, off := range []int{510, 1022} { // what a writer does against torn records
		copy(b[50+2*i:], b[off:off+2])
		copy(b[off:], "\x01\x00")
	}
}

func ntfsAttr(kind uint32, name string, header int, value []byte) []byte {
	w := archivetest.LEName(name)
	n := (header + len(w) + len(value) + 7) &^ 7
	a := make([]byte, n)
	le := binary.LittleEndian
	le.PutUint32(a, kind)
	le.PutUint32(a[4:], uint32(n))
	a[9] = byte(len(w) / 2)
	le.PutUint16(a[10:], uint16(header))
	copy(a[header:], w)
	copy(a[header+len(w):], value)
	return a
}

func ntfsNameOf(parent uint64, name string) []byte {
	v := make([]byte, 66)
	binary.LittleEndian.PutUint64(v, parent|1<<48)
	v[64] = byte(len(name))
	return ntfsResidentOf(ntfsAttrName, "", append(v, archivetest.LEName(name)...))
}

func ntfsResidentOf(kind uint32, name string, value []byte) []byte {
	a := ntfsAttr(kind, name, 24, value)
	binary.LittleEndian.PutUint32(a[16:], uint32(len(value)))
	binary.LittleEndian.PutUint16(a[20:], uint16(24+2*len(name)))
	return a
}

func ntfsRuns(name string, first uint64, size int64, runs string) []byte {
	a := ntfsAttr(ntfsAttrData, name, 64, []byte(runs+"\x00"))
	le := binary.LittleEndian
	a[8] = 1
	le.PutUint64(a[16:], first)
	le.PutUint16(a[32:], uint16(64+2*len(name)))
	le.PutUint64(a[48:], uint64(size))
	le.PutUint64(a[56:], uint64(size))
	return a
}

func TestNTFSForged(t *testing.T) {
	f := newNTFSForge()
	body := strings.Repeat("x", 512) + archivetest.Payload
	copy(f.image[200*512:], body[:512])
	copy(f.image[190*512:], body[512:])
	f.record(16, 2, ntfsNameOf(ntfsRoot, "dir"))
	// Two runs in two records, a hole, an alternate stream, two names.
	f.record(17, 0, ntfsNameOf(16, "p.js"), ntfsNameOf(ntfsRoot, "link.js"), ntfsRuns("", 0, int64(len(body)), "\x21\x01\xc8\x00"), ntfsResidentOf(ntfsAttrData, "s", []byte("stream")))
	f.record(18, 0, ntfsRuns("", 1, 0, "\x21\x01\xbe\x00"))
	binary.LittleEndian.PutUint64(f.image[16*512+18*1024+32:], 17|5<<48)
	sparse := ntfsRuns("", 0, 1024+4, "\x01\x02\x21\x01\xc8\x00")
	f.record(19, 0, ntfsNameOf(20, "hole"), sparse)
	f.record(20, 2, ntfsNameOf(21, "loop")) // its parent is its own child
	f.record(21, 2, ntfsNameOf(20, "loop"))
	efs := ntfsRuns("", 0, 5, "\x21\x01\xc8\x00")
	efs[13] = 0x40
	f.record(22, 0, ntfsNameOf(ntfsRoot, "secret"), efs)
	f.record(23, 0, ntfsNameOf(ntfsRoot, "wof"), ntfsRuns("", 0, 5, "\x01\x01"), ntfsResidentOf(ntfsAttrData, "WofCompressedData", []byte("packed")))
	f.record(24, 0, ntfsNameOf(ntfsExtend, "$own"), ntfsResidentOf(ntfsAttrData, "", []byte("of the file system")))
	all, _, err := archivetest.ReadAll(t, Disk, f.image)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]archivetest.Got{}
	for _, g := range all {
		byName[g.Names[0]] = g
	}
	if g := byName["dir/p.js"]; g.Data != body || !slices.Contains(g.Names, "link.js") {
		t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
	}
	if byName["dir/p.js:s"].Data != "stream" || byName["loop/loop/hole"].Data != string(make([]byte, 1024))+"xxxx" {
		t.Errorf("%+v", all)
	}
	if !errors.Is(byName["secret"].Err, level.ErrEncrypted) || !errors.Is(byName["wof"].Err, level.ErrUnsupported) || byName["wof:WofCompressedData"].Data != "packed" {
		t.Error("what cannot be read is not said")
	}
	if len(all) != 6 {
		t.Errorf("%d members", len(all))
	}
}

// TestLZNT1 reads the example of [MS-XCA] section 3.3.
func TestLZNT1(t *testing.T) {
	in := []byte{
		0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47, 0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24,
		0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
	}
	want := "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"
	out := make([]byte, len(want))
	if n, err := decodeLZNT1(out, in); err != nil || string(out[:n]) != want {
		t.Errorf("%q, %v", out[:n], err)
	}
}

// TestNTFSCompressed has a unit of sixteen clusters, of which two are there.
func TestNTFSCompressed(t *testing.T) {
	f := newNTFSForge()
	body := archivetest.Payload + strings.Repeat("\x00", 3000)
	plain := body[:4096-1024]
	chunk := append([]byte{0, 0}, plain...)
	binary.LittleEndian.PutUint16(chunk, uint16(len(plain)-1)|0x3000)
	copy(f.image[200*512:], chunk)
	a := ntfsRuns("", 0, int64(len(plain)), "\x21\x07\xc8\x00\x01\x09")
	a[12], a[34] = ntfsCompressed, 4
	f.record(16, 0, ntfsNameOf(ntfsRoot, "p.js"), a)
	all, _, err := archivetest.ReadAll(t, Disk, f.image)
	if err != nil || len(all) != 1 || all[0].Data != plain || all[0].Method != "lznt1" {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
}

func FuzzNTFS(f *testing.F) {
	n := newNTFSForge()
	n.record(16, 2, ntfsNameOf(ntfsRoot, "dir"))
	n.record(17, 0, ntfsNameOf(16, "p.js"), ntfsRuns("", 0, 600, "\x21\x01\xc8\x00\x01\x01"), ntfsResidentOf(ntfsAttrData, "s", []byte("stream")))
	f.Add(packSectors(n.image))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzImage(t, Disk, data) })
}

func FuzzLZNT1(f *testing.F) {
	f.Add([]byte("\x02\xb0\x00abc"))
	out := make([]byte, 64<<10)
	f.Fuzz(func(t *testing.T, in []byte) {
		if n, _ := decodeLZNT1(out, in); n < 0 || n > len(out) {
			t.Error(n)
		}
	})
}
