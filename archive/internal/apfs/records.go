package apfs

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// A key of the file-system tree begins with the identifier that the record belongs to, and
// the record's type in its highest bits ("File-System Objects", j_key_t).
const (
	typeShift = 60
	idMask    = 1<<typeShift - 1

	typeSnapshot = 1
	typeInode    = 3
	typeXattr    = 4
	typeExtent   = 8
	typeEntry    = 9
)

// Kinds of an inode's mode (mode_t of POSIX).
const (
	modeKind = 0xf000
	modeDir  = 0x4000
	modeLink = 0xa000
)

// inode is a file or a folder.
type inode struct {
	id, parent uint64
	stream     uint64 // identifier of its data stream
	size       int64  // of that
	mode       uint16
	unpacked   int64 // of a compressed file, as the inode says; -1 for none
	known      bool  // there is a record of it
	named      bool  // a directory has it
	name       string
	attributes []attribute
	cost       int64        // of looking at those, in bytes
	empty      *device.File // the member, of a file without bytes
}

func (i *inode) dir() bool { return i.mode&modeKind == modeDir }

// attribute is an extended attribute: its bytes, or a stream that has them.
type attribute struct {
	name   string
	data   []byte
	stream uint64 // 0 for none
	size   int64  // of the stream
	packed int64  // bytes that it makes, of one that was decoded; -1 for none
}

// entry is a directory's entry.
type entry struct {
	parent, id uint64
	dir        bool
	name       string
}

// extent is a piece of a stream.
type extent struct {
	stream uint64
	at     int64  // where it begins in the stream
	n      int64  // bytes
	block  uint64 // 0 for a hole
	locked bool   // with a key or a tweak of its own
}

// table is what the records of a tree say.
type table struct {
	inodes  []inode
	byID    map[uint64]int
	entries []entry
	extents []extent
	kept    int64 // bytes of attributes
	streams map[uint64]*stream
	folders map[uint64]*folder
}

func newTable() table {
	return table{byID: map[uint64]int{}, streams: map[uint64]*stream{}, folders: map[uint64]*folder{}}
}

// Bounds of a table.
const (
	maxExtents        = 1 << 20
	maxAttributeBytes = 64 << 20
	attributeCost     = 256 // bytes that one takes besides its own
)

// record keeps what one record of the file-system tree says.
func (v *volume) record(key, value []byte) {
	if len(key) < 8 {
		return
	}
	h := device.LE64(key, 0)
	id := h & idMask
	switch h >> typeShift {
	case typeInode:
		v.inodeRecord(id, value)
	case typeXattr:
		v.xattrRecord(id, key, value)
	case typeExtent:
		v.extentRecord(id, key, value)
	case typeEntry:
		v.entryRecord(id, key, value)
	}
}

// inodeOf is the inode of an identifier, which is made if it is not there: records may
// stand in any order. nil if there are too many.
func (v *volume) inodeOf(id uint64) *inode {
	if i, ok := v.byID[id]; ok {
		return &v.inodes[i]
	}
	return v.newInode(id)
}

func (v *volume) newInode(id uint64) *inode {
	if len(v.inodes) >= device.EntriesPerMember*v.Limits.Members {
		v.Fail(fmt.Errorf("inodes: %w", level.ErrLimit))
		return nil
	}
	v.byID[id] = len(v.inodes)
	v.inodes = append(v.inodes, inode{id: id, stream: id, unpacked: -1})
	return &v.inodes[len(v.inodes)-1]
}

const (
	inodeBytes = 92

	flagUnpackedSize = 0x40000 // j_inode_flags

	// Types of extended fields ("Extended Fields").
	fieldName   = 4
	fieldStream = 8
)

// inodeRecord keeps an inode (j_inode_val_t).
func (v *volume) inodeRecord(id uint64, b []byte) {
	if len(b) < inodeBytes {
		v.broken(fmt.Errorf("inode %d: %w", id, level.ErrMalformed))
		return
	}
	i := v.inodeOf(id)
	if i != nil && i.known { // of two, any can be found: both are read
		i = v.newInode(id)
	}
	if i == nil {
		return
	}
	i.known = true
	i.parent, i.stream, i.mode = device.LE64(b, 0), device.LE64(b, 8), device.LE16(b, 80)
	if device.LE64(b, 48)&flagUnpackedSize != 0 {
		i.unpacked = device.OffsetOf(device.LE64(b, 84))
	}
	fields(b[inodeBytes:], func(kind byte, b []byte) {
		switch kind {
		case fieldName:
			if name := text(b); v.Room(string(name)) {
				i.name = componentOf(name)
			}
		case fieldStream:
			i.size = max(i.size, device.OffsetOf(device.LE64(b, 0)))
		}
	})
}

// fields goes through extended fields (xf_blob_t): their number, the types and lengths of
// all, and then the values, each from a multiple of 8 bytes on.
func fields(b []byte, field func(kind byte, b []byte)) {
	const header, each = 4, 4
	count := int(device.LE16(b, 0))
	at := header + each*count
	for n := range count {
		if at > len(b) {
			return
		}
		f := b[header+each*n:]
		size := int(device.LE16(f, 2))
		field(f[0], b[at:min(at+size, len(b))])
		at += (size + 7) &^ 7
	}
}

