package cramfs

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func made(t testing.TB, files map[string]string, args ...string) []byte {
	t.Helper()
	root, image := archivetest.Plant(t, files), filepath.Join(t.TempDir(), "cramfs.img")
	archivetest.Run(t, "mkfs.cramfs", append(args, root, image)...)
	return archivetest.Slurp(t, image)
}

// kinds are arguments of mkfs.cramfs.
var kinds = map[string][]string{"little": {"-N", "little"}, "big": {"-N", "big"}, "padded": {"-p"}, "holes": {"-z"}, "big-padded-holes": {"-N", "big", "-p", "-z"}}

func tree(t testing.TB) map[string]string {
	files := archivetest.WIMTree(t)
	delete(files, "empty.js")
	return files
}

func TestTools(t *testing.T) {
	files := tree(t)
	for name, args := range kinds {
		t.Run(name, func(t *testing.T) { archivetest.CheckTree(t, Format, made(t, files, args...), files) })
	}
}

// TestJudge: what 7-Zip extracts from damaged images is yielded.
func TestJudge(t *testing.T) {
	files := map[string]string{"a.txt": "some text", "b.js": archivetest.Payload, "d/e/c.js": archivetest.Payload + "c", "d/long name of a file.txt": strings.Repeat("long ", 2000)}
	for name, args := range kinds {
		t.Run(name, func(t *testing.T) {
			image := made(t, files, args...)
			rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
			n := 0
			for range archivetest.JudgeRounds() {
				n += archivetest.Judge(t, archivetest.Mutated(rnd, image, 0), ".cramfs", Format)
			}
			t.Logf("%d bodies", n)
		})
	}
}

// forge is an image that is built from its end on: what a directory names is there first.
type forge struct {
	order binary.ByteOrder
	image []byte
}

func newForge(order binary.ByteOrder, flags uint32) *forge {
	f := &forge{order, make([]byte, headerBytes)}
	order.PutUint32(f.image, magic)
	order.PutUint32(f.image[8:], flags)
	copy(f.image[16:], signature)
	return f
}

// inode is an inode and its name.
func (f *forge) inode(mode uint16, size, off int, name string) []byte {
	b := make([]byte, inodeBytes+(len(name)+3)&^3)
	copy(b[inodeBytes:], name)
	words := (len(name) + 3) / 4
	first, second, third := uint32(mode), uint32(size), uint32(off/4)<<6|uint32(words)
	if f.order == binary.ByteOrder(binary.BigEndian) {
		first, second, third = uint32(mode)<<16, uint32(size)<<8, uint32(words)<<26|uint32(off/4)
	}
	f.order.PutUint32(b, first)
	f.order.PutUint32(b[4:], second)
	f.order.PutUint32(b[8:], third)
	return b
}

// put appends bytes at a multiple of four, and returns where.
func (f *forge) put(b []byte) int {
	f.image = append(f.image, make([]byte, -len(f.image)&3)...)
	f.image = append(f.image, b...)
	return len(f.image) - len(b)
}

func (f *forge) root(entries ...[]byte) []byte {
	dir := bytes.Join(entries, nil)
	at := f.put(dir)
	copy(f.image[rootAt:], f.inode(modeDir, len(dir), at, ""))
	return f.image
}

func zlibbed(s string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

// file stores a file in blocks, and returns where its pointers are.
func (f *forge) file(body string, block int) int {
	count := (len(body) + block - 1) / block
	at := f.put(make([]byte, 4*count))
	for i := range count {
		f.image = append(f.image, zlibbed(body[i*block:min(len(body), (i+1)*block)])...)
		f.order.PutUint32(f.image[at+4*i:], uint32(len(f.image)))
	}
	return at
}

func seed(order binary.ByteOrder) []byte {
	f := newForge(order, 3)
	body := archivetest.Payload + archivetest.Text(5000) + archivetest.Payload
	file := f.inode(modeFile|0o644, len(body), f.file(body, pageBytes), "p.js")
	at := f.put(file)
	return f.root(file, f.inode(modeDir, len(file), at, "dir"), f.inode(modeDir, 100, headerBytes, "junk"))
}

func TestForged(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		all, _, err := archivetest.ReadAll(t, Format, seed(order))
		if g := archivetest.Find(all, "dir/p.js"); err != nil || g == nil || g.Names[0] != "p.js" || !strings.HasSuffix(g.Data, archivetest.Payload) || g.Fault != nil {
			t.Errorf("%v: %v\n%s", order, err, archivetest.Listing(all))
		}
	}
}

