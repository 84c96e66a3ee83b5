package disk

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// isoSector is the size in bytes of the sectors that descriptors and directories
// are divided into. Places count in logical blocks, which can be smaller.
const isoSector = 2048

// Places of volume descriptors, in sectors. The standard wants them in a row from
// the first to a terminator.
//
// QUIRK: ECMA-119 section 8. Linux reads all of these sectors, whatever stands
// between the descriptors.
const (
	isoFirst = 16
	isoLast  = 116
)

// Types of volume descriptors, ECMA-119 section 8.1.1.
const (
	isoBoot          = 0
	isoPrimary       = 1
	isoSupplementary = 2
)

var isoMagic = []byte("CD001")

// isoImage is a volume of ISO 9660 (ECMA-119), with Joliet and Rock Ridge, as the
// union of the trees of all of its volume descriptors.
type isoImage struct {
	*device.Catalog
	queue []isoFolder
	moved []isoFolder      // directories that Rock Ridge shows in another place, to be read last
	seen  map[isoSpot]bool // sectors that were read as a directory
	boots []int64          // boot catalogs, in sectors
	trees []*isoTree
}

// isoTree is how the records of one tree are read.
type isoTree struct {
	base   int64 // offset that places count from
	block  int64 // bytes of a logical block
	joliet bool  // names are UCS-2, big-endian
	tables []isoPathTable
	skip   int // bytes before the system use entries of a record, SUSP section 5.3
}

// isoFolder is a directory to be read.
type isoFolder struct {
	*device.Folder
	tree  *isoTree
	off   int64 // in bytes
	size  int64
	doubt bool // may be a directory of the other kind, which has been read
}

type isoSpot struct {
	sector int64
	joliet bool
}

// ISO is how an ISO 9660 image is found and opened.
var ISO = &level.Format{Name: "iso", Detect: detectISO, Open: openISO}

func detectISO(p *level.Probe) bool {
	if len(p.Head) <= isoFirst*isoSector {
		return false
	}
	for _, layout := range isoLayouts {
		for n := int64(isoFirst); n < isoLast; n++ {
			if off := n*layout.stride + layout.skip + 1; bytes.HasPrefix(p.Head[min(off, int64(len(p.Head))):], isoMagic) {
				return true
			}
		}
	}
	return false
}

func openISO(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return openISODevice(device.New(src, size), l)
}

func openISODevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	for _, layout := range isoLayouts {
		disc := layout.device(dev)
		v := &isoImage{Catalog: device.NewCatalog(disc, l), seen: map[isoSpot]bool{}}
		if !v.readDescriptors() {
			continue
		}
		v.walk()
		v.addBootImages()
		return v.Catalog, nil
	}
	return nil, device.FirstError(dev.Err, level.ErrFormat)
}

// readDescriptors reads the descriptors where they belong, and then those of
// further sessions wherever they are. It reports whether there is any.
func (v *isoImage) readDescriptors() bool {
	found, row := false, true // row: all so far stand side by side
	var b [isoSector]byte
	for n := int64(isoFirst); n < isoLast; n++ {
		if got := v.Dev.Read(b[:], n*isoSector); len(got) > 190 && bytes.Equal(got[1:6], isoMagic) {
			found = true
			v.descriptor(got, n, row)
		} else if found {
			row = false
		}
	}
	if found {
		v.readSessions()
	}
	return found
}

// readSessions looks for descriptors in all sectors: each session of a disc that
// was written in several has its own, and the last one counts.
func (v *isoImage) readSessions() {
	buf := make([]byte, 64<<10)
	for off := int64(isoLast * isoSector); off < v.Dev.Size; off += int64(len(buf)) {
		if !v.Dev.Spend(int64(len(buf))) {
			v.Fail(device.ErrWork)
			return
		}
		got := v.Dev.Read(buf, off)
		if !bytes.Contains(got, isoMagic) {
			continue
		}
		for n := off / isoSector; len(got) > 190; n++ {
			if bytes.Equal(got[1:6], isoMagic) {
				v.descriptor(got[:min(isoSector, len(got))], n, false)
			}
			got = got[min(isoSector, len(got)):]
		}
	}
}

