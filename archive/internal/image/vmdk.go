package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// VMware's Virtual Disk Format 1.1 ("Hosted Sparse Extents", "ESX Server Sparse
// Extents", "Stream-Optimized Compressed Sparse Extents"). Numbers are little-endian,
// places count in sectors.
var (
	vmdkMagic  = []byte("KDMV")
	cowdMagic  = []byte("COWD")
	vmdkParted = []byte("# Disk DescriptorFile") // a descriptor that is a file of its own
)

// Bits of a header's flags.
const (
	vmdkPacked  = 1 << 16
	vmdkMarkers = 1 << 17
)

// vmdkAtEnd says that the directory's place is in the footer, a copy of the header
// before the last sector.
const vmdkAtEnd = 1<<64 - 1

// Bounds of a grain's bytes; writers use 64 KiB. Of packed ones several are kept in
// memory.
const (
	maxGrain  = 64 << 20
	maxPacked = 8 << 20
)

// VMDK is how an image of VMware is found and opened.
var VMDK = &level.Format{Name: "vmdk", Detect: detectVMDK, Open: openVMDK}

func detectVMDK(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, vmdkMagic) || isCOWD(p.Head) || bytes.HasPrefix(p.Head, vmdkParted)
}

// isCOWD asks for the version too, for the mark is a word.
func isCOWD(b []byte) bool { return bytes.HasPrefix(b, cowdMagic) && device.LE32(b, 4) == 1 }

// vmdk maps a disk through a directory of tables.
type vmdk struct {
	*blocks
	grains  int64 // grains of a table
	dir     int64 // offset of the directory
	spare   int64 // and of its copy
	dirs    int64 // entries of the directory
	zeroed  bool  // 1 in a table is no place
	packed  bool
	marked  bool // a head stands before each packed grain
	missing []error
}

func openVMDK(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [512]byte
	got := dev.Read(h[:], 0)
	var v *vmdk
	var err error
	switch {
	case bytes.HasPrefix(got, vmdkParted):
		return nil, errExtent
	case bytes.HasPrefix(got, vmdkMagic):
		v, err = parseVMDK(dev, h[:])
	case isCOWD(got):
		v, err = parseCOWD(dev, h[:])
	default:
		err = level.ErrFormat
	}
	if err != nil {
		return nil, device.FirstError(dev.Err, err)
	}
	if v.block <= 0 || v.block > maxGrain || v.grains <= 0 {
		return nil, fmt.Errorf("%d grains of %d bytes in a table: %w", v.grains, v.block, level.ErrMalformed)
	}
	if v.packed && v.block > maxPacked {
		return nil, fmt.Errorf("packed grains of %d bytes: %w", v.block, level.ErrLimit)
	}
	v.find, v.unpack = v.grain, unpackZlib()
	return disk.OpenImage(disk.Image{Disk: dev.Derive(v, v.size), Missing: v.missing, Fault: v.Fault}, l)
}

// sectorsOf is a number of sectors in bytes; what is out of all reason lies behind
// every device.
func sectorsOf(n uint64) int64 { return int64(min(n, 1<<50)) * device.SectorBytes }

func parseVMDK(dev *device.Device, h []byte) (*vmdk, error) {
	if device.LE64(h, 56) == vmdkAtEnd {
		var footer [512]byte
		if !dev.Full(footer[:], dev.Size-1024) || !bytes.HasPrefix(footer[:], vmdkMagic) {
			return nil, fmt.Errorf("no footer: %w", level.ErrMalformed)
		}
		h = footer[:]
	}
	flags := device.LE32(h, 8)
	v := &vmdk{
		blocks: newBlocks(dev, sectorsOf(device.LE64(h, 12))),
		grains: int64(device.LE32(h, 44)), dirs: 1 << 62,
		spare: sectorsOf(device.LE64(h, 48)), dir: sectorsOf(device.LE64(h, 56)),
		// Writers of all versions mean zeros by 1, for a header stands there.
		zeroed: true, packed: flags&vmdkPacked != 0, marked: flags&vmdkMarkers != 0,
	}
	v.block = sectorsOf(device.LE64(h, 20))
	if method := device.LE16(h, 77); v.packed && method > 1 {
		return nil, fmt.Errorf("compression %d: %w", method, level.ErrUnsupported)
	}
	v.describe(sectorsOf(device.LE64(h, 28)), sectorsOf(device.LE64(h, 36)))
	return v, nil
}

