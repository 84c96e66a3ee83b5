package apfs

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// nodes calls f for each node of the file-system tree.
func nodes(image []byte, f func(b []byte)) {
	for b := image; len(b) > 0; b = b[forgeBlock:] {
		if kind := le.Uint32(b[typeAt:]); le.Uint32(b[typeAt+4:]) == fileTree.subtype && (kind == typeTree || kind == typeNode) {
			f(b[:forgeBlock])
		}
	}
}

// leaves calls f for each leaf.
func leaves(image []byte, f func(b []byte)) {
	nodes(image, func(b []byte) {
		if b[32]&nodeLeaf != 0 {
			f(b)
		}
	})
}

// TestHostile: what a field says has no effect on the rest, or an error says what was not
// read.
func TestHostile(t *testing.T) {
	body := archivetest.Payload
	big := func(f *forge) {
		for i := range uint64(100) {
			f.file(100+i, rootInode, strings.Repeat("x", 200), "")
		}
	}
	for name, c := range map[string]struct {
		make  func(f *forge)
		spoil func(image []byte)
		err   error // of a member or at the end; nil if there is none
	}{
		"plain": {nil, nil, nil},
		"node-loop": {big, func(image []byte) {
			nodes(image, func(b []byte) {
				if b[32]&nodeRoot != 0 {
					le.PutUint64(b[len(b)-infoBytes-3*8:], rootID)
				}
			})
		}, level.ErrMalformed},
		"node-nowhere": {big, func(image []byte) {
			nodes(image, func(b []byte) {
				if b[32]&nodeRoot != 0 {
					le.PutUint64(b[len(b)-infoBytes-3*8:], 1<<40)
				}
			})
		}, level.ErrMalformed},
		"node-twice": {big, func(image []byte) {
			nodes(image, func(b []byte) {
				if b[32]&nodeRoot != 0 {
					copy(b[len(b)-infoBytes-3*8:], b[len(b)-infoBytes-8:len(b)-infoBytes])
				}
			})
		}, level.ErrMalformed},
		"count-lies":     {nil, func(image []byte) { leaves(image, func(b []byte) { le.PutUint32(b[36:], 1<<31) }) }, level.ErrMalformed},
		"table-lies":     {big, func(image []byte) { le.PutUint16(lastLeaf(image)[42:], 0xffff) }, level.ErrMalformed},
		"key-beyond":     {nil, func(image []byte) { leaves(image, func(b []byte) { le.PutUint16(b[tocAt:], 0xfff0) }) }, level.ErrMalformed},
		"value-beyond":   {nil, func(image []byte) { leaves(image, func(b []byte) { le.PutUint16(b[tocAt+4:], 0xfff0) }) }, level.ErrMalformed},
		"value-missing":  {nil, func(image []byte) { leaves(image, func(b []byte) { le.PutUint16(b[tocAt+4:], 0xffff) }) }, level.ErrMalformed},
		"extent-beyond":  {func(f *forge) { f.broken(30, forgeBlock, 1<<40) }, nil, level.ErrMalformed},
		"extent-edge":    {func(f *forge) { f.broken(30, 100*forgeBlock, 127) }, nil, level.ErrMalformed},
		"extent-short":   {func(f *forge) { f.broken(30, 10, forgeFree) }, nil, level.ErrMalformed},
		"extent-missing": {func(f *forge) { f.inode(30, rootInode, 0x8000, "x", 5); f.entry(rootInode, "x", 30, 0x8000) }, nil, level.ErrMalformed},
		"extent-huge": {func(f *forge) {
			f.inode(30, rootInode, 0x8000, "x", 4)
			f.entry(rootInode, "x", 30, 0x8000)
			f.extent(30, 1<<63, 1<<56-1, forgeFree)
			f.extent(30, 0, 1<<56-1, forgeFree)
			f.extent(30, forgeBlock, 0, forgeFree)
		}, nil, level.ErrMalformed},
		"extents-overlap": {func(f *forge) { f.broken(30, 2*forgeBlock, forgeFree); f.extent(30, forgeBlock, forgeBlock, forgeFree) }, nil, level.ErrMalformed},
		"inode-twice": {func(f *forge) {
			f.records = slices.DeleteFunc(f.records, func(r pair) bool { return bytes.Equal(r.key, keyOf(20, typeInode)) })
			for _, n := range []int{3, len(body), 5} {
				f.inode(20, rootInode, 0x8000, "p.js", int64(n))
			}
		}, nil, nil},
		"packed-twice": {func(f *forge) {
			f.records = slices.DeleteFunc(f.records, func(r pair) bool { return le.Uint64(r.key)&idMask == 20 })
			f.inode(20, rootInode, 0x8000, "p.js", -1)
			f.xattr(20, "com.apple.decmpfs", packedHead(9, 1)+"\xccx")
			f.xattr(20, "com.apple.decmpfs", packedHead(9, len(body))+"\xcc"+body)
		}, nil, nil},
		"extent-within": {func(f *forge) { f.broken(30, 2*forgeBlock, forgeFree); f.extent(30, 1, 1, forgeFree) }, nil, level.ErrMalformed},
		"inode-missing": {func(f *forge) { f.entry(rootInode, "x", 30, 0x8000) }, nil, level.ErrMalformed},
		"inode-short":   {func(f *forge) { f.add(keyOf(30, typeInode), make([]byte, 20)) }, nil, level.ErrMalformed},
		"inode-fields": {func(f *forge) {
			b := f.inode(30, rootInode, 0x8000, "x", 5)
			le.PutUint16(b[inodeBytes:], 0xffff)
			le.PutUint16(b[inodeBytes+6:], 0xffff)
		}, nil, nil},
		"xattr-short":  {func(f *forge) { f.add(keyOf(20, typeXattr), nil) }, nil, level.ErrMalformed},
		"xattr-length": {func(f *forge) { f.attribute(20, strings.Repeat("n", 200), 2, make([]byte, 50)) }, nil, nil},
		"entry-short":  {func(f *forge) { f.add(keyOf(2, typeEntry), nil) }, nil, level.ErrMalformed},
		"extent-key":   {func(f *forge) { f.add(keyOf(20, typeExtent), nil) }, nil, level.ErrMalformed},
		"kind-unknown": {func(f *forge) { f.add(keyOf(20, 15), nil) }, nil, nil},
		"packed-short": {func(f *forge) { f.xattr(20, "com.apple.decmpfs", "fpmc") }, nil, nil},
		"packed-lies":  {func(f *forge) { f.xattr(20, "com.apple.decmpfs", packedHead(4, 1<<40)) }, nil, level.ErrMalformed},
		"root-physical": {func(f *forge) { f.volume = func(b []byte) { le.PutUint32(b[116:], kindPhysical|typeTree) } }, func(image []byte) {
			for at := 0; at < len(image); at += forgeBlock {
				if string(image[at+magicAt:][:4]) == volumeMagic {
					le.PutUint64(image[at+136:], rootBlock(image))
				}
			}
		}, nil},
		"snapshots-nowhere": {func(f *forge) { f.volume = func(b []byte) { le.PutUint64(b[152:], 1<<50) } }, nil, level.ErrMalformed},
		"snapshot-of-none":  {func(f *forge) { f.snaps = []pair{{keyOf(1, typeSnapshot), make([]byte, 50)}} }, nil, level.ErrMalformed},
		"snapshot-of-itself": {func(f *forge) {
			f.snaps = []pair{{keyOf(1, typeSnapshot), append(u64(0, 2), make([]byte, 34)...)}}
		}, nil, level.ErrMalformed},
		"sealed-nowhere": {func(f *forge) {
			f.volume = func(b []byte) { b[56] |= incompatSealed; le.PutUint64(b[1032:], 1<<63) }
		}, nil, level.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(128)
			f.file(20, rootInode, "p.js", body)
			if c.make != nil {
				c.make(f)
			}
			image := f.finish()
			if c.spoil != nil {
				c.spoil(image)
			}
			all, _, err := archivetest.ReadAll(t, Format, image)
			faults := []error{err}
			for _, g := range all {
				faults = append(faults, g.Fault, g.Err)
			}
			if !errors.Is(errors.Join(faults...), c.err) || c.err == nil && errors.Join(faults...) != nil {
				t.Errorf("%v, want %v", faults, c.err)
			}
			if !archivetest.Holds(all) {
				t.Errorf("marker not found\n%s", archivetest.Listing(all))
			}
		})
	}
}

