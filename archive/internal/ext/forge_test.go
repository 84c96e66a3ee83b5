package ext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forge makes volumes of one group in blocks of 1 KiB: superblock in block 1, descriptor
// in 2, bitmap of inodes in 3, inodes of 256 bytes from 4 on, data from forgeData on.
type forge struct {
	image []byte
	next  uint32 // block that is not used yet
}

const (
	forgeBlock  = 1024
	forgeInode  = 256
	forgeInodes = 32
	forgeData   = 4 + forgeInodes*forgeInode/forgeBlock
)

var le = binary.LittleEndian

func newForge(blocks int) *forge {
	f := &forge{make([]byte, blocks*forgeBlock), forgeData}
	s := f.super()
	for at, v := range map[int]uint32{0: forgeInodes, 4: uint32(blocks), 20: 1, 32: 8192, 36: 8192, 40: forgeInodes, 76: 1, 84: 11, 96: incompatFileType} {
		le.PutUint32(s[at:], v)
	}
	le.PutUint16(s[magicAt:], superMagic)
	le.PutUint16(s[88:], forgeInode)
	f.desc(0, 4)
	return f
}

func (f *forge) super() []byte { return f.image[superAt:][:superBytes] }

// desc writes the group's descriptor.
func (f *forge) desc(flags uint16, table uint32) {
	d := f.image[2*forgeBlock:]
	le.PutUint32(d[4:], 3)
	le.PutUint32(d[8:], table)
	le.PutUint16(d[18:], flags)
}

// inode writes an inode, and marks it as in use.
func (f *forge) inode(n int, mode uint16, flags uint32, size int64, blocks []byte) []byte {
	b := f.image[4*forgeBlock+(n-1)*forgeInode:][:forgeInode]
	clear(b)
	le.PutUint16(b, mode|0o644)
	le.PutUint32(b[4:], uint32(size))
	le.PutUint16(b[26:], 1)
	le.PutUint32(b[32:], flags)
	copy(b[40:100], blocks)
	le.PutUint32(b[108:], uint32(size>>32))
	le.PutUint16(b[128:], 32)
	f.image[3*forgeBlock+(n-1)/8] |= 1 << ((n - 1) % 8)
	return b
}

// data stores bytes from a fresh block on.
func (f *forge) data(b []byte) (block uint32) {
	block = f.next
	copy(f.image[block*forgeBlock:], b)
	f.next += uint32((len(b) + forgeBlock - 1) / forgeBlock)
	return block
}

// blockMap is a map of the blocks from first on, up to twelve.
func blockMap(first uint32, n int) []byte {
	b := make([]byte, mapBytes)
	for i := range min(n, direct) {
		le.PutUint32(b[4*i:], first+uint32(i))
	}
	return b
}

// node is a node of a tree of extents.
func node(depth int, entries ...[]byte) []byte {
	b := make([]byte, extentEntry)
	le.PutUint16(b, extentMagic)
	le.PutUint16(b[2:], uint16(len(entries)))
	le.PutUint16(b[4:], uint16(len(entries)))
	le.PutUint16(b[6:], uint16(depth))
	return append(b, bytes.Join(entries, nil)...)
}

func leaf(first uint32, n uint16, block uint32) []byte {
	b := make([]byte, extentEntry)
	le.PutUint32(b, first)
	le.PutUint16(b[4:], n)
	le.PutUint32(b[8:], block)
	return b
}

func index(first, block uint32) []byte {
	b := make([]byte, extentEntry)
	le.PutUint32(b, first)
	le.PutUint32(b[4:], block)
	return b
}

// entry is a directory entry; length 0 is what it takes.
func entry(inode uint32, name string, length int) []byte {
	if length == 0 {
		length = (entryHeader + len(name) + 3) &^ 3
	}
	b := make([]byte, max(length, entryHeader+len(name)))
	le.PutUint32(b, inode)
	le.PutUint16(b[4:], uint16(length))
	b[6] = byte(len(name))
	copy(b[entryHeader:], name)
	return b
}

// dir writes a directory of one block.
func (f *forge) dir(n int, entries ...[]byte) {
	f.inode(n, modeDir, 0, forgeBlock, blockMap(f.data(bytes.Join(entries, nil)), 1))
}

// seed is a volume with a folder, and files of each kind.
func seed() []byte {
	f := newForge(48)
	body := archivetest.Payload
	f.dir(rootInode, entry(2, ".", 0), entry(2, "..", 0), entry(12, "p.js", 0), entry(13, "tree.js", 0), entry(11, "dir", 0), entry(14, "tiny.js", 0))
	f.dir(11, entry(12, "again.js", 0), entry(2, "loop", 0), entry(15, "far.js", 0))
	f.inode(12, modeFile, 0, int64(len(body)), blockMap(f.data([]byte(body)), 1))
	tree := f.data(node(0, leaf(2, 1, f.data([]byte(body)))))
	f.inode(13, modeFile, flagExtents, 2*forgeBlock+int64(len(body)), node(1, index(0, tree)))
	inlineFile(f, 14, inlineBody)
	table := f.data(le.AppendUint32(make([]byte, 4*7), f.data([]byte(body))))
	m := make([]byte, mapBytes)
	le.PutUint32(m[4*direct:], table)
	f.inode(15, modeFile, 0, 19*forgeBlock+int64(len(body)), m)
	return f.image
}

