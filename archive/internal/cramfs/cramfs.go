package cramfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Linux, Documentation/filesystems/cramfs.rst and include/uapi/linux/cramfs_fs.h. The
// byte order is that of the machine that made the image, and with it the order of the
// fields that share a word.

const (
	magic       = 0x28cd3d45
	signature   = "Compressed ROMFS"
	headerBytes = 76
	rootAt      = 64  // the root's inode, in the header
	shifted     = 512 // what a boot loader may take before the header
)

// Flags of the header.
const (
	flagPointers = 0x800 // block pointers may be places, and stored
	// Not of Linux: firmware with larger blocks and other methods, as 7-Zip reads it.
	blockShift  = 11
	blockMask   = 7
	methodShift = 14
	methodMask  = 3
	methodLZMA  = 2
)

// volume is a cramfs volume.
type volume struct {
	*device.Catalog
	scratch
	order  binary.ByteOrder
	flags  uint32
	queue  []folder
	seen   map[int64]bool // offsets that were read as a directory
	damage error          // the first thing that was found broken
}

// folder is a directory to be read.
type folder struct {
	*device.Folder
	off, size int64
}

// Format is how an image is found and opened.
var Format = &level.Format{Name: "cramfs", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	for _, at := range []int{0, shifted} {
		if at < len(p.Head) && orderOf(p.Head[at:]) != nil {
			return true
		}
	}
	return false
}

// orderOf is the byte order of an image that begins with b, nil if none does.
func orderOf(b []byte) binary.ByteOrder {
	if len(b) < headerBytes || string(b[16:32]) != signature {
		return nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(b) == magic {
			return order
		}
	}
	return nil
}

// Is says whether a device begins with an image.
func Is(dev *device.Device) bool {
	var b [shifted + headerBytes]byte
	got := dev.Read(b[:], 0)
	return orderOf(got) != nil || len(got) > shifted && orderOf(got[shifted:]) != nil
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return OpenDevice(device.New(src, size), l)
}

// OpenDevice opens a volume of a disk.
func OpenDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [headerBytes]byte
	v := &volume{Catalog: device.NewCatalog(dev, l), seen: map[int64]bool{}}
	for _, at := range []int64{0, shifted} {
		if got := dev.Read(b[:], at); v.order == nil {
			v.order = orderOf(got)
		}
		if v.order != nil {
			break
		}
	}
	if v.order == nil {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v.flags = v.order.Uint32(b[8:])
	if method := v.flags >> methodShift & methodMask; method >= methodLZMA {
		v.Unreadable(nil, "cramfs", fmt.Errorf("method %d: %w", method, level.ErrUnsupported))
		return v.Catalog, nil
	}
	v.addFolder(nil, "", v.inode(b[rootAt:]))
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readFolder(f)
	}
	if v.damage != nil {
		v.Fail(v.damage)
	}
	return v.Catalog, nil
}

// inodeBytes is the length of an inode.
const inodeBytes = 12

// Kinds of an inode's mode.
const (
	modeKind = 0xf000
	modeDir  = 0x4000
	modeFile = 0x8000
	modeLink = 0xa000
)

// maxLink is the length from which on a symbolic link is none to 7-Zip, but a file.
const maxLink = 4096

// inode is what an inode says.
type inode struct {
	mode uint16
	size int64
	name int   // bytes of the name, which follows
	off  int64 // of the data
}

// inode reads the fields, which share words: the first is in the low bits of one that is
// little-endian, and in the high ones else.
func (v *volume) inode(b []byte) inode {
	first, second, third := v.order.Uint32(b), v.order.Uint32(b[4:]), v.order.Uint32(b[8:])
	if v.order == binary.ByteOrder(binary.LittleEndian) {
		return inode{uint16(first), int64(second & (1<<24 - 1)), int(third&63) * 4, int64(third>>6) * 4}
	}
	return inode{uint16(first >> 16), int64(second >> 8), int(third>>26) * 4, int64(third&(1<<26-1)) * 4}
}

// entryMost is the length of the longest inode with its name.
const entryMost = inodeBytes + 63*4

// entryCost is what looking at an entry counts as, besides its bytes.
const entryCost = 64

// readFolder reads a directory, whose inodes follow each other, each with its name.
func (v *volume) readFolder(f folder) {
	var page [pageBytes]byte
	var rest []byte // of the page
	for at := int64(0); at+inodeBytes <= f.size && v.Over == nil; {
		if len(rest) < entryMost && int64(len(rest)) < f.size-at {
			rest = v.Dev.Read(page[:min(pageBytes, f.size-at)], f.off+at)
			if !v.Dev.Spend(int64(len(rest))) {
				v.Fail(device.ErrWork)
				return
			}
		}
		if len(rest) < inodeBytes {
			// For the end: the others are read.
			v.damage = device.FirstError(v.damage, fmt.Errorf("directory outside of the volume: %w", level.ErrMalformed))
			return
		}
		if !v.Dev.Spend(entryCost) {
			v.Fail(device.ErrWork)
			return
		}
		i := v.inode(rest)
		n := min(inodeBytes+i.name, len(rest))
		name := bytes.TrimRight(rest[inodeBytes:n], "\x00")
		at, rest = at+int64(inodeBytes+i.name), rest[n:]
		v.add(f.Folder, device.PlainName(level.DecodeNames(name, level.Latin1)[0]), i)
	}
}

func (v *volume) add(in *device.Folder, name string, i inode) {
	switch kind := i.mode & modeKind; {
	case kind == modeDir:
		v.addFolder(in, name, i)
	case kind == modeFile:
		v.addFile(in, name, i)
	case kind == modeLink && i.size < maxLink:
	case i.size > 0 && i.off > 0: // 7-Zip takes all that is no folder for a file; devices have no data
		v.addFile(in, name, i)
	}
}

// addFolder queues a directory that was not met yet, which ends loops. The root has no
// name.
func (v *volume) addFolder(in *device.Folder, name string, i inode) {
	if i.size == 0 || v.seen[i.off] || !v.Room(name) {
		return
	}
	v.seen[i.off] = true
	if name != "" || in != nil {
		in = &device.Folder{Parent: in, Name: name}
	}
	v.queue = append(v.queue, folder{in, i.off, i.size})
}

// pageBytes is the length of a block: a page of the machine, which is this one on all but
// a few.
const pageBytes = 4096

// addFile adds a file. One flag means larger blocks to some readers, and other pointers
// to Linux: then it is read as both.
func (v *volume) addFile(in *device.Folder, name string, i inode) {
	larger := int64(pageBytes) << (v.flags >> blockShift & blockMask)
	v.addReading(in, name, i, pageBytes, v.flags&flagPointers != 0)
	if larger > pageBytes {
		v.addReading(in, name, i, larger, false)
	}
}

func (v *volume) addReading(in *device.Folder, name string, i inode, block int64, pointers bool) {
	key := device.Key{Off: i.off, Size: i.size, Hash: uint64(block)}
	f := v.Add(key, in, []string{name}, func() io.Reader {
		return &body{v: v, table: i.off, size: i.size, block: block, pointers: pointers}
	})
	f.Member.Method = "deflate"
}
