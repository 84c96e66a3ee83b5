package image

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// floppy is a FAT12 volume of sectors of 512 bytes, with files in its root whose names
// have eleven characters. Its clusters are sectors, where the table has room for so many.
func floppy(sectors int, files ...[2]string) []byte {
	b := make([]byte, sectors*512)
	le := binary.LittleEndian
	copy(b, "\xeb\x3c\x90MSDOS5.0")
	le.PutUint16(b[11:], 512)
	per := 1
	if sectors > 4000 {
		per = 64
	}
	b[13], b[14], b[16], b[17], b[21] = byte(per), 1, 1, 16, 0xf8
	le.PutUint16(b[19:], uint16(sectors))
	b[22], b[510], b[511] = 3, 0x55, 0xaa
	set := func(n, v int) {
		at := 512 + n*3/2
		pair := le.Uint16(b[at:])
		le.PutUint16(b[at:], pair|uint16(v)<<(4*(n&1)))
	}
	next := 2
	for i, f := range files {
		e := b[4*512+32*i:]
		copy(e, f[0])
		le.PutUint16(e[26:], uint16(next))
		le.PutUint32(e[28:], uint32(len(f[1])))
		copy(b[(5+per*(next-2))*512:], f[1])
		for n := (len(f[1]) + 512*per - 1) / (512 * per); n > 1; n-- {
			set(next, next+1)
			next++
		}
		set(next, 0xfff)
		next++
	}
	return b
}

// seedFiles are the files of the images that are made here.
func seedFiles() (files map[string]string, on [][2]string) {
	files = map[string]string{"P.JS": archivetest.Payload, "LONG.TXT": archivetest.Text(100_000)}
	return files, [][2]string{{"P       JS ", files["P.JS"]}, {"LONG    TXT", files["LONG.TXT"]}}
}

// check fails unless an image holds just the files of a floppy.
func check(t *testing.T, f *level.Format, image []byte, how ...archivetest.Leniency) {
	t.Helper()
	files, _ := seedFiles()
	archivetest.CheckTree(t, f, image, files, how...)
}

// tool makes an image of a raw disk with QEMU's program.
func tool(t testing.TB, raw []byte, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "raw.img"), filepath.Join(dir, "out.img")
	if err := os.WriteFile(in, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	archivetest.Run(t, "qemu-img", append(append([]string{"convert", "-f", "raw"}, args...), in, out)...)
	return archivetest.Slurp(t, out)
}

// made are the arguments of QEMU's program for each kind of image.
var made = []struct {
	name   string
	format *level.Format
	args   []string
	how    []archivetest.Leniency // there is a second reading
}{
	{"vdi", VDI, []string{"-O", "vdi"}, nil},
	{"vdi-fixed", VDI, []string{"-O", "vdi", "-o", "static=on"}, nil},
	{"qcow", QCOW, []string{"-O", "qcow"}, nil},
	{"qcow2-old", QCOW, []string{"-O", "qcow2", "-o", "compat=0.10"}, nil},
	{"qcow2", QCOW, []string{"-O", "qcow2"}, nil},
	{"qcow2-small", QCOW, []string{"-O", "qcow2", "-o", "cluster_size=512"}, nil},
	{"qcow2-large", QCOW, []string{"-O", "qcow2", "-o", "cluster_size=2M"}, nil},
	{"qcow2-packed", QCOW, []string{"-c", "-O", "qcow2"}, nil},
	{"qcow2-packed-small", QCOW, []string{"-c", "-O", "qcow2", "-o", "cluster_size=512"}, nil},
	{"qcow2-packed-large", QCOW, []string{"-c", "-O", "qcow2", "-o", "cluster_size=2M"}, nil},
	{"qcow2-zstd", QCOW, []string{"-c", "-O", "qcow2", "-o", "compression_type=zstd"}, nil},
	{"qcow2-extended", QCOW, []string{"-O", "qcow2", "-o", "extended_l2=on,cluster_size=16k"}, []archivetest.Leniency{archivetest.AnyFiles}},
	{"qcow2-extended-packed", QCOW, []string{"-c", "-O", "qcow2", "-o", "extended_l2=on"}, []archivetest.Leniency{archivetest.AnyFiles}},
	{"vmdk", VMDK, []string{"-O", "vmdk"}, nil},
	{"vmdk-stream", VMDK, []string{"-O", "vmdk", "-o", "subformat=streamOptimized"}, nil},
	{"parallels", Parallels, []string{"-O", "parallels"}, nil},
}