// inlineBody takes more than a map, and no more than an inode.
const inlineBody = archivetest.Marker + " in an inode, and beyond the map of its blocks"

// inlineFile writes a file that stands in its inode.
func inlineFile(f *forge, n int, body string) {
	b := f.inode(n, modeFile, flagInline, int64(len(body)), []byte(body[:min(len(body), mapBytes)]))
	rest := body[min(len(body), mapBytes):]
	at := 128 + 32
	le.PutUint32(b[at:], 0xea020000)
	e := b[at+4:]
	e[0], e[1] = 4, 7
	le.PutUint16(e[2:], 24)
	le.PutUint32(e[8:], uint32(len(rest)))
	copy(e[16:], "data")
	copy(e[24:], rest)
}

func TestForged(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, Format, seed())
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%v, %v", err, archivetest.NoteNames(all, r))
	}
	body := archivetest.Payload
	archivetest.CheckFiles(t, all, map[string]string{"p.js": body, "dir/again.js": body, "tree.js": strings.Repeat("\x00", 2*forgeBlock) + body,
		"tiny.js": inlineBody, "dir/far.js": strings.Repeat("\x00", 19*forgeBlock) + body})
}

// TestTwoBeyond: two tables outside of the volume, one behind the other, are an error each.
func TestTwoBeyond(t *testing.T) {
	f := newForge(32)
	f.dir(rootInode, entry(12, "a", 0), entry(13, "b", 0))
	for n := 12; n < 14; n++ {
		f.inode(n, modeFile, flagExtents, int64(n), node(1, index(0, 1<<30)))
	}
	all, _, err := archivetest.ReadAll(t, Format, f.image)
	if err != nil || len(all) != 2 || !errors.Is(all[0].Fault, level.ErrMalformed) || !errors.Is(all[1].Fault, level.ErrMalformed) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// TestHostile: what a field says has no effect on the rest, or an error says what was
// not read.
func TestHostile(t *testing.T) {
	body := archivetest.Payload
	for name, c := range map[string]struct {
		make func(f *forge)
		err  error // of the body or of the end; nil if the marker is there
	}{
		"entry-too-long":   {func(f *forge) { f.dir(2, entry(12, "p.js", 4000)) }, nil},
		"entry-of-nothing": {func(f *forge) { f.dir(2, entry(12, "p.js", 0), make([]byte, 100), entry(12, "q.js", 0)) }, nil},
		"entry-too-short":  {func(f *forge) { f.dir(2, entry(12, "p.js", 0), entry(13, "x", 4)) }, level.ErrMalformed},
		"name-empty":       {func(f *forge) { f.dir(2, entry(12, "", 0)) }, nil},
		"no-bitmap":        {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); clear(f.image[3*forgeBlock:][:forgeBlock]) }, nil},
		"inode-beyond":     {func(f *forge) { f.dir(2, entry(12, "p.js", 0), entry(4000, "x", 0)) }, level.ErrMalformed},
		"no-directory":     {func(f *forge) { f.dir(2, entry(11, "lost+found", 0)) }, nil},
		"tree-loop": {func(f *forge) {
			f.dir(2, entry(13, "x", 0))
			at := f.next
			f.data(node(1, index(0, at)))
			f.inode(13, modeFile, flagExtents, 100, node(1, index(0, at)))
		}, level.ErrMalformed},
		"tree-deep": {func(f *forge) {
			f.dir(2, entry(13, "x", 0))
			f.inode(13, modeFile, flagExtents, 100, node(9, index(0, 5)))
		}, level.ErrMalformed},
		"beyond": {func(f *forge) { f.dir(2, entry(13, "x", 0)); f.inode(13, modeFile, 0, 100, blockMap(1<<30, 1)) }, level.ErrMalformed},
		"table-beyond": {func(f *forge) {
			f.dir(2, entry(13, "x", 0))
			m := make([]byte, mapBytes)
			le.PutUint32(m[4*direct:], 1<<31)
			f.inode(13, modeFile, 0, 14<<10, m)
		}, level.ErrMalformed},
		"blocks-lie":     {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); le.PutUint32(f.super()[4:], 1<<31) }, nil},
		"inodes-lie":     {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); le.PutUint32(f.super(), 1<<31) }, nil},
		"group-says":     {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); le.PutUint16(f.super()[90:], 7) }, nil},
		"features-lie":   {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); le.PutUint32(f.super()[96:], 1<<20) }, nil},
		"journal-device": {func(f *forge) { f.dir(2, entry(12, "p.js", 0)); le.PutUint32(f.super()[96:], incompatJournalDev) }, level.ErrUnsupported},
		"inline-lies": {func(f *forge) {
			f.dir(2, entry(13, "x", 0))
			f.inode(13, modeFile, flagInline, 1<<40, []byte("short"))
		}, level.ErrMalformed},
		"inline-dir": {func(f *forge) {
			f.inode(2, modeDir, flagInline, 60, append([]byte("\x02\x00\x00\x00"), entry(12, "p.js", 56)...))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(32)
			f.inode(12, modeFile, 0, int64(len(body)), blockMap(f.data([]byte(body)), 1))
			c.make(f)
			all, _, err := archivetest.ReadAll(t, Format, f.image)
			faults := []error{err}
			for _, g := range all {
				faults = append(faults, g.Fault, g.Err)
			}
			if !errors.Is(errors.Join(faults...), c.err) || c.err == nil && err != nil {
				t.Errorf("%v, want %v", faults, c.err)
			}
			if c.err != level.ErrUnsupported && !archivetest.Holds(all) {
				t.Errorf("marker not found\n%s", archivetest.Listing(all))
			}
		})
	}
}

