package disk

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Microsoft's [MS-VHDX]: the places of the structures that have fixed ones.
const (
	vhdxHeader1 = 64 << 10
	vhdxHeader2 = 128 << 10
	vhdxRegion1 = 192 << 10
	vhdxRegion2 = 256 << 10
)

// GUIDs as they are stored.
const (
	vhdxBAT        = "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08"
	vhdxMetadata   = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"
	vhdxParameters = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"
	vhdxDiskSize   = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"
	vhdxSectorSize = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f"
)

var vhdxMagic = []byte("vhdxfile")

// VHDX is how a virtual hard disk of version 2 is found and opened.
var VHDX = &level.Format{Name: "vhdx", Detect: detectVHDX, Open: openVHDX}

func detectVHDX(p *level.Probe) bool { return bytes.HasPrefix(p.Head, vhdxMagic) }

// vhdxBlocks is a disk whose payload blocks are found through a table.
type vhdxBlocks struct {
	dev    *device.Device
	size   int64 // of the disk
	table  int64 // offset of the block allocation table
	block  int64 // bytes of a payload block
	ratio  int64 // payload blocks for each entry that is of a sector bitmap
	parent bool  // there is a parent disk
}

func openVHDX(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var magic [8]byte
	if !dev.Full(magic[:], 0) || !bytes.Equal(magic[:], vhdxMagic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v, err := readVHDX(dev)
	if err != nil {
		return nil, device.FirstError(dev.Err, err)
	}
	w, err := openDiskDevice(dev.Derive(v, v.size), l)
	if err != nil {
		return nil, err
	}
	if v.parent {
		w.given = append(w.given, fmt.Errorf("differences to another disk: %w", level.ErrUnsupported))
	}
	if vhdxHasLog(dev) {
		w.given = append(w.given, fmt.Errorf("a log that was not replayed: %w", level.ErrUnsupported))
	}
	return w, nil
}

// vhdxHasLog says whether the current header names a log (section 2.2.2).
func vhdxHasLog(dev *device.Device) bool {
	log, newest := false, uint64(0)
	var h [80]byte
	for _, off := range []int64{vhdxHeader1, vhdxHeader2} {
		if dev.Full(h[:], off) && string(h[:4]) == "head" && device.LE64(h[:], 8) >= newest {
			newest = device.LE64(h[:], 8)
			log = len(bytes.Trim(h[48:64], "\x00")) > 0
		}
	}
	return log
}

// readVHDX finds the two regions and reads the metadata.
func readVHDX(dev *device.Device) (*vhdxBlocks, error) {
	table, meta := vhdxRegions(dev, vhdxRegion1)
	if table <= 0 || meta <= 0 {
		table, meta = vhdxRegions(dev, vhdxRegion2)
	}
	if table <= 0 || meta <= 0 {
		return nil, fmt.Errorf("no region table: %w", level.ErrMalformed)
	}
	v := &vhdxBlocks{dev: dev, table: table}
	sector := int64(512)
	v.readMetadata(meta, &sector)
	if v.block < 1<<20 || v.block > 256<<20 || bits.OnesCount64(uint64(v.block)) != 1 || v.size <= 0 || sector != 512 && sector != 4096 {
		return nil, fmt.Errorf("metadata: %w", level.ErrMalformed)
	}
	v.ratio = sector << 23 / v.block
	return v, nil
}

// vhdxRegions reads one of the two region tables (section 2.2.3).
func vhdxRegions(dev *device.Device, off int64) (table, meta int64) {
	var h [16]byte
	if !dev.Full(h[:], off) || string(h[:4]) != "regi" {
		return 0, 0
	}
	var e [32]byte
	for i := range int64(min(device.LE32(h[:], 8), 2047)) {
		if !dev.Full(e[:], off+16+32*i) {
			break
		}
		switch string(e[:16]) {
		case vhdxBAT:
			table = device.OffsetOf(device.LE64(e[:], 16))
		case vhdxMetadata:
			meta = device.OffsetOf(device.LE64(e[:], 16))
		}
	}
	return table, meta
}

// readMetadata reads the items that say how large things are (section 2.6).
func (v *vhdxBlocks) readMetadata(off int64, sector *int64) {
	var h [32]byte
	if !v.dev.Full(h[:], off) || string(h[:8]) != "metadata" {
		return
	}
	var e [32]byte
	for i := range int64(min(device.LE16(h[:], 10), 2047)) {
		if !v.dev.Full(e[:], off+32+32*i) {
			return
		}
		var item [8]byte
		v.dev.Read(item[:], off+int64(device.LE32(e[:], 16)))
		switch string(e[:16]) {
		case vhdxParameters:
			v.block = int64(device.LE32(item[:], 0))
			v.parent = device.LE32(item[:], 4)&2 != 0
		case vhdxDiskSize:
			v.size = device.OffsetOf(device.LE64(item[:], 0))
		case vhdxSectorSize:
			*sector = int64(device.LE32(item[:], 0))
		}
	}
}

// ReadAt reads from the disk. Only blocks that are wholly or partly present have a
// place in the file (section 2.5.1.1).
func (v *vhdxBlocks) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, v.size, v.block, func(i int64) (int64, error) {
		var e [8]byte
		if !v.dev.Full(e[:], v.table+8*(i+i/v.ratio)) {
			return -1, v.dev.Err
		}
		entry := device.LE64(e[:], 0)
		if state := entry & 7; state < 6 {
			return -1, nil
		}
		return device.OffsetOf(entry >> 20 << 20), nil
	}, v.dev)
}
