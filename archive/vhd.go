package archive

import (
	"bytes"
	"fmt"
	"io"
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

func detectVHD(p *probe) bool {
	return bytes.HasPrefix(p.head, vhdCookie) || bytes.HasPrefix(p.at(-vhdFooterBytes, 8), vhdCookie) ||
		bytes.HasPrefix(p.at(-vhdFooterBytes+1, 8), vhdCookie)
}

func openVHD(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	var b [vhdFooterBytes]byte
	end, footer := int64(0), []byte(nil)
	// The copy at the start belongs to dynamic disks and is what is left when the
	// end is cut.
	for _, off := range []int64{size - vhdFooterBytes, size - vhdFooterBytes + 1, 0} {
		if got := dev.read(b[:], off); len(got) >= vhdFooterBytes-1 && bytes.HasPrefix(got, vhdCookie) {
			end, footer = off, got
			break
		}
	}
	if footer == nil {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	kind := be32(footer, 60)
	if kind != vhdDynamic && kind != vhdDifferencing {
		if kind != vhdFixed {
			return nil, fmt.Errorf("disk type %d: %w", kind, ErrUnsupported)
		}
		if end == 0 {
			end = size
		}
		return noNil(openDiskDevice(dev.part(0, end), l))
	}
	disk, err := openVHDBlocks(dev, footer)
	if err != nil {
		return nil, err
	}
	w, err := openDiskDevice(dev.derive(disk, disk.size), l)
	if err == nil && kind == vhdDifferencing {
		w.given = append(w.given, fmt.Errorf("differences to another disk: %w", ErrUnsupported))
	}
	return noNil(w, err)
}

// noNil makes a nil *diskWalker a nil walker.
func noNil(w *diskWalker, err error) (walker, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

// cmpErr returns the first error that is not nil.
func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// vhdBlocks is a dynamic disk: a table gives the place of each block, or none for
// one that has never been written and reads as zeros.
type vhdBlocks struct {
	dev    *device
	size   int64 // of the disk
	table  int64 // offset of the block allocation table
	count  int64 // its entries
	block  int64 // bytes of a block
	bitmap int64 // bytes of the sector bitmap before each block
}

func openVHDBlocks(dev *device, footer []byte) (*vhdBlocks, error) {
	var h [1024]byte
	off := offsetOf(be64(footer, 16))
	if !dev.full(h[:], off) || !bytes.HasPrefix(h[:], vhdDynCookie) {
		return nil, fmt.Errorf("no dynamic disk header: %w", ErrMalformed)
	}
	v := &vhdBlocks{
		dev:   dev,
		size:  offsetOf(be64(footer, 48)),
		table: offsetOf(be64(h[:], 16)),
		count: int64(be32(h[:], 28)),
		block: int64(be32(h[:], 32)),
	}
	if v.block < sectorBytes || v.block&(v.block-1) != 0 {
		return nil, fmt.Errorf("block size %d: %w", v.block, ErrMalformed)
	}
	v.bitmap = (v.block/sectorBytes/8 + sectorBytes - 1) / sectorBytes * sectorBytes
	v.size = min(v.size, v.count*v.block)
	return v, nil
}

// ReadAt reads from the disk. A block that lies outside of the file reads as zeros
// too: what is there of the rest is still to be seen.
func (v *vhdBlocks) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, v.size, v.block, func(i int64) (int64, error) {
		var e [4]byte
		if !v.dev.full(e[:], v.table+4*i) {
			return -1, v.dev.err
		}
		sector := be32(e[:], 0)
		if sector == 0xffffffff {
			return -1, nil
		}
		return int64(sector)*sectorBytes + v.bitmap, nil
	}, v.dev)
}

// readBlocks reads from a disk that is kept in blocks. place gives a block's
// offset in the file, negative for zeros.
func readBlocks(p []byte, off, size, block int64, place func(int64) (int64, error), dev *device) (int, error) {
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
