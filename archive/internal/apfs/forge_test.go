package apfs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

var le = binary.LittleEndian

// Blocks of a forged container, and identifiers of its objects.
const (
	forgeBlock  = 4096
	forgeChecks = 8 // blocks for checkpoints, from 1 on
	forgeFree   = 12
	forgeXID    = 7
	volumeID    = 1026
	rootID      = 1028
	nodeID      = 5000 // of the first node below the root
)

// forge makes containers of one volume, all of whose fields can be made wrong.
type forge struct {
	image   []byte
	next    int64  // block that is not used yet
	xid     uint64 // of the nodes that are written
	records []pair
	sealed  []pair // of a tree for extents
	super   func(b []byte)
	volume  func(b []byte)
	node    func(b []byte)
	objects []pair // the volume's object map, of what finish does not add
	snaps   []pair
	hashed  bool // nodes have their children's hashes, as in sealed volumes
}

// pair is a record of a tree.
type pair struct{ key, value []byte }

func newForge(blocks int) *forge {
	f := &forge{image: make([]byte, blocks*forgeBlock), next: forgeFree, xid: forgeXID}
	f.entry(1, "root", rootInode, modeDir)
	f.entry(1, "private-dir", 3, modeDir)
	f.inode(rootInode, 1, modeDir, "root", -1)
	f.inode(3, 1, modeDir, "private-dir", -1)
	return f
}

// data stores bytes in fresh blocks.
func (f *forge) data(b []byte) (block int64) {
	block = f.next
	copy(f.image[block*forgeBlock:], b)
	f.next += int64(len(b)+forgeBlock-1) / forgeBlock
	return block
}

func (f *forge) add(key, value []byte) { f.records = append(f.records, pair{key, value}) }

// keyOf is the head of a key.
func keyOf(id uint64, kind uint64) []byte { return le.AppendUint64(nil, id|kind<<typeShift) }

func u64(values ...uint64) (b []byte) {
	for _, v := range values {
		b = le.AppendUint64(b, v)
	}
	return b
}

// inode adds an inode; of a negative size it has no stream.
func (f *forge) inode(id, parent uint64, mode uint16, name string, size int64) []byte {
	b := make([]byte, inodeBytes)
	le.PutUint64(b, parent)
	le.PutUint64(b[8:], id)
	le.PutUint32(b[56:], 1)
	le.PutUint16(b[80:], mode|0o644)
	extra := fieldsOf(fieldName, append([]byte(name), 0))
	if size >= 0 {
		stream := u64(uint64(size), uint64(size), 0, uint64(size), 0)
		extra = fieldsOf(fieldName, append([]byte(name), 0), fieldStream, stream)
	}
	b = append(b, extra...)
	f.add(keyOf(id, typeInode), b)
	return f.records[len(f.records)-1].value
}

// fieldsOf are extended fields: types and values in turn.
func fieldsOf(all ...any) []byte {
	var head, values []byte
	for i := 0; i < len(all); i += 2 {
		value := all[i+1].([]byte)
		head = le.AppendUint16(append(head, byte(all[i].(int)), 2), uint16(len(value)))
		values = append(values, value...)
		values = append(values, make([]byte, -len(values)&7)...)
	}
	out := le.AppendUint16(le.AppendUint16(nil, uint16(len(all)/2)), uint16(len(values)))
	return append(append(out, head...), values...)
}

// entry adds an entry with a hash, which nobody asks for who reads all of them.
func (f *forge) entry(parent uint64, name string, id uint64, mode uint16) {
	key := le.AppendUint32(keyOf(parent, typeEntry), uint32(len(name)+1)|0x12345<<10)
	f.add(append(append(key, name...), 0), le.AppendUint16(u64(id, 0), mode>>12))
}

// extent adds an extent of n bytes.
func (f *forge) extent(id, at uint64, n, block int64) {
	f.add(append(keyOf(id, typeExtent), u64(at)...), u64(uint64(n), uint64(block), 0))
}

func (f *forge) xattr(id uint64, name, value string) {
	f.attribute(id, name, xattrEmbedded, []byte(value))
}

// xattrStream adds an attribute that has a stream.
func (f *forge) xattrStream(id uint64, name string, stream uint64, size int) {
	n := uint64(size)
	f.attribute(id, name, xattrStream, u64(stream, n, (n+forgeBlock-1)&^(forgeBlock-1), 0, n, 0))
}

func (f *forge) attribute(id uint64, name string, flags uint16, value []byte) {
	key := le.AppendUint16(keyOf(id, typeXattr), uint16(len(name)+1))
	f.add(append(append(key, name...), 0), append(le.AppendUint16(le.AppendUint16(nil, flags), uint16(len(value))), value...))
}

// stream stores bytes as the stream of a number.
func (f *forge) stream(id uint64, body []byte) {
	if len(body) > 0 {
		f.extent(id, 0, int64(len(body)+forgeBlock-1)&^(forgeBlock-1), f.data(body))
	}
}

