package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// VirtualBox' disk image has no published specification; the fields are those of its
// Storage/VDICore.h. Numbers are little-endian.

// vdiMagic stands at vdiAt, behind a line of text that says which program wrote it.
var vdiMagic = []byte("\x7f\x10\xda\xbe")

const (
	vdiAt     = 0x40
	vdiHeader = 0x1c8 // bytes, up to the parent's identifier
)

// Types of an image.
const (
	vdiDynamic      = 1
	vdiFixed        = 2
	vdiUndo         = 3
	vdiDifferencing = 4
)

// Entries of the block map from here on are no places: zeros, or never written.
const vdiNowhere = 0xfffffffe

// maxVDIBlock bounds a block's bytes, so that no product can overflow; writers use 1 MiB.
const maxVDIBlock = 256 << 20

// VDI is how a VirtualBox image is found and opened.
var VDI = &level.Format{Name: "vdi", Detect: detectVDI, Open: openVDI}

func detectVDI(p *level.Probe) bool {
	return len(p.Head) >= vdiAt+4 && bytes.HasPrefix(p.Head[vdiAt:], vdiMagic)
}

func openVDI(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [vdiHeader]byte
	got := dev.Read(h[:], 0)
	if len(got) < vdiAt+8 || !bytes.HasPrefix(got[vdiAt:], vdiMagic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	if version := device.LE32(h[:], 0x44); version>>16 != 1 {
		return nil, fmt.Errorf("version %d: %w", version>>16, level.ErrUnsupported)
	}
	table, data := int64(device.LE32(h[:], 0x154)), int64(device.LE32(h[:], 0x158))
	block, extra := int64(device.LE32(h[:], 0x178)), int64(device.LE32(h[:], 0x17c))
	count := int64(device.LE32(h[:], 0x180))
	if block < device.SectorBytes || block > maxVDIBlock || extra > maxVDIBlock {
		return nil, fmt.Errorf("block size %d and %d: %w", block, extra, level.ErrMalformed)
	}
	d := newBlocks(dev, min(device.OffsetOf(device.LE64(h[:], 0x170)), count*block))
	d.find = func(off int64) span {
		var e [4]byte
		if !dev.Full(e[:], table+off/block*4) {
			d.fail(fmt.Errorf("block map: %w", level.ErrMalformed))
			return hole(off, block)
		}
		n := device.LE32(e[:], 0)
		if n >= vdiNowhere {
			return hole(off, block)
		}
		return stored(data+int64(n)*(block+extra)+extra, off, block)
	}
	image := disk.Image{Disk: dev.Derive(d, d.size), Fault: d.Fault}
	switch kind := device.LE32(h[:], 0x4c); {
	case kind == vdiUndo, kind == vdiDifferencing, len(bytes.Trim(h[0x1a8:0x1b8], "\x00")) > 0:
		image.Missing = append(image.Missing, errParent)
	case kind != vdiDynamic && kind != vdiFixed:
		image.Missing = append(image.Missing, fmt.Errorf("image type %d: %w", kind, level.ErrUnsupported))
	}
	return disk.OpenImage(image, l)
}