// TestPointers: blocks of Linux 4.14, stored and anywhere.
func TestPointers(t *testing.T) {
	f := newForge(binary.LittleEndian, flagPointers)
	body := archivetest.Text(3*pageBytes) + archivetest.Payload
	direct := f.put([]byte(body[:pageBytes]))
	packed := zlibbed(body[pageBytes : 2*pageBytes])
	length := binary.LittleEndian.AppendUint16(nil, uint16(len(packed)))
	f.put(append(length, packed...))
	second := len(f.image) - len(packed) - 2
	at := f.put(make([]byte, 16))
	le := binary.LittleEndian
	le.PutUint32(f.image[at:], pointerDirect|pointerStored|uint32(direct/4))
	le.PutUint32(f.image[at+4:], pointerDirect|uint32(second/4))
	third := zlibbed(body[2*pageBytes : 3*pageBytes])
	end := second + 2 + len(packed)
	le.PutUint32(f.image[at+8:], uint32(end+len(third)))
	moved := append(bytes.Clone(f.image[end:]), 0) // what followed the second block
	f.image = append(f.image[:end], third...)
	fourth := f.put([]byte(body[3*pageBytes:]))
	at = f.put(moved[at-end : at-end+16])
	le.PutUint32(f.image[at+12:], pointerDirect|pointerStored|uint32(fourth/4))
	all, _, err := archivetest.ReadAll(t, Format, f.root(f.inode(modeFile, len(body), at, "p.js")))
	if err != nil || len(all) != 2 || all[0].Data != body || all[0].Fault != nil {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestLarger: blocks of 16 KiB, which Linux does not know.
func TestLarger(t *testing.T) {
	f := newForge(binary.BigEndian, 2<<blockShift)
	body := archivetest.Text(30_000) + archivetest.Payload
	all, _, err := archivetest.ReadAll(t, Format, f.root(f.inode(modeFile, len(body), f.file(body, 4*pageBytes), "p.js")))
	if err != nil || len(all) != 2 || all[1].Data != body || all[1].Fault != nil {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	f = newForge(binary.BigEndian, methodLZMA<<methodShift)
	all, _, err = archivetest.ReadAll(t, Format, f.root())
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, level.ErrUnsupported) {
		t.Errorf("lzma: %v", err)
	}
}

// TestDamage: behind a directory that leads nowhere the others are read.
func TestDamage(t *testing.T) {
	f := newForge(binary.LittleEndian, 0)
	file := f.inode(modeFile, len(archivetest.Payload), f.file(archivetest.Payload, pageBytes), "p.js")
	good := f.put(file)
	all, _, err := archivetest.ReadAll(t, Format, f.root(f.inode(modeDir, 100, 1<<20, "bad"), f.inode(modeDir, len(file), good, "good")))
	if !errors.Is(err, level.ErrMalformed) || !archivetest.Holds(all) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestKinds: what 7-Zip extracts as a file is one, whatever its mode says.
func TestKinds(t *testing.T) {
	f := newForge(binary.BigEndian, 0)
	at := f.file(archivetest.Payload, pageBytes)
	all, _, err := archivetest.ReadAll(t, Format, f.root(f.inode(0xe1a4, len(archivetest.Payload), at, "p.js"), f.inode(modeLink, 5, at, "link"), f.inode(0x2000, 5, 0, "dev")))
	if err != nil || len(all) != 1 || !archivetest.Holds(all) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestHostile: pointers that lie are an error of the file.
func TestHostile(t *testing.T) {
	for name, lie := range map[string]uint32{"beyond": 1 << 31, "before": 1} {
		f := newForge(binary.LittleEndian, 0)
		body := archivetest.Text(3 * pageBytes)
		at := f.file(body, pageBytes)
		binary.LittleEndian.PutUint32(f.image[at+4:], lie)
		good := f.file(archivetest.Payload, pageBytes)
		all, _, err := archivetest.ReadAll(t, Format, f.root(f.inode(modeFile, len(body), at, "bad"), f.inode(modeFile, len(archivetest.Payload), good, "p.js")))
		if err != nil || len(all) != 2 || !errors.Is(all[0].Fault, level.ErrMalformed) || !archivetest.Holds(all) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

// TestCost: directories of 16 MiB that overlap each other, all of whose entries are
// directories.
func TestCost(t *testing.T) {
	f := newForge(binary.LittleEndian, 0)
	var dir []byte
	for i := range 40_000 {
		dir = append(dir, f.inode(modeDir, 1<<24-1, headerBytes+12*(i%40_000), "")...)
	}
	at := f.put(dir)
	copy(f.image[rootAt:], f.inode(modeDir, 1<<24-1, at, ""))
	f.image = append(f.image, make([]byte, 2<<20)...) // bounds of a few MiB are small beside it
	archivetest.Cheap(t, Format, f.image)
}

func TestSources(t *testing.T) {
	samples := map[string]archivetest.Sample{"cramfs": {Format: Format, Data: seed(binary.LittleEndian)}}
	archivetest.SourceFails(t, samples)
	archivetest.ByByte(t, samples)
}

func FuzzCramfs(f *testing.F) {
	f.Add(seed(binary.LittleEndian))
	f.Add(seed(binary.BigEndian))
	large := newForge(binary.LittleEndian, 2<<blockShift|flagPointers)
	f.Add(large.root(large.inode(modeFile, 9000, large.file(archivetest.Text(9000), 4*pageBytes), "p.js")))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 16<<20) })
}