// broken adds a file of two blocks with one extent.
func (f *forge) broken(id uint64, n, block int64) {
	f.inode(id, rootInode, 0x8000, "x", 2*forgeBlock)
	f.entry(rootInode, "x", id, 0x8000)
	f.extent(id, 0, n, block)
}

func lastLeaf(image []byte) (last []byte) {
	leaves(image, func(b []byte) { last = b })
	return last
}

func rootBlock(image []byte) (n uint64) {
	for at := 0; at < len(image); at += forgeBlock {
		if b := image[at:]; b[32]&nodeRoot != 0 && le.Uint32(b[typeAt+4:]) == fileTree.subtype {
			n = uint64(at / forgeBlock)
		}
	}
	return n
}

// samples are containers of each kind.
func samples() map[string]archivetest.Sample {
	p, _ := packed()
	return map[string]archivetest.Sample{
		"seed": {Format: Format, Data: seed().finish()}, "packed": {Format: Format, Data: p.finish()}, "twice": {Format: Format, Data: twice()},
	}
}

func TestSources(t *testing.T) {
	archivetest.SourceFails(t, samples())
	archivetest.ByByte(t, samples())
}

// TestClones: ten thousand files of one extent are read once.
func TestClones(t *testing.T) {
	const clones = 10_000
	f := newForge(4000)
	body := archivetest.PayloadOf(100_000)
	block := f.data(body)
	for i := range uint64(clones) {
		f.inode(100+i, rootInode, 0x8000, "x", int64(len(body)))
		f.entry(rootInode, "x"+string(rune('a'+i%26)), 100+i, 0x8000)
		f.extent(100+i, 0, int64(len(body)), block)
	}
	image := f.finish()
	src := &archivetest.Counter{R: bytes.NewReader(image)}
	all, _, err := archivetest.ReadFrom(t, Format, src, int64(len(image)))
	if err != nil || len(all) != 1 || all[0].Data != string(body) || len(all[0].Names) != 26 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	if src.N > 2*int64(len(image)) {
		t.Errorf("%d bytes read of %d", src.N, len(image))
	}
}

