package apfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// seed is a volume with each kind of record.
func seed() *forge {
	f := newForge(64)
	body := archivetest.Payload
	f.file(20, rootInode, "p.js", body)
	f.folder(21, rootInode, "dir")
	f.folder(22, 21, "größe")
	f.file(23, 22, "deep.txt", "deep")
	f.entry(21, "again.js", 20, 0x8000)
	f.file(24, 21, "empty", "")
	f.file(25, rootInode, "big.bin", seedBig)
	f.xattr(25, "com.example.note", seedNote)
	f.xattrStream(25, resourceAttribute, 40, len(seedFork))
	f.stream(40, []byte(seedFork))
	return f
}

var (
	seedBig  = strings.Repeat("0123456789abcdef", 1000)
	seedNote = strings.Repeat("a note ", 10)
	seedFork = strings.Repeat("fork ", 1000)
)

func seedFiles() map[string]string {
	return map[string]string{
		"p.js": archivetest.Payload, "dir/again.js": archivetest.Payload, "dir/größe/deep.txt": "deep", "dir/empty": "",
		"big.bin": seedBig, "big.bin:com.example.note": seedNote, "big.bin/..namedfork/rsrc": seedFork,
	}
}

func TestPlain(t *testing.T) { archivetest.CheckTree(t, Format, seed().finish(), seedFiles()) }

// tall is a volume whose tree has three levels.
func tall(n int) (*forge, map[string]string) {
	f, files := newForge(n/4+n+64), map[string]string{}
	for i := range n {
		name, body := fmt.Sprintf("a file with a name of some length %d.txt", i), fmt.Sprint("body ", i)
		f.file(uint64(100+i), rootInode, name, body)
		files[name] = body
	}
	return f, files
}

func TestTall(t *testing.T) {
	f, files := tall(3000)
	archivetest.CheckTree(t, Format, f.finish(), files)
}

// TestLinks: hard links are names of one member, of an empty file too.
func TestLinks(t *testing.T) {
	f := seed()
	f.entry(22, "void", 24, 0x8000)
	all, _, err := archivetest.ReadAll(t, Format, f.finish())
	if err != nil || len(all) != 6 {
		t.Fatalf("%v\n%s", err, archivetest.Listing(all))
	}
	for _, pair := range [][2]string{{"p.js", "dir/again.js"}, {"dir/empty", "dir/größe/void"}} {
		if g := archivetest.Find(all, pair[0]); g == nil || !slices.Contains(g.Names, pair[1]) {
			t.Errorf("%q\n%s", pair, archivetest.Listing(all))
		}
	}
}

// TestSparse: holes that are extents without a block, and that are in none.
func TestSparse(t *testing.T) {
	f := newForge(64)
	body := archivetest.Payload
	f.inode(20, rootInode, 0x8000, "sparse", 5*forgeBlock+int64(len(body)))
	f.entry(rootInode, "sparse", 20, 0x8000)
	f.extent(20, 0, 2*forgeBlock, 0)
	f.extent(20, 2*forgeBlock, forgeBlock, f.data([]byte("middle")))
	f.extent(20, 5*forgeBlock, forgeBlock, f.data([]byte(body)))
	want := make([]byte, 5*forgeBlock)
	copy(want[2*forgeBlock:], "middle")
	archivetest.CheckTree(t, Format, f.finish(), map[string]string{"sparse": string(want) + body})
}