// file adds a file in a folder.
func (f *forge) file(id, parent uint64, name, body string) {
	f.inode(id, parent, 0x8000, name, int64(len(body)))
	f.entry(parent, name, id, 0x8000)
	f.stream(id, []byte(body))
}

func (f *forge) folder(id, parent uint64, name string) {
	f.inode(id, parent, modeDir, name, -1)
	f.entry(parent, name, id, modeDir)
}

// forgedTree is what the nodes of a tree have in common.
type forgedTree struct {
	subtype uint32
	fixed   bool
	virtual bool
	hashed  bool
	flags   uint32 // of the tree
}

var (
	mapTree      = forgedTree{subtype: 0xb, fixed: true, flags: 0x10}
	fileTree     = forgedTree{subtype: 0xe, virtual: true}
	snapshotTree = forgedTree{subtype: 0x10, flags: 0x10}
	extentTree   = forgedTree{subtype: 0x1f, fixed: true, flags: 0x10}
)

// tree writes a tree, and returns the block of its root. Of a virtual one the nodes go
// into the volume's object map.
func (f *forge) tree(t forgedTree, records []pair) (root int64) {
	level, nodes, total := 0, 0, len(records)
	longest := [2]int{}
	for _, r := range records {
		longest[0], longest[1] = max(longest[0], len(r.key)), max(longest[1], len(r.value))
	}
	for {
		var above []pair
		groups := split(records, t)
		for _, g := range groups {
			nodes++
			block := f.next
			f.next++
			id := uint64(block)
			if t.virtual {
				id = nodeID + uint64(len(f.objects))
				if len(groups) == 1 {
					id = rootID
				}
				f.objects = append(f.objects, pair{u64(id, f.xid), append(u64(forgeBlock<<32), u64(uint64(block))...)})
			}
			b := f.nodeOf(t, g, level, len(groups) == 1, id)
			if len(groups) == 1 {
				info := b[len(b)-infoBytes:]
				le.PutUint32(info, t.flags)
				le.PutUint32(info[4:], forgeBlock)
				if t.fixed {
					le.PutUint32(info[8:], 16)
					le.PutUint32(info[12:], 16)
				}
				le.PutUint32(info[16:], uint32(longest[0]))
				le.PutUint32(info[20:], uint32(longest[1]))
				le.PutUint64(info[24:], uint64(total))
				le.PutUint64(info[32:], uint64(nodes))
			}
			if f.node != nil {
				f.node(b)
			}
			seal(b)
			copy(f.image[block*forgeBlock:], b)
			if t.hashed {
				id -= rootID
			}
			value := u64(id)
			if t.hashed {
				value = append(value, make([]byte, 32)...)
			}
			if len(groups) == 1 {
				return block
			}
			above = append(above, pair{g[0].key, value})
		}
		records, level = above, level+1
	}
}

// split cuts records into what fits into nodes.
func split(records []pair, t forgedTree) (groups [][]pair) {
	room := 0
	for i, r := range records {
		need := len(r.key) + len(r.value) + 8
		if need > room || i == 0 {
			groups, room = append(groups, nil), forgeBlock-tocAt-infoBytes-8
		}
		room -= need
		last := len(groups) - 1
		groups[last] = append(groups[last], r)
	}
	if len(groups) == 0 {
		groups = [][]pair{nil}
	}
	return groups
}

// nodeOf is a node of a tree.
func (f *forge) nodeOf(t forgedTree, records []pair, level int, root bool, id uint64) []byte {
	b := make([]byte, forgeBlock)
	kind, flags, end := uint32(typeNode), uint16(0), forgeBlock
	if root {
		kind, flags, end = typeTree, nodeRoot, forgeBlock-infoBytes
	}
	if level == 0 {
		flags |= nodeLeaf
	}
	if t.fixed {
		flags |= nodeFixed
	}
	if t.hashed {
		flags |= nodeHashed
	}
	if !t.virtual {
		kind |= kindPhysical
	}
	header(b, id, kind, t.subtype)
	le.PutUint16(b[32:], flags)
	le.PutUint16(b[34:], uint16(level))
	le.PutUint32(b[36:], uint32(len(records)))
	each := 8
	if t.fixed {
		each = 4
	}
	toc := (each*len(records) + 7) &^ 7
	le.PutUint16(b[42:], uint16(toc))
	keys, keyAt, valueAt := b[tocAt+toc:], 0, 0
	for i, r := range records {
		valueAt += len(r.value)
		e := b[tocAt+each*i:]
		le.PutUint16(e, uint16(keyAt))
		if t.fixed {
			le.PutUint16(e[2:], uint16(valueAt))
		} else {
			le.PutUint16(e[2:], uint16(len(r.key)))
			le.PutUint16(e[4:], uint16(valueAt))
			le.PutUint16(e[6:], uint16(len(r.value)))
		}
		copy(keys[keyAt:], r.key)
		copy(b[end-valueAt:], r.value)
		keyAt += len(r.key)
	}
	return b
}