// TestCostRecords: leaves whose records are all the same bytes.
func TestCostRecords(t *testing.T) {
	f := newForge(6000)
	for i := range uint64(4000) {
		f.attribute(100+i, "n", 2, make([]byte, 2500))
	}
	f.node = func(b []byte) {
		if b[32]&nodeLeaf != 0 && le.Uint32(b[typeAt+4:]) == fileTree.subtype {
			head := append([]byte(nil), b[tocAt:tocAt+8]...)
			key := append([]byte(nil), b[tocAt+int(le.Uint16(b[42:])):][:12]...)
			const count = 150
			le.PutUint16(b[42:], 8*count)
			le.PutUint32(b[36:], count)
			copy(b[tocAt:], bytes.Repeat(head, count))
			copy(b[tocAt+8*count:], key)
		}
	}
	archivetest.Cheap(t, Format, f.finish())
}

// TestCostAttributes: one file with many attributes has many names.
func TestCostAttributes(t *testing.T) {
	f := newForge(2500)
	for range 20_000 {
		f.xattr(100, "com.apple.decmpfs", "fpmc")
	}
	for range 20_000 {
		f.entry(rootInode, "x", 100, 0x8000)
	}
	archivetest.Cheap(t, Format, f.finish())
}

// TestCostStreams: many files of other lengths have the same extents.
func TestCostStreams(t *testing.T) {
	f := newForge(4000)
	for i := range uint64(50_000) {
		f.extent(100, i*forgeBlock, forgeBlock, 5)
	}
	for i := range uint64(9000) {
		le.PutUint64(f.inode(200+i, rootInode, 0x8000, "x", int64(i+1))[8:], 100)
		f.entry(rootInode, "x", 200+i, 0x8000)
	}
	archivetest.Cheap(t, Format, f.finish())
}