// cowdGrains is the fixed number of grains of a table of an ESX sparse extent.
const cowdGrains = 4096

func parseCOWD(dev *device.Device, h []byte) (*vmdk, error) {
	v := &vmdk{
		blocks: newBlocks(dev, sectorsOf(uint64(device.LE32(h, 12)))),
		grains: cowdGrains, dirs: int64(device.LE32(h, 24)),
		dir: sectorsOf(uint64(device.LE32(h, 20))),
	}
	v.block = sectorsOf(uint64(device.LE32(h, 16)))
	// The descriptor that names a parent is another file; of a base disk the header
	// leaves the parent's name empty.
	return v, nil
}

// maxDescriptor is how much of an embedded descriptor is read, in bytes.
const maxDescriptor = 64 << 10

// describe reads what the descriptor within an extent says of other files.
func (v *vmdk) describe(off, n int64) {
	if off == 0 || n == 0 || off >= v.dev.Size {
		return
	}
	text := v.dev.Read(make([]byte, min(n, maxDescriptor, v.dev.Size-off)), off)
	extents, parent := 0, false
	for line := range bytes.Lines(text) {
		line = bytes.ToLower(bytes.TrimSpace(line))
		id, ok := bytes.CutPrefix(line, []byte("parentcid="))
		parent = parent || ok && !bytes.Equal(id, []byte("ffffffff"))
		for _, access := range []string{"rw ", "rdonly ", "noaccess "} {
			if bytes.HasPrefix(line, []byte(access)) {
				extents++
			}
		}
	}
	if parent {
		v.missing = append(v.missing, errParent)
	}
	if extents > 1 {
		v.missing = append(v.missing, errExtent)
	}
}

// entry reads a number of a table, 0 where there is none.
func (v *vmdk) entry(off int64) int64 {
	var e [4]byte
	if !v.dev.Full(e[:], off) {
		v.fail(fmt.Errorf("a table outside of the file: %w", level.ErrMalformed))
		return 0
	}
	return int64(device.LE32(e[:], 0))
}

// grain finds the grain at off.
func (v *vmdk) grain(off int64) span {
	n := off / v.block
	i := n / v.grains
	if i >= v.dirs {
		return hole(off, v.block)
	}
	table := v.entry(v.dir + 4*i)
	if table*device.SectorBytes >= v.dev.Size && v.spare > 0 {
		table = v.entry(v.spare + 4*i)
	}
	if table == 0 {
		return hole(off, v.block)
	}
	at := v.entry(table*device.SectorBytes + n%v.grains*4)
	switch {
	case at == 0, at == 1 && v.zeroed:
		return hole(off, v.block)
	case !v.packed:
		return stored(at*device.SectorBytes, off, v.block)
	}
	return v.packedGrain(at*device.SectorBytes, off)
}

// vmdkMarker is the head of a packed grain: its first sector on the disk, and the
// length of what follows.
const vmdkMarker = 12

func (v *vmdk) packedGrain(at, off int64) span {
	size := 2 * v.block // more would not be packed
	id := uint64(at)
	if v.marked {
		var m [vmdkMarker]byte
		if !v.dev.Full(m[:], at) {
			v.fail(fmt.Errorf("a grain outside of the file: %w", level.ErrMalformed))
			return hole(off, v.block)
		}
		size = min(size, int64(device.LE32(m[:], 8)))
		at += vmdkMarker
	}
	return packed(at, size, off, v.block, id)
}