// TestHoles: what is said to be in block 0 is a hole, and to 7-Zip the superblock.
func TestHoles(t *testing.T) {
	f := newForge(64)
	f.inode(20, rootInode, 0x8000, "hole", forgeBlock)
	f.entry(rootInode, "hole", 20, 0x8000)
	f.extent(20, 0, forgeBlock, 0)
	image := f.finish()
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 2 || all[0].Data != string(make([]byte, forgeBlock)) || all[1].Data != string(image[:forgeBlock]) || all[1].Reading != "block 0" {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// forkOf is a resource fork of blocks of zlib.
func forkOf(blocks ...string) string {
	be := binary.BigEndian
	table, at := le.AppendUint32(nil, uint32(len(blocks))), 4+8*len(blocks)
	for _, b := range blocks {
		table = le.AppendUint32(le.AppendUint32(table, uint32(at)), uint32(len(b)))
		at += len(b)
	}
	out := make([]byte, 256)
	for i, n := range []int{256, 256 + 4 + at, 4 + at, 50} {
		be.PutUint32(out[4*i:], uint32(n))
	}
	out = append(be.AppendUint32(out, uint32(at)), table...)
	resources := make([]byte, 50) // one, of the type "cmpf"
	copy(resources[24:], "\x00\x1c\x00\x32\x00\x00cmpf\x00\x00\x00\x0a\x00\x01\xff\xff")
	return string(out) + strings.Join(blocks, "") + string(resources)
}

func packedHead(kind uint32, size int) string {
	return string(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32([]byte("fpmc"), kind), uint64(size)))
}

// packed is a volume of compressed files: in the attribute, in one that has a stream, and
// in the resource fork.
func packed() (*forge, map[string]string) {
	f, body := newForge(64), archivetest.Payload
	add := func(id uint64, name string, size int) {
		b := f.inode(id, rootInode, 0x8000, name, -1)
		b[48+2] |= 0x4 // INODE_HAS_UNCOMPRESSED_SIZE
		le.PutUint32(b[68:], 0x20)
		le.PutUint64(b[84:], uint64(size))
		f.entry(rootInode, name, id, 0x8000)
	}
	add(20, "inline", len(body))
	f.xattr(20, decmpfs.Attribute, packedHead(3, len(body))+archivetest.ZlibOf(body))
	add(21, "stream", len(body)+1)
	value := packedHead(3, len(body)+1) + archivetest.ZlibOf(body+"!")
	f.xattrStream(21, decmpfs.Attribute, 41, len(value))
	f.stream(41, []byte(value))
	first := strings.Repeat("x", 64<<10)
	add(22, "fork", len(first)+len(body))
	fork := forkOf(archivetest.ZlibOf(first), archivetest.ZlibOf(body))
	f.xattr(22, decmpfs.Attribute, packedHead(4, len(first)+len(body)))
	f.xattrStream(22, resourceAttribute, 42, len(fork))
	f.stream(42, []byte(fork))
	return f, map[string]string{"inline": body, "stream": body + "!", "fork": first + body, "fork/..namedfork/rsrc": fork}
}

func TestPacked(t *testing.T) {
	f, files := packed()
	archivetest.CheckTree(t, Format, f.finish(), files)
	f, _ = packed()
	f.file(30, rootInode, "new", "")
	f.xattr(30, decmpfs.Attribute, packedHead(14, 5)+"zbm")
	all, _, err := archivetest.ReadAll(t, Format, f.finish())
	if g := archivetest.Find(all, "new"); err != nil || g == nil || !errors.Is(g.Err, level.ErrUnsupported) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestEncrypted: files whose names can be seen have the error behind their bytes, and those of a volume whose nodes
// are noise are one.
func TestEncrypted(t *testing.T) {
	f := seed()
	f.volume = func(b []byte) { le.PutUint64(b[264:], 8) }
	all, _, err := archivetest.ReadAll(t, Format, f.finish())
	if g := archivetest.Find(all, "p.js"); err != nil || g == nil || !errors.Is(g.Fault, level.ErrEncrypted) || !archivetest.Holds(all) {
		t.Errorf("files: %v\n%s", err, archivetest.Listing(all))
	}
	f = seed()
	for _, r := range f.records {
		if h := le.Uint64(r.key); h>>typeShift == typeExtent && h&idMask == 20 {
			le.PutUint64(r.value[16:], 4)
		}
	}
	all, _, err = archivetest.ReadAll(t, Format, f.finish())
	if g := archivetest.Find(all, "p.js"); err != nil || g == nil || !errors.Is(g.Fault, level.ErrEncrypted) || archivetest.Find(all, "big.bin").Fault != nil {
		t.Errorf("extents: %v\n%s", err, archivetest.Listing(all))
	}
	for _, noise := range []bool{false, true} {
		f, lock := seed(), true
		f.node = func(b []byte) {
			if kind := le.Uint32(b[typeAt+4:]); kind == fileTree.subtype && noise {
				clear(b)
			} else if kind == mapTree.subtype && lock {
				b[len(b)-infoBytes-16] |= objectEncrypted
				lock = false
			}
		}
		all, _, err := archivetest.ReadAll(t, Format, f.finish())
		if noise && (err != nil || len(all) != 1 || all[0].Names[0] != "forged" || !errors.Is(all[0].Err, level.ErrEncrypted)) || !noise && !archivetest.Holds(all) {
			t.Errorf("nodes: %v\n%s", err, archivetest.Listing(all))
		}
	}
}

// twice is a container whose newest checkpoint has other files than that before, and
// whose block 0 is that before.
func twice() []byte {
	f := newForge(64)
	f.file(20, rootInode, "old", "old "+archivetest.Payload)
	f.checkpoint(2, forgeXID, f.writeVolume())
	copy(f.block(0), f.block(2))
	g := newForge(0)
	g.image, g.next = f.image, f.next
	g.file(20, rootInode, "new", "new "+archivetest.Payload)
	g.checkpoint(4, forgeXID+1, g.writeVolume())
	return f.image
}

// TestCheckpoints: whichever superblock is broken, files are found by another.
func TestCheckpoints(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(f []byte)
		want  string
		note  string
	}{
		"plain":            {func(b []byte) {}, "new old", ""},
		"block-0-sum":      {func(b []byte) { b[0]++; b[160] = 0 }, "new", ""},
		"block-0-gone":     {func(b []byte) { clear(b[:forgeBlock]) }, "new", ""},
		"block-0-size":     {func(b []byte) { le.PutUint32(b[36:], 512); seal(b[:forgeBlock]) }, "new old", ""},
		"newest-sum":       {func(b []byte) { b[4*forgeBlock]++ }, "old", ""},
		"newest-map":       {func(b []byte) { le.PutUint64(b[4*forgeBlock+160:], 1<<40); seal(b[4*forgeBlock:][:forgeBlock]) }, "old", ""},
		"no-sum":           {func(b []byte) { b[0]++; b[2*forgeBlock]++; b[4*forgeBlock]++ }, "old", anomaly.CRC},
		"area-beyond":      {func(b []byte) { le.PutUint64(b[112:], 1<<50) }, "old", anomaly.CRC},
		"area-of-a-lie":    {func(b []byte) { le.PutUint32(b[104:], 1<<31-1) }, "new old", ""},
		"no-volumes-there": {func(b []byte) { le.PutUint32(b[4*forgeBlock+180:], 0); seal(b[4*forgeBlock:][:forgeBlock]) }, "old", ""},
	} {
		t.Run(name, func(t *testing.T) {
			image := twice()
			c.spoil(image)
			all, r, _ := archivetest.ReadAll(t, Format, image)
			if !archivetest.Detects(image, Format) {
				t.Error("not detected")
			}
			for _, name := range strings.Fields(c.want) {
				if g := archivetest.Find(all, name); g == nil || g.Data != name+" "+archivetest.Payload {
					t.Errorf("%q: %s", name, archivetest.Listing(all))
				}
			}
			if c.note != "" && !slices.Contains(archivetest.NoteNames(all, r), c.note) {
				t.Error(archivetest.NoteNames(all, r))
			}
		})
	}
}

// TestVolumes: each volume's files are under its name.
func TestVolumes(t *testing.T) {
	f := newForge(64)
	f.file(20, rootInode, "a", "first "+archivetest.Payload)
	first := f.writeVolume()
	g := newForge(0)
	g.image, g.next = f.image, f.next
	g.volume = func(b []byte) { copy(b[704:], "second") }
	g.file(20, rootInode, "a", "second "+archivetest.Payload)
	g.checkpoint(2, forgeXID, first, g.writeVolume())
	copy(g.block(0), g.block(2))
	archivetest.CheckTree(t, Format, g.image, map[string]string{"forged/a": "first " + archivetest.Payload, "second/a": "second " + archivetest.Payload})
}

// TestSnapshots: what only a snapshot has is a member, and what did not change is one.
func TestSnapshots(t *testing.T) {
	f := newForge(64)
	f.xid = forgeXID - 2
	f.file(20, rootInode, "same", "same "+archivetest.Payload)
	same := slices.Clone(f.records)
	f.file(21, rootInode, "gone", "gone "+archivetest.Payload)
	at := f.writeVolume()
	f.snaps = []pair{{keyOf(f.xid, typeSnapshot), append(u64(0, uint64(at), 0, 0, 0), make([]byte, 16)...)}}
	f.records, f.xid = same, forgeXID
	f.file(22, rootInode, "new", "new "+archivetest.Payload)
	image := f.finish()
	archivetest.CheckTree(t, Format, image, map[string]string{"same": "same " + archivetest.Payload, "gone": "gone " + archivetest.Payload, "new": "new " + archivetest.Payload})
	all, _, _ := archivetest.ReadAll(t, Format, image)
	for _, g := range all {
		if (g.Reading == "snapshot") != (g.Names[0] == "gone") {
			t.Errorf("%q: %q", g.Names, g.Reading)
		}
	}
}

// TestSealed: hashed nodes, and extents in a tree of their own.
func TestSealed(t *testing.T) {
	f, files := tall(200)
	f.hashed = true
	f.records = slices.DeleteFunc(f.records, func(r pair) bool {
		h := le.Uint64(r.key)
		if h>>typeShift != typeExtent {
			return false
		}
		f.sealed = append(f.sealed, pair{u64(h&idMask, le.Uint64(r.key[8:])), r.value[:16]})
		return true
	})
	archivetest.CheckTree(t, Format, f.finish(), files)
}

// TestUnread: what is not read is said, and what can be read is.
func TestUnread(t *testing.T) {
	for name, set := range map[string]func(b []byte){
		"fusion": func(b []byte) { le.PutUint64(b[64:], 2|incompatFusion) }, "version 1": func(b []byte) { le.PutUint64(b[64:], incompatVersion1) },
		"checkpoints in a tree": func(b []byte) { b[107] |= 0x80 },
	} {
		f := seed()
		f.super = set
		all, _, err := archivetest.ReadAll(t, Format, f.finish())
		if err != nil || !errors.Is(all[0].Err, level.ErrUnsupported) || !archivetest.Holds(all) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

// TestOrphans: files that no directory has, folders without entries, and those in a loop.
func TestOrphans(t *testing.T) {
	f, body := newForge(64), archivetest.Payload
	f.inode(20, 21, 0x8000, "lost", int64(len(body)))
	f.stream(20, []byte(body))
	f.inode(21, rootInode, modeDir, "folder", -1)
	f.inode(30, 31, modeDir, "loop", -1)
	f.entry(31, "a", 30, modeDir)
	f.inode(31, 30, modeDir, "loop", -1)
	f.entry(30, "b", 31, modeDir)
	f.file(32, 31, "in the loop", "round")
	f.add(keyOf(50, typeInode), slices.Concat(u64(999, 50), make([]byte, inodeBytes-16)))
	all, _, err := archivetest.ReadAll(t, Format, f.finish())
	if err != nil {
		t.Fatal(err)
	}
	archivetest.CheckFiles(t, all, map[string]string{"folder/lost": body, "b/in the loop": "round", "#50": ""})
}

// TestNames: keys of both forms, whatever the volume says.
func TestNames(t *testing.T) {
	for _, hashed := range []uint64{0, incompatCaseInsensitive} {
		f := newForge(64)
		f.volume = func(b []byte) { le.PutUint64(b[56:], hashed) }
		f.file(20, rootInode, "with a hash", "1")
		f.inode(21, rootInode, 0x8000, "plain", 1)
		f.stream(21, []byte("2"))
		key := le.AppendUint16(keyOf(rootInode, typeEntry), uint16(len("plain")+1))
		f.add(append(key, "plain\x00"...), le.AppendUint16(u64(21, 0), 8))
		archivetest.CheckTree(t, Format, f.finish(), map[string]string{"with a hash": "1", "plain": "2"})
	}
}

// TestStreams: a file whose stream has another number than its inode.
func TestStreams(t *testing.T) {
	f, body := newForge(64), archivetest.Payload
	le.PutUint64(f.inode(20, rootInode, 0x8000, "a", int64(len(body)))[8:], 70)
	f.entry(rootInode, "a", 20, 0x8000)
	f.stream(70, []byte(body))
	le.PutUint64(f.inode(21, rootInode, 0x8000, "b", 3)[8:], 71)
	f.entry(rootInode, "b", 21, 0x8000)
	f.stream(21, []byte("own"))
	le.PutUint64(f.inode(22, rootInode, 0x8000, "c", 5)[8:], 72)
	f.entry(rootInode, "c", 22, 0x8000)
	f.stream(22, []byte("mine!"))
	f.stream(72, []byte("other"))
	all, _, err := archivetest.ReadAll(t, Format, f.finish())
	if err != nil || len(all) != 4 {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	archivetest.CheckFiles(t, all, map[string]string{"a": body, "b": "own"}, archivetest.AnyFiles)
	both := []string{all[2].Data, all[3].Data}
	if !slices.Equal(both, []string{"other", "mine!"}) {
		t.Errorf("%q", both)
	}
}

// TestAttributes: an attribute is a member if something fits into it; a link's target is
// none.
func TestAttributes(t *testing.T) {
	f, body := newForge(64), archivetest.Payload
	f.file(20, rootInode, "a", "a")
	f.xattr(20, "com.apple.FinderInfo", strings.Repeat("\x00", 32))
	f.xattr(20, "script", body)
	f.folder(21, rootInode, "d")
	f.xattr(21, "script", body+"!")
	f.inode(22, rootInode, modeLink, "link", -1)
	f.entry(rootInode, "link", 22, modeLink)
	f.xattr(22, linkAttribute, strings.Repeat("far/", 20)+"\x00")
	f.inode(23, rootInode, modeLink, "long", -1)
	f.entry(rootInode, "long", 23, modeLink)
	f.xattr(23, linkAttribute, strings.Repeat("far/", 500)+"\x00")
	archivetest.CheckTree(t, Format, f.finish(), map[string]string{
		"a": "a", "a:script": body, "d:script": body + "!", "long:" + linkAttribute: strings.Repeat("far/", 500) + "\x00",
	})
}
