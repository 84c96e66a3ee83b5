package ext

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// volume is a volume of ext2, ext3 or ext4.
type volume struct {
	*device.Catalog
	super
	raw     []byte              // an inode
	entries []byte              // a block of a directory
	pages   [maxLevels + 1]page // by level; the one below is for data
	queue   []folder
	met     map[int64]bool // inodes that a name leads to
	damage  error          // the first thing that was found broken
}

// rootInode is the number of the root directory ("Special inodes").
const rootInode = 2

// Format is how a volume is found and opened.
var Format = &level.Format{Name: "ext", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	if len(p.Head) >= superAt+superBytes && isExt(p.Head[superAt:]) {
		return true
	}
	for i, off := range backupPlaces {
		if p.Size > off+superBytes {
			if _, ok := backup(p.At(off, superBytes), i); ok {
				return true
			}
		}
	}
	return false
}

// Is says whether a device has a superblock where the first one stands.
func Is(dev *device.Device) bool {
	var b [superBytes]byte
	return isExt(dev.Read(b[:], superAt))
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return OpenDevice(device.New(src, size), l)
}

// OpenDevice opens a volume of a disk.
func OpenDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [superBytes]byte
	first, ok := parseSuper(dev.Read(b[:], superAt))
	if ok {
		first.group = 0 // whatever it says
		if v := newVolume(dev, first, l); v.rooted() {
			return v.read(), nil
		}
	}
	// The root cannot be reached by the first superblock: what e2fsck would go by.
	for i, off := range backupPlaces {
		if s, ok := backup(dev.Read(b[:], off), i); ok {
			if v := newVolume(dev, s, l); v.rooted() {
				v.Note(anomaly.Truncated)
				return v.read(), nil
			}
		}
	}
	switch {
	case dev.Err != nil:
		return nil, dev.Err
	case !ok:
		return nil, level.ErrFormat
	}
	return newVolume(dev, first, l).read(), nil
}

func newVolume(dev *device.Device, s super, l level.Limits) *volume {
	return &volume{
		Catalog: device.NewCatalog(dev, l), super: s,
		raw: make([]byte, s.inode), entries: make([]byte, s.block), met: map[int64]bool{},
	}
}

// rooted says whether there is a root directory.
func (v *volume) rooted() bool {
	i, err := v.readInode(rootInode)
	return err == nil && i.dir()
}

// read finds all files: those in directories, and those that are in none.
func (v *volume) read() level.Walker {
	if v.incompat&incompatJournalDev != 0 {
		v.Unreadable(nil, "journal", fmt.Errorf("another volume's journal: %w", level.ErrUnsupported))
		return v.Catalog
	}
	if v.incompat&incompatRecover != 0 {
		v.Unreadable(nil, "journal", fmt.Errorf("a journal that was not replayed: %w", level.ErrUnsupported))
	}
	if v.blocks > v.Dev.Size/v.block {
		v.Note(anomaly.Truncated)
	}
	i, err := v.readInode(rootInode)
	if err == nil && i.dir() {
		v.addFolder(nil, i)
	} else {
		v.broken(fmt.Errorf("root directory: %w", level.ErrMalformed))
	}
	v.readQueue()
	v.readLost()
	if v.damage != nil {
		v.Fail(v.damage)
	}
	return v.Catalog
}

func (v *volume) readQueue() {
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readFolder(f)
	}
}

// broken keeps the first thing that was found broken, for the end: a volume with damage
// in one place is read in the others.
func (v *volume) broken(err error) { v.damage = device.FirstError(v.damage, err) }

// fault is what could not be read, or why: a source that fails is no fault of the volume.
func (v *volume) fault(err error) error { return device.FirstError(v.Dev.Err, err) }

// readLost reads the inodes in use that no directory led to, as 7-Zip does and as
// e2fsck would put them into lost+found.
func (v *volume) readLost() {
	// Both counts may be a lie: no more groups than the device has room for.
	groups := min((v.inodes+v.inodesPer-1)/v.inodesPer, v.Dev.Size/v.block/v.perGroup+1)
	bitmap := make([]byte, (v.inodesPer+7)/8)
	for n := int64(0); n < groups && v.Over == nil; n++ {
		g, ok := v.group(n)
		if !ok {
			return
		}
		if !v.Dev.Spend(int64(len(bitmap)) + runCost) {
			v.Fail(device.ErrWork)
			return
		}
		off := v.offset(g.bitmap)
		if g.unused || off < 0 {
			continue
		}
		for i, bits := range v.Dev.Read(bitmap, off) {
			for ; bits != 0 && v.Over == nil; bits &= bits - 1 {
				v.lost(n*v.inodesPer + int64(8*i+lowest(bits)) + 1)
			}
		}
	}
}

// lowest is the number of the lowest bit that is set.
func lowest(bits byte) (n int) {
	for ; bits&1 == 0; bits >>= 1 {
		n++
	}
	return n
}

// lost adds an inode that no name leads to.
func (v *volume) lost(number int64) {
	if number < v.firstUser || v.met[number] {
		return
	}
	i, err := v.readInode(number)
	if err != nil || i.links == 0 {
		return
	}
	name := fmt.Sprintf("#%d", number) // as e2fsck calls it
	switch {
	case i.dir():
		v.addFolder(&device.Folder{Name: name}, i)
		v.readQueue()
	case i.file():
		v.met[number] = true
		v.addFile(nil, name, i)
	}
}