// text is a name without the NUL that ends it.
func text(b []byte) []byte { return bytes.TrimSuffix(b, []byte{0}) }

const (
	xattrStream   = 0x1 // j_xattr_flags
	xattrEmbedded = 0x2

	linkAttribute     = "com.apple.fs.symlink"
	resourceAttribute = "com.apple.ResourceFork"

	// smallAttribute is what an attribute has at most that is no member: nothing that runs
	// fits into it. macOS keeps dates and the Finder's settings in such, for each file.
	smallAttribute = 32

	// longestLink is the length up to which a symbolic link is one to macOS (PATH_MAX).
	longestLink = 1024
)

// xattrRecord keeps an extended attribute (j_xattr_key_t, j_xattr_val_t).
func (v *volume) xattrRecord(id uint64, key, b []byte) {
	const keyHeader, valueHeader = 10, 4
	if len(key) < keyHeader || len(b) < valueHeader {
		v.broken(fmt.Errorf("extended attribute of %d: %w", id, level.ErrMalformed))
		return
	}
	name := text(key[keyHeader:min(keyHeader+int(device.LE16(key, 8)), len(key))])
	a := attribute{name: componentOf(name), packed: -1}
	flags, data := device.LE16(b, 0), b[valueHeader:]
	if flags&xattrStream != 0 {
		a.stream, a.size = device.LE64(data, 0), device.OffsetOf(device.LE64(data, 8))
		v.keepAttribute(id, a)
		a.stream, a.size = 0, 0
	}
	// QUIRK: 7-Zip takes the bytes of one that says both.
	if flags&(xattrStream|xattrEmbedded) != xattrStream {
		a.data = data[:min(int(device.LE16(b, 2)), len(data))]
		v.keepAttribute(id, a)
	}
}

// keepAttribute gives an inode an attribute, if anything fits into it.
func (v *volume) keepAttribute(id uint64, a attribute) {
	if a.stream == 0 && len(a.data) <= smallAttribute && a.name != decmpfs.Attribute && a.name != resourceAttribute {
		return
	}
	i := v.inodeOf(id)
	if i == nil {
		return
	}
	cost := int64(len(a.name) + len(a.data) + attributeCost)
	i.cost += cost
	if v.kept += cost; v.kept > maxAttributeBytes {
		v.Fail(fmt.Errorf("extended attributes: %w", level.ErrLimit))
		return
	}
	a.data = slices.Clone(a.data)
	i.attributes = append(i.attributes, a)
}

// extentRecord keeps an extent (j_file_extent_key_t, j_file_extent_val_t).
func (v *volume) extentRecord(id uint64, key, b []byte) {
	if len(key) < 16 || len(b) < 24 {
		v.broken(fmt.Errorf("extent of %d: %w", id, level.ErrMalformed))
		return
	}
	v.addExtent(id, key, b, device.LE64(b, 16) != 0)
}

// sealedExtent keeps an extent of a sealed volume, which has a tree for them
// (fext_tree_key_t, fext_tree_val_t).
func (v *volume) sealedExtent(key, b []byte) {
	if len(key) < 16 || len(b) < 16 {
		v.broken(fmt.Errorf("extent: %w", level.ErrMalformed))
		return
	}
	v.addExtent(device.LE64(key, 0), key, b, false)
}

func (v *volume) addExtent(id uint64, key, b []byte, locked bool) {
	const lengthMask = 1<<56 - 1
	at := device.OffsetOf(device.LE64(key, 8))
	if at%v.block != 0 { // or each byte could have an extent of its own
		v.broken(fmt.Errorf("extent of %d within a block: %w", id, level.ErrMalformed))
		return
	}
	if len(v.extents) == maxExtents {
		v.Fail(fmt.Errorf("extents: %w", level.ErrLimit))
		return
	}
	v.extents = append(v.extents, extent{
		stream: id, at: at, n: int64(device.LE64(b, 0) & lengthMask),
		block: device.LE64(b, 8), locked: locked,
	})
}

const entryDir = 4 // of the type in an entry's flags: DT_DIR

// entryRecord keeps a directory's entry (j_drec_key_t, j_drec_hashed_key_t, j_drec_val_t).
func (v *volume) entryRecord(id uint64, key, b []byte) {
	if len(key) < 10 || len(b) < 18 {
		v.broken(fmt.Errorf("entry of directory %d: %w", id, level.ErrMalformed))
		return
	}
	name := componentOf(entryName(key, v.hashed))
	if v.Room(name) {
		v.entries = append(v.entries, entry{parent: id, id: device.LE64(b, 0), dir: device.LE16(b, 16)&0xf == entryDir, name: name})
	}
}

// entryName is the name in a key. Of the two forms, which have a length and a hash, or
// just a length, the one is taken that fits, as the volume says if both do.
func entryName(key []byte, hashed bool) []byte {
	const plainHeader, hashedHeader, lengthMask = 10, 12, 1<<10 - 1
	plain := plainHeader + int(device.LE16(key, 8))
	withHash := hashedHeader + int(device.LE32(key, 8)&lengthMask)
	if hashed && (withHash == len(key) || plain != len(key)) || !hashed && plain != len(key) && withHash == len(key) {
		return text(key[min(hashedHeader, len(key)):min(withHash, len(key))])
	}
	return text(key[plainHeader:min(plain, len(key))])
}