func TestTools(t *testing.T) {
	_, on := seedFiles()
	for _, c := range made {
		t.Run(c.name, func(t *testing.T) { check(t, c.format, tool(t, floppy(800, on...), c.args...), c.how...) })
	}
}

// TestPartitions: what is behind the last sector that was written is zeros.
func TestPartitions(t *testing.T) {
	_, on := seedFiles()
	volume := floppy(800, on...)
	raw := append(make([]byte, 1<<20), volume...)
	raw = append(raw, make([]byte, 3<<20)...)
	e := raw[446:]
	e[4], raw[510], raw[511] = 1, 0x55, 0xaa
	binary.LittleEndian.PutUint32(e[8:], 2048)
	binary.LittleEndian.PutUint32(e[12:], 800)
	for _, c := range made {
		t.Run(c.name, func(t *testing.T) { check(t, c.format, tool(t, raw, c.args...), c.how...) })
	}
}

// TestParts: of a disk in several files each has its share, or says that it has none.
func TestParts(t *testing.T) {
	_, on := seedFiles()
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw.img")
	if err := os.WriteFile(raw, floppy(800, on...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"} {
		out := filepath.Join(dir, sub+".vmdk")
		archivetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat="+sub, raw, out)
		image := archivetest.Slurp(t, out)
		if _, _, err := archivetest.ReadAll(t, VMDK, image); !archivetest.Detects(image, VMDK) || !errors.Is(err, level.ErrUnsupported) {
			t.Errorf("%s: %v", sub, err)
		}
	}
	check(t, VMDK, archivetest.Slurp(t, filepath.Join(dir, "twoGbMaxExtentSparse-s001.vmdk")))
}

// TestBacking: what an image has itself is there, and that something is missing is said.
func TestBacking(t *testing.T) {
	_, on := seedFiles()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.img")
	if err := os.WriteFile(base, make([]byte, 800*512), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*level.Format{"qcow2": QCOW, "qcow": QCOW, "vmdk": VMDK} {
		baseOf := base
		if name == "vmdk" {
			baseOf = filepath.Join(dir, "base.vmdk")
			archivetest.Run(t, "qemu-img", "create", "-f", "vmdk", baseOf, "409600")
		}
		form := map[bool]string{true: "vmdk", false: "raw"}[name == "vmdk"]
		out, raw := filepath.Join(dir, "over."+name), filepath.Join(dir, "raw.img")
		if err := os.WriteFile(raw, floppy(800, on...), 0o600); err != nil {
			t.Fatal(err)
		}
		archivetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", name, "-B", baseOf, "-F", form, raw, out)
		all, _, err := archivetest.ReadAll(t, f, archivetest.Slurp(t, out))
		if err != nil || !archivetest.Holds(all) || !errors.Is(all[0].Err, level.ErrUnsupported) {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
}

// TestEncrypted: each version says that the clusters are encrypted.
func TestEncrypted(t *testing.T) {
	for name, at := range map[string]int{"qcow": 35, "qcow-old": 39} {
		image := seeds()[name].Data
		image[at] = 1
		if _, _, err := archivetest.ReadAll(t, QCOW, image); !errors.Is(err, level.ErrEncrypted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSnapshots: snapshots are said not to be read.
func TestSnapshots(t *testing.T) {
	_, on := seedFiles()
	path := filepath.Join(t.TempDir(), "s.qcow2")
	if err := os.WriteFile(path, tool(t, floppy(800, on...), "-O", "qcow2"), 0o600); err != nil {
		t.Fatal(err)
	}
	archivetest.Run(t, "qemu-img", "snapshot", "-c", "one", path)
	all, _, err := archivetest.ReadAll(t, QCOW, archivetest.Slurp(t, path))
	if err != nil || !archivetest.Holds(all) || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// TestSources: the source's errors come out as they are, and bodies are the same byte by
// byte.
func TestSources(t *testing.T) {
	samples := map[string]archivetest.Sample{}
	for name, s := range seeds() {
		samples[name] = archivetest.Sample{Format: s.Format, Data: s.Data}
	}
	archivetest.SourceFails(t, samples)
	archivetest.ByByte(t, samples)
}

// TestCut: an image that ends early has what is there, and an error.
func TestCut(t *testing.T) {
	for name, s := range seeds() {
		all, _, err := archivetest.ReadAll(t, s.Format, s.Data[:len(s.Data)*3/4])
		fault := err != nil
		for _, g := range all {
			fault = fault || g.Fault != nil || g.Err != nil
		}
		if !fault {
			t.Errorf("%s: no fault in %d members", name, len(all))
		}
	}
}

// TestFill: blocks of a sparse image that are one pattern, and chunks whose sizes lie.
func TestFill(t *testing.T) {
	disk := floppy(100, [2]string{"P       JS ", archivetest.Payload}, [2]string{"F       TXT", strings.Repeat("fill", 1000)})
	image := forgeSparse(disk)
	if !strings.Contains(string(image), "\xc2\xca\x00\x00\x07\x00\x00\x00\x10\x00\x00\x00fill") {
		t.Fatal("no block is filled")
	}
	all, _, err := archivetest.ReadAll(t, Sparse, image)
	if err != nil || len(all) != 2 || !archivetest.Holds(all) || string(all[1].Data) != strings.Repeat("fill", 1000) || all[1].Fault != nil {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	image[sparseHeader+4] += 1 // a block more than there is
	if _, _, err := archivetest.ReadAll(t, Sparse, image); !errors.Is(err, level.ErrMalformed) {
		t.Errorf("a chunk that is shorter than it says: %v", err)
	}
}

func TestLZ4Block(t *testing.T) {
	for in, want := range map[string]string{
		"\x50hello": "hello", "\x11a\x01\x00\x00": "aaaaaa", "\xf0\x01" + strings.Repeat("b", 16): strings.Repeat("b", 16),
		"\x1fa\x01\x00\x02\x10b\x00\x00": strings.Repeat("a", 22) + "b",
	} {
		got, err := unpackLZ4(nil, []byte(in), int64(len(want)))
		if string(got) != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "\x10", "\xf0", "\x11a\x02\x00", "\x11a\x00\x00", "\x10a\x01"} {
		if _, err := unpackLZ4([]byte("before"), []byte(bad), 100); !errors.Is(err, level.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestThrash: one byte each of more packed blocks than are kept decoded, in turn, ends
// with an error.
func TestThrash(t *testing.T) {
	b := newBlocks(deviceOf([]byte("packed")), 1<<40)
	b.block, b.credit = 1<<20, 100<<20
	b.find = func(off int64) span { return packed(0, 6, off, b.block, uint64(off/b.block)) }
	b.unpack = func(dst, _ []byte, most int64) ([]byte, error) { return append(dst, "x"...), nil }
	var p [1]byte
	var err error
	n := int64(0)
	for ; err == nil && n < 1000; n++ {
		_, err = b.ReadAt(p[:], n%13*b.block)
	}
	if !errors.Is(err, level.ErrLimit) || n > 102 {
		t.Errorf("%d reads, %v", n, err)
	}
}

// TestCostTables: a disk of an exabyte all of whose clusters are one, full of directory
// entries.
func TestCostTables(t *testing.T) {
	volume := floppy(4000)
	copy(volume[13:], "\x40")
	binary.LittleEndian.PutUint16(volume[19:], 0xffff)
	for i := 4 * 512; i+32 <= len(volume); i += 32 {
		copy(volume[i:], "D       JS \x10")
		volume[i+26] = byte(i/32) | 2
	}
	image := forgeQCOW(volume, false)
	binary.BigEndian.PutUint64(image[24:], 1<<60)
	archivetest.Cheap(t, QCOW, image)
}
