package disk

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Microsoft's Virtual Hard Disk Image Format Specification 1.0. All fields are
// big-endian.
var (
	vhdCookie    = []byte("conectix")
	vhdDynCookie = []byte("cxsparse")
)

// vhdFooterBytes is the length of a footer; early writers left out the last byte.
const vhdFooterBytes = 512

// Types of a virtual hard disk.
const (
	vhdFixed        = 2
	vhdDynamic      = 3
	vhdDifferencing = 4
)

// VHD is how a virtual hard disk is found and opened.
var VHD = &level.Format{Name: "vhd", Detect: detectVHD, Open: openVHD}

func detectVHD(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, vhdCookie) || bytes.HasPrefix(p.At(-vhdFooterBytes, 8), vhdCookie) ||
		bytes.HasPrefix(p.At(-vhdFooterBytes+1, 8), vhdCookie)
}

func openVHD(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var b [vhdFooterBytes]byte
	end, footer := int64(0), []byte(nil)
	// The copy at the start belongs to dynamic disks and is what is left when the
	// end is cut.
	for _, off := range []int64{size - vhdFooterBytes, size - vhdFooterBytes + 1, 0} {
		if got := dev.Read(b[:], off); len(got) >= vhdFooterBytes-1 && bytes.HasPrefix(got, vhdCookie) {
			end, footer = off, got
			break
		}
	}
	if footer == nil {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	kind := device.BE32(footer, 60)
	if kind != vhdDynamic && kind != vhdDifferencing {
		if kind != vhdFixed {
			return nil, fmt.Errorf("disk type %d: %w", kind, level.ErrUnsupported)
		}
		if end == 0 {
			end = size
		}
		return noNil(openDiskDevice(dev.Part(0, end), l))
	}
	disk, err := openVHDBlocks(dev, footer)
	if err != nil {
		return nil, err
	}
	w, err := openDiskDevice(dev.Derive(disk, disk.size), l)
	if err == nil && kind == vhdDifferencing {
		w.given = append(w.given, fmt.Errorf("differences to another disk: %w", level.ErrUnsupported))
	}
	return noNil(w, err)
}

// noNil makes a nil *diskWalker a nil walker.
func noNil(w *diskWalker, err error) (level.Walker, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

// vhdBlocks is a dynamic disk: a table gives the place of each block, or none for
// one that has never been written and reads as zeros.
type vhdBlocks struct {
	dev    *device.Device
	size   int64 // of the disk
	table  int64 // offset of the block allocation table
	count  int64 // its entries
	block  int64 // bytes of a block
	bitmap int64 // bytes of the sector bitmap before each block
}

func openVHDBlocks(dev *device.Device, footer []byte) (*vhdBlocks, error) {
	var h [1024]byte
	off := device.OffsetOf(device.BE64(footer, 16))
	if !dev.Full(h[:], off) || !bytes.HasPrefix(h[:], vhdDynCookie) {
		return nil, fmt.Errorf("no dynamic disk header: %w", level.ErrMalformed)
	}
	v := &vhdBlocks{
		dev:   dev,
		size:  device.OffsetOf(device.BE64(footer, 48)),
		table: device.OffsetOf(device.BE64(h[:], 16)),
		count: int64(device.BE32(h[:], 28)),
		block: int64(device.BE32(h[:], 32)),
	}
	if v.block < device.SectorBytes || v.block&(v.block-1) != 0 {
		return nil, fmt.Errorf("block size %d: %w", v.block, level.ErrMalformed)
	}
	v.bitmap = (v.block/device.SectorBytes/8 + device.SectorBytes - 1) / device.SectorBytes * device.SectorBytes
	v.size = min(v.size, v.count*v.block)
	return v, nil
}

// ReadAt reads from the disk. A block that lies outside of the file reads as zeros
// too: what is there of the rest is still to be seen.
func (v *vhdBlocks) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, v.size, v.block, func(i int64) (int64, error) {
		var e [4]byte
		if !v.dev.Full(e[:], v.table+4*i) {
			return -1, v.dev.Err
		}
		sector := device.BE32(e[:], 0)
		if sector == 0xffffffff {
			return -1, nil
		}
		return int64(sector)*device.SectorBytes + v.bitmap, nil
	}, v.dev)
}

// readBlocks reads from a disk that is kept in blocks. place gives a block's
// offset in the file, negative for zeros.
func readBlocks(p []byte, off, size, block int64, place func(int64) (int64, error), dev *device.Device) (int, error) {
	if off < 0 || off >= size {
		return 0, io.EOF
	}
	done := 0
	for done < len(p) && off < size {
		part := p[done:min(int64(len(p)), int64(done)+min(block-off%block, size-off))]
		at, err := place(off / block)
		if err != nil {
			return done, err
		}
		clear(part)
		if at >= 0 {
			if _, err := dev.ReadAt(part, at+off%block); err != nil && err != io.EOF {
				return done, err
			}
		}
		done += len(part)
		off += int64(len(part))
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