func header(b []byte, id uint64, kind, subtype uint32) {
	le.PutUint64(b[8:], id)
	le.PutUint64(b[xidAt:], forgeXID)
	le.PutUint32(b[typeAt:], kind)
	le.PutUint32(b[typeAt+4:], subtype)
}

// seal writes an object's checksum.
func seal(b []byte) {
	const mod = 1<<32 - 1
	var low, high uint64
	for w := b[8:]; len(w) > 0; w = w[4:] {
		low = (low + uint64(le.Uint32(w))) % mod
		high = (high + low) % mod
	}
	c1 := mod - (low+high)%mod
	c2 := mod - (low+c1)%mod
	le.PutUint64(b, c2<<32|c1)
}

func (f *forge) block(n int64) []byte { return f.image[n*forgeBlock:][:forgeBlock] }

// object writes an object of one block.
func (f *forge) object(n int64, id uint64, kind, subtype uint32, fill func(b []byte)) {
	b := f.block(n)
	header(b, id, kind, subtype)
	fill(b)
	seal(b)
}

// objectMap writes an object map, and returns its block.
func (f *forge) objectMap(all []pair) int64 {
	slices.SortStableFunc(all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(device.LE64(a.key, 0), device.LE64(b.key, 0)), cmp.Compare(device.LE64(a.key, 8), device.LE64(b.key, 8)))
	})
	tree := f.tree(mapTree, all)
	at := f.next
	f.next++
	f.object(at, uint64(at), kindPhysical|typeMap, 0, func(b []byte) {
		le.PutUint32(b[40:], kindPhysical|typeTree)
		le.PutUint64(b[48:], uint64(tree))
	})
	return at
}

// order is that of the file-system tree.
func order(a, b pair) int {
	x, y := device.LE64(a.key, 0), device.LE64(b.key, 0)
	return cmp.Or(cmp.Compare(x&idMask, y&idMask), cmp.Compare(x>>typeShift, y>>typeShift), cmp.Compare(lowest(a, x), lowest(b, y)), bytes.Compare(a.key[8:], b.key[8:]))
}

// lowest is the offset of an extent, by which they are sorted.
func lowest(p pair, head uint64) uint64 {
	if head>>typeShift == typeExtent && len(p.key) >= 16 {
		return device.LE64(p.key, 8)
	}
	return 0
}

// finish writes the trees, the volume and the superblocks.
func (f *forge) finish() []byte {
	f.checkpoint(2, forgeXID, f.writeVolume())
	copy(f.block(0), f.block(2))
	return f.image
}

// checkpoint writes a superblock that leads to volumes.
func (f *forge) checkpoint(at int64, xid uint64, volumes ...int64) {
	var all []pair
	for i, v := range volumes {
		all = append(all, pair{u64(volumeID+uint64(i), 1), append(u64(forgeBlock<<32), u64(uint64(v))...)})
	}
	omap := f.objectMap(all)
	f.object(at, 1, 0x80000001, 0, func(b []byte) {
		le.PutUint64(b[xidAt:], xid)
		copy(b[magicAt:], superMagic)
		le.PutUint32(b[36:], forgeBlock)
		le.PutUint64(b[40:], uint64(len(f.image)/forgeBlock))
		le.PutUint64(b[64:], 2)
		le.PutUint64(b[96:], xid+1)
		le.PutUint32(b[104:], forgeChecks)
		le.PutUint64(b[112:], 1)
		le.PutUint64(b[160:], uint64(omap))
		le.PutUint32(b[180:], 100)
		for i := range volumes {
			le.PutUint64(b[184+8*i:], volumeID+uint64(i))
		}
		if f.super != nil {
			f.super(b)
		}
	})
}

// writeVolume writes the trees of a volume and its superblock, and returns that block.
func (f *forge) writeVolume() int64 {
	t := fileTree
	t.hashed = f.hashed
	slices.SortStableFunc(f.records, order)
	f.tree(t, f.records)
	var snaps, extents int64
	if len(f.snaps) > 0 {
		snaps = f.tree(snapshotTree, f.snaps)
	}
	if len(f.sealed) > 0 {
		extents = f.tree(extentTree, f.sealed)
	}
	omap := f.objectMap(f.objects)
	at := f.next
	f.next++
	f.object(at, volumeID, 0xd, 0, func(b []byte) {
		copy(b[magicAt:], volumeMagic)
		le.PutUint64(b[56:], incompatCaseInsensitive)
		le.PutUint32(b[116:], typeTree)
		le.PutUint32(b[120:], kindPhysical|typeTree)
		le.PutUint32(b[124:], kindPhysical|typeTree)
		le.PutUint64(b[128:], uint64(omap))
		le.PutUint64(b[136:], rootID)
		le.PutUint64(b[152:], uint64(snaps))
		le.PutUint64(b[264:], flagUnencrypted)
		copy(b[704:], "forged")
		if extents != 0 {
			b[56] |= incompatSealed
			le.PutUint64(b[1032:], uint64(extents))
			le.PutUint32(b[1040:], kindPhysical|typeTree)
		}
		if f.volume != nil {
			f.volume(b)
		}
	})
	return at
}