func TestSources(t *testing.T) {
	samples := map[string]archivetest.Sample{"ext": {Format: Format, Data: seed()}}
	archivetest.SourceFails(t, samples)
	archivetest.ByByte(t, samples)
}

// flood is a volume of many directories, all of which are the same blocks of entries
// that lead to all of them.
func flood(inodes int) []byte {
	f := newForge(64)
	f.image = append(f.image, make([]byte, inodes*forgeInode)...)
	table := uint32(64)
	f.desc(0, table)
	f.super()
	le.PutUint32(f.super(), uint32(inodes))
	le.PutUint32(f.super()[40:], 8192)
	le.PutUint32(f.super()[4:], uint32(len(f.image)/forgeBlock))
	blocks := f.data(make([]byte, 32*forgeBlock))
	number := uint32(0)
	for at := int(blocks) * forgeBlock; at < int(blocks+32)*forgeBlock; at += 16 {
		le.PutUint32(f.image[at:], number%uint32(inodes)+1)
		le.PutUint16(f.image[at+4:], 16)
		f.image[at+6] = 1
		f.image[at+8] = 'x'
		number++
	}
	tree := f.data(node(0, leaf(0, 32, blocks), leaf(32, 32, blocks), leaf(64, 32, blocks)))
	for n := range inodes {
		b := f.image[int(table)*forgeBlock+n*forgeInode:]
		le.PutUint16(b, modeDir)
		le.PutUint32(b[4:], 96*forgeBlock)
		le.PutUint16(b[26:], 1)
		le.PutUint32(b[32:], flagExtents)
		copy(b[40:], node(1, index(0, tree)))
	}
	return f.image
}

func TestCostFlood(t *testing.T) { archivetest.Cheap(t, Format, flood(8000)) }

// costBlocks is what the cost of a volume shows at: bounds of a few MiB are small beside it.
const costBlocks = 2048

// TestCostHoles: a directory of holes as long as one can be, each found through tables
// that are all the same.
func TestCostHoles(t *testing.T) {
	f := newForge(costBlocks)
	table := f.next
	var refs []byte
	for range forgeBlock / 4 {
		refs = le.AppendUint32(refs, table)
	}
	f.data(refs)
	m := make([]byte, mapBytes)
	for i := direct; i < 15; i++ {
		le.PutUint32(m[4*i:], table)
	}
	f.inode(rootInode, modeDir, 0, 1<<32-1, m)
	archivetest.Cheap(t, Format, f.image)
}

// TestCostNodes: the same through a tree of extents whose leaves, two in turn, have none.
func TestCostNodes(t *testing.T) {
	f := newForge(costBlocks)
	leaves := [2]uint32{f.data(node(0)), f.data(node(0))}
	const perNode = forgeBlock/extentEntry - 1
	var top [][]byte
	for i := range uint32(perNode) {
		var low [][]byte
		for k := range uint32(perNode) {
			low = append(low, index(perNode*i+k, leaves[k%2]))
		}
		top = append(top, index(perNode*i, f.data(node(1, low...))))
	}
	root := f.data(node(2, top...))
	for n := rootInode; n < 30; n++ {
		f.inode(n, modeDir, flagExtents, 1<<32-1, node(3, index(0, root)))
	}
	archivetest.Cheap(t, Format, f.image)
}

// TestCostInodes: a count of inodes that is a lie, in a group without end.
func TestCostInodes(t *testing.T) {
	f := newForge(2000)
	f.dir(rootInode, entry(2, ".", 0))
	le.PutUint32(f.super(), 1<<32-1)
	le.PutUint32(f.super()[40:], 1)
	for at := 2 * forgeBlock; at+32 < len(f.image); at += 32 {
		le.PutUint32(f.image[at+4:], 3)
		le.PutUint32(f.image[at+8:], 4)
	}
	archivetest.Cheap(t, Format, f.image)
}

func FuzzExt(f *testing.F) {
	f.Add(seed())
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 16<<20) })
}
