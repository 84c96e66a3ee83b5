package apfs

import (
	"bytes"
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Fields of a volume's superblock ("Volumes", apfs_superblock_t).
const (
	volumeMagic = "APSB"

	flagUnencrypted = 0x1 // apfs_fs_flags

	// Names are found by their hash.
	incompatCaseInsensitive          = 0x1
	incompatNormalizationInsensitive = 0x8

	incompatSealed = 0x20
)

// volume is a volume as it is at one transaction.
type volume struct {
	*container
	objects objects // its object map
	xid     uint64
	top     *device.Folder // what all paths begin with
	name    string
	hashed  bool // names are found by their hash
	locked  bool // files are encrypted
	table
}

// readVolume reads the volume whose superblock is in a block, and its snapshots.
func (c *container) readVolume(at int64, xid uint64, prefixed bool) error {
	b := make([]byte, c.block)
	if err := c.readBlock(b, at); err != nil {
		return fmt.Errorf("volume: %w", err)
	}
	if string(b[magicAt:magicAt+4]) != volumeMagic {
		return fmt.Errorf("volume in block %d: %w", at, level.ErrMalformed)
	}
	all, err := c.readObjects(device.OffsetOf(device.LE64(b, 128)))
	if err != nil {
		c.broken(err)
	}
	v := c.newVolume(b, all, xid)
	if prefixed {
		v.top = &device.Folder{Name: v.name}
		if !v.RoomFor(v.top) {
			return nil
		}
	}
	v.readTree(b)
	v.readSnapshots(b)
	return nil
}

// newVolume is the volume of a superblock.
func (c *container) newVolume(b []byte, all objects, xid uint64) *volume {
	name, _, _ := bytes.Cut(b[704:960], []byte{0})
	v := &volume{
		container: c, objects: all, xid: xid, name: "apfs", table: newTable(),
		hashed: device.LE64(b, 56)&(incompatCaseInsensitive|incompatNormalizationInsensitive) != 0,
		locked: device.LE64(b, 264)&flagUnencrypted == 0,
	}
	if len(name) > 0 {
		v.name = componentOf(name)
	}
	return v
}

// componentOf decodes a name, which is UTF-8.
func componentOf(raw []byte) string { return device.PlainName(level.DecodeNames(raw, level.Latin1)[0]) }

// readTree reads the files of a volume, whose superblock is b.
func (v *volume) readTree(b []byte) {
	if oid := device.LE64(b, 1032); oid != 0 && device.LE64(b, 56)&incompatSealed != 0 {
		v.walk(object{block: device.OffsetOf(oid)}, &tree{record: v.sealedExtent})
	}
	root := device.LE64(b, 136)
	find := func(id uint64) (object, bool) { return v.objects.find(id, v.xid) }
	if device.LE32(b, 116)&kindMask == kindPhysical {
		find = nil
	}
	t := &tree{find: find, base: root, record: v.record}
	o, ok := t.place(root)
	if !ok {
		v.broken(fmt.Errorf("file-system tree: %w", level.ErrMalformed))
		return
	}
	v.walk(o, t)
	if t.locked {
		v.Unreadable(v.top, v.name, fmt.Errorf("volume: %w", level.ErrEncrypted))
	}
	v.addFiles()
}

// maxSnapshots bounds the snapshots that are read.
const maxSnapshots = 64

// snapshot is a volume as it was.
type snapshot struct {
	xid uint64
	at  int64 // block of its superblock
}

// readSnapshots reads what the snapshots of a volume have ("Snapshot Metadata"). Files
// that did not change lie where they do in the volume, and are members already.
func (v *volume) readSnapshots(b []byte) {
	root := device.LE64(b, 152)
	if root == 0 {
		return
	}
	var all []snapshot
	t := &tree{record: func(key, value []byte) {
		if h := device.LE64(key, 0); h>>typeShift != typeSnapshot || len(value) < 16 {
			return
		} else if len(all) < maxSnapshots {
			all = append(all, snapshot{h & idMask, device.OffsetOf(device.LE64(value, 8))})
		} else {
			v.broken(fmt.Errorf("snapshots: %w", level.ErrLimit))
		}
	}}
	if device.LE32(b, 124)&kindMask != kindPhysical {
		t.find = func(id uint64) (object, bool) { return v.objects.find(id, v.xid) }
	}
	if o, ok := t.place(root); ok {
		v.walk(o, t)
	} else {
		v.broken(fmt.Errorf("snapshots: %w", level.ErrMalformed))
	}
	for _, s := range all {
		v.readSnapshot(s)
	}
}

// readSnapshot reads one snapshot by its own superblock and the volume's object map.
func (v *volume) readSnapshot(s snapshot) {
	if v.read[s.at] || v.Over != nil {
		return
	}
	v.read[s.at] = true
	b := make([]byte, v.block)
	if err := v.readBlock(b, s.at); err != nil {
		v.broken(fmt.Errorf("snapshot: %w", err))
		return
	}
	if string(b[magicAt:magicAt+4]) != volumeMagic {
		v.broken(fmt.Errorf("snapshot in block %d: %w", s.at, level.ErrMalformed))
		return
	}
	old := v.newVolume(b, v.objects, s.xid)
	old.top = v.top
	before := len(v.Files)
	old.readTree(b)
	for _, f := range v.Files[before:] {
		f.Member.Reading = "snapshot"
	}
}