// TestCostReferences: index nodes whose references all lead to the same.
func TestCostReferences(t *testing.T) {
	f, _ := tall(9000)
	f.node = func(b []byte) {
		if b[32]&nodeLeaf == 0 && le.Uint32(b[typeAt+4:]) == fileTree.subtype {
			n := int(le.Uint32(b[36:]))
			first := append([]byte(nil), b[tocAt:tocAt+8]...)
			copy(b[tocAt:], bytes.Repeat(first, n))
		}
	}
	archivetest.Cheap(t, Format, f.finish())
}

// TestCostSnapshots: as many snapshots as there may be, each with a tree of all files.
func TestCostSnapshots(t *testing.T) {
	f, _ := tall(2000)
	first := uint64(len(f.image) / forgeBlock)
	f.image = append(f.image, make([]byte, 100*forgeBlock)...)
	for i := range uint64(maxSnapshots + 10) {
		f.snaps = append(f.snaps, pair{keyOf(1+i, typeSnapshot), append(u64(0, first+i), make([]byte, 34)...)})
	}
	at := f.writeVolume()
	f.checkpoint(2, forgeXID, at)
	copy(f.block(0), f.block(2))
	for i := range int64(maxSnapshots + 10) {
		copy(f.block(int64(first)+i), f.block(at))
	}
	archivetest.Cheap(t, Format, f.image)
}

// TestCostHoles: a file of nothing costs nothing before it is read.
func TestCostHoles(t *testing.T) {
	f := newForge(64)
	f.inode(20, rootInode, 0x8000, "x", 1<<55)
	f.entry(rootInode, "x", 20, 0x8000)
	f.extent(20, 0, 1<<55, 0)
	image := f.finish()
	r, err := level.Open(Format, bytes.NewReader(image), int64(len(image)), level.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if m, err := r.Next(); err != nil || m.Size != 1<<55 {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, r, 1<<20); n != 1<<20 || err != nil {
		t.Error(n, err)
	}
}

// pack keeps the sectors of an image that are not empty, each behind its number.
func pack(image []byte) (out []byte) {
	for i := 0; i+512 <= len(image); i += 512 {
		if s := image[i : i+512]; len(bytes.Trim(s, "\x00")) > 0 {
			out = append(append(out, byte(i/512>>8), byte(i/512)), s...)
		}
	}
	return out
}

// unpack is the reverse of pack, within 1 MiB.
func unpack(data []byte) []byte {
	image, end := make([]byte, 1<<20), 0
	for len(data) > 2 {
		at := (int(data[0])<<8 | int(data[1])) % (len(image) / 512) * 512
		n := copy(image[at:at+512], data[2:])
		data = data[2+n:]
		end = max(end, at+512)
	}
	return image[:(end+forgeBlock-1)&^(forgeBlock-1)]
}

func FuzzAPFS(f *testing.F) {
	for _, s := range samples() {
		f.Add(pack(s.Data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// What may be allocated depends on what was packed, not on the zeros between.
		image := unpack(data)
		most := 16<<20 + 64*uint64(len(data))
		archivetest.FuzzRead(t, Format, image, most-256*uint64(len(image)))
	})
}