// descriptor queues what a volume descriptor leads to. row says that it is one of
// those at the start.
func (v *isoImage) descriptor(b []byte, sector int64, row bool) {
	switch b[0] {
	case isoBoot:
		if bytes.HasPrefix(b[7:], []byte("EL TORITO SPECIFICATION")) {
			v.boots = append(v.boots, int64(device.LE32(b, 71)))
		}
	case isoPrimary, isoSupplementary:
		v.root(b, sector, row)
	}
}

func (v *isoImage) root(b []byte, sector int64, row bool) {
	tree := &isoTree{block: int64(device.LE16(b, 128)), joliet: b[0] == isoSupplementary && isJoliet(b[88:120])}
	if tree.block == 0 || tree.block > isoSector || tree.block&(tree.block-1) != 0 {
		tree.block = isoSector
	}
	rec, ok := parseISORecord(b[156:190])
	if !ok {
		return
	}
	// A descriptor apart from the others is of a further session, of a partition
	// whose places count from its own start, or only looks like one and is part of
	// a file.
	check := !row && sector >= isoLast
	if shift := (sector - isoFirst) * isoSector; !row && v.isDirectory(tree, shift, rec.lba) {
		tree.base, check = shift, false
	}
	if !check {
		size := max(int64(device.LE32(b, 132)), int64(device.BE32(b, 136)))
		tree.tables = []isoPathTable{
			{int64(device.LE32(b, 140)) * tree.block, size, false}, {int64(device.LE32(b, 144)) * tree.block, size, false},
			{int64(device.BE32(b, 148)) * tree.block, size, true}, {int64(device.BE32(b, 152)) * tree.block, size, true},
		}
	}
	for _, at := range rec.places(tree) {
		if (!check || v.isDirectory(tree, 0, rec.lba)) && v.Room("") {
			v.queue = append(v.queue, isoFolder{nil, tree, at.Off, at.N, !row})
		}
	}
	v.trees = append(v.trees, tree)
}

// isJoliet asks for one of the three escape sequences of Joliet's levels.
func isJoliet(escapes []byte) bool {
	for _, level := range []string{"%/@", "%/C", "%/E"} {
		if bytes.Contains(escapes, []byte(level)) {
			return true
		}
	}
	return false
}

// walk reads all directories, and then those that only the path tables know.
func (v *isoImage) walk() {
	v.readQueue()
	for len(v.moved) > 0 && v.Over == nil {
		v.queue, v.moved = v.moved, nil
		v.readQueue()
	}
	for _, t := range v.trees {
		v.readPathTables(t)
	}
	v.readQueue()
}

// readQueue reads the directories that are queued, breadth first.
func (v *isoImage) readQueue() {
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		if !f.doubt || !v.seen[isoSpot{f.off / isoSector, !f.tree.joliet}] {
			v.readDirectory(f)
		}
	}
}

// isDirectory asks whether the first record of what may be a directory is of
// itself.
func (v *isoImage) isDirectory(t *isoTree, base int64, lba uint32) bool {
	var b [34]byte
	rec, ok := parseISORecord(v.Dev.Read(b[:], base+int64(lba)*t.block))
	return ok && rec.isDir() && len(rec.id) == 1 && rec.id[0] == 0 && rec.lba == lba
}

// readDirectory reads a directory's records. A sector that was part of a directory
// of the same kind is not read again, which ends loops and keeps the walk linear.
func (v *isoImage) readDirectory(f isoFolder) {
	var buf [isoSector]byte
	dir := isoDirectory{v: v, tree: f.tree, in: f.Folder}
	end := f.off + f.size
	for off := f.off; off < min(end, v.Dev.Size) && v.Over == nil; off += isoSector {
		spot := isoSpot{off / isoSector, f.tree.joliet}
		if v.seen[spot] {
			break
		}
		v.seen[spot] = true
		if !v.Dev.Spend(isoSector) {
			v.Fail(device.ErrWork)
			break
		}
		got := v.Dev.Read(buf[:], off)
		for len(got) > 33 && got[0] != 0 {
			rec, ok := parseISORecord(got)
			if !ok {
				break
			}
			if off == f.off && len(rec.id) == 1 && rec.id[0] == 0 {
				// The directory's own record may give another size than its parent's.
				end = max(end, off+max(int64(rec.size), int64(rec.sizeBE)))
			}
			dir.record(&rec)
			got = got[rec.length:]
		}
	}
	dir.flush()
}
