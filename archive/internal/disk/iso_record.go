package disk

import (
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Flags of a directory record, ECMA-119 section 9.1.6.
const (
	isoFlagDir  = 1 << 1
	isoFlagMore = 1 << 7 // the file goes on in the next record
)

// isoRecord is a directory record, ECMA-119 section 9.1. Numbers are stored in
// both byte orders, and readers differ in which they look at.
type isoRecord struct {
	length        int
	extended      byte // blocks of an extended attribute record before the data
	lba, lbaBE    uint32
	size, sizeBE  uint32
	flags         byte
	unit, gap     byte // blocks of an interleaved file
	id, systemUse []byte
}

func parseISORecord(b []byte) (isoRecord, bool) {
	if len(b) < 34 || b[0] < 34 {
		return isoRecord{}, false
	}
	r := isoRecord{
		length: min(int(b[0]), len(b)), extended: b[1],
		lba: device.LE32(b, 2), lbaBE: device.BE32(b, 6), size: device.LE32(b, 10), sizeBE: device.BE32(b, 14),
		flags: b[25], unit: b[26], gap: b[27],
	}
	end := 33 + int(b[32])
	if end > r.length {
		return isoRecord{}, false
	}
	r.id = b[33:end]
	r.systemUse = b[min(end+1-int(b[32]&1), r.length):r.length]
	return r, true
}

func (r *isoRecord) isDir() bool { return r.flags&isoFlagDir != 0 }

// places are the readings of where the record's bytes lie: in either byte order,
// and with or without the extended attribute record, the likeliest first. No
// extent is interleaved.
func (r *isoRecord) places(t *isoTree) []device.Extent {
	var all []device.Extent
	add := func(lba, size uint32) {
		for _, skip := range []byte{r.extended, 0} {
			e := device.Extent{Off: t.base + (int64(lba)+int64(skip))*t.block, N: int64(size)}
			known := false
			for _, have := range all {
				known = known || have == e
			}
			if !known {
				all = append(all, e)
			}
		}
	}
	add(r.lba, r.size)
	if r.lbaBE != r.lba || r.sizeBE != r.size {
		add(r.lbaBE, r.sizeBE)
	}
	return all
}

// name is the identifier without its version number.
func (t *isoTree) name(id []byte) string {
	var name string
	if t.joliet {
		units := make([]uint16, len(id)/2)
		for i := range units {
			units[i] = uint16(id[2*i])<<8 | uint16(id[2*i+1])
		}
		name = string(utf16.Decode(units))
	} else {
		name = level.DecodeNames(id, level.Latin1)[0]
	}
	if i := strings.LastIndexByte(name, ';'); i > 0 {
		name = name[:i]
	}
	if !t.joliet {
		name = strings.TrimSuffix(name, ".")
	}
	return device.PlainName(name)
}

// isoDirectory turns the records of one directory into files and folders.
type isoDirectory struct {
	v    *isoImage
	tree *isoTree
	in   *device.Folder

	pending []isoRecord // of a file that goes on, in one name
}

// record takes the next record of the directory.
func (d *isoDirectory) record(r *isoRecord) {
	names := []string{}
	special := len(r.id) == 1 && r.id[0] <= 1
	rock := d.v.rockRidge(d.tree, r, special && r.id[0] == 0)
	if special && (r.isDir() || len(r.systemUse) > 0) {
		return // the directory itself and its parent
	}
	if rock.name != "" {
		names = append(names, device.PlainName(rock.name))
	}
	names = append(names, d.tree.name(r.id))
	switch {
	case rock.child > 0:
		d.folder(&d.v.queue, names[0], d.tree.base+int64(rock.child)*d.tree.block, isoSector)
	case r.isDir():
		d.flush()
		queue := &d.v.queue
		if rock.moved {
			queue = &d.v.moved
		}
		for _, at := range r.places(d.tree) {
			d.folder(queue, names[0], at.Off, at.N)
		}
	default:
		d.file(r, names, rock.zisofs)
	}
}

func (d *isoDirectory) folder(queue *[]isoFolder, name string, off, size int64) {
	if d.v.Room(name) {
		*queue = append(*queue, isoFolder{&device.Folder{Parent: d.in, Name: name}, d.tree, off, size, false})
	}
}

// file adds a file, or keeps a part of one that goes on.
func (d *isoDirectory) file(r *isoRecord, names []string, zisofs bool) {
	if len(d.pending) > 0 && string(d.pending[0].id) != string(r.id) {
		d.flush()
	}
	if r.flags&isoFlagMore != 0 || len(d.pending) > 0 {
		kept := *r
		kept.id = append([]byte(nil), r.id...)
		d.pending = append(d.pending, kept)
		if r.flags&isoFlagMore == 0 {
			d.flush()
		}
	}
	// Each part is a file for readers that do not know of others.
	block := d.tree.block
	for i, at := range r.places(d.tree) {
		if r.unit > 0 && r.gap > 0 {
			woven := at
			woven.Unit, woven.Gap = int64(r.unit)*block, int64(r.gap)*block
			level.Note(&d.v.AddExtents(d.in, names, []device.Extent{woven}, at.N).Member, anomaly.Interleaved)
		}
		f := d.v.AddExtents(d.in, names, []device.Extent{at}, at.N)
		if i > 0 {
			level.Note(&f.Member, anomaly.ISOField)
		}
		if i == 0 && zisofs {
			d.v.addZisofs(d.in, names, at)
		}
	}
}

// flush adds the file that several records make up.
func (d *isoDirectory) flush() {
	if len(d.pending) > 1 {
		var parts []device.Extent
		size := int64(0)
		for i := range d.pending {
			at := d.pending[i].places(d.tree)[0]
			parts = append(parts, at)
			size += at.N
		}
		name := d.tree.name(d.pending[0].id)
		d.v.AddExtents(d.in, []string{name}, parts, size)
	}
	d.pending = d.pending[:0]
}

// maxPathParents is how many directories can be parents in a path table: their numbers
// have 16 bits.
const maxPathParents = 1 << 16

// isoPathTable is a path table, ECMA-119 section 9.4.
type isoPathTable struct {
	off, size int64
	big       bool
}

// readPathTables queues the directories that a tree's path tables list. Windows
// finds directories there.
func (v *isoImage) readPathTables(t *isoTree) {
	for _, table := range t.tables {
		if table.off > 0 {
			v.readPathTable(t, table)
		}
	}
}

func (v *isoImage) readPathTable(t *isoTree, table isoPathTable) {
	var folders []*device.Folder
	var b [8 + 255]byte
	for off, end := t.base+table.off, min(t.base+table.off+table.size, v.Dev.Size); off+8 < end && v.Over == nil; {
		got := v.Dev.Read(b[:], off)
		if len(got) < 9 || got[0] == 0 || int(got[0]) > len(got)-8 {
			return
		}
		n := int(got[0])
		lba, parent := device.LE32(got, 2), int(device.LE16(got, 6))
		if table.big {
			lba, parent = device.BE32(got, 2), int(got[6])<<8|int(got[7])
		}
		f := &device.Folder{Name: t.name(got[8 : 8+n])}
		if n == 1 && got[8] == 0 {
			f = nil
		} else if parent > 0 && parent <= len(folders) {
			f.Parent = folders[parent-1]
		}
		if len(folders) < maxPathParents {
			folders = append(folders, f)
		}
		lba += uint32(got[1])
		at := t.base + int64(lba)*t.block
		if !v.seen[isoSpot{at / isoSector, t.joliet}] && v.isDirectory(t, t.base, lba) && v.Room("") {
			v.queue = append(v.queue, isoFolder{f, t, at, isoSector, true})
		}
		off += int64(8 + n + n&1)
		if !v.Dev.Spend(int64(8 + n)) {
			v.Fail(device.ErrWork)
		}
	}
}
