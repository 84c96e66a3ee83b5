package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/disk"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// QEMU, docs/interop/parallels.txt: an expandable image of Parallels. Numbers are
// little-endian.
var (
	parallelsMagic    = []byte("WithoutFreeSpace") // places count in sectors
	parallelsMagicExt = []byte("WithouFreSpacExt") // places count in clusters
)

const parallelsHeader = 64 // bytes; the block allocation table follows

// Parallels is how an image of Parallels is found and opened.
var Parallels = &level.Format{Name: "parallels", Detect: detectParallels, Open: openParallels}

func detectParallels(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, parallelsMagic) || bytes.HasPrefix(p.Head, parallelsMagicExt)
}

func openParallels(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [parallelsHeader]byte
	ext := false
	switch got := dev.Read(h[:], 0); {
	case bytes.HasPrefix(got, parallelsMagicExt):
		ext = true
	case !bytes.HasPrefix(got, parallelsMagic):
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	if version := device.LE32(h[:], 16); version != 2 {
		return nil, fmt.Errorf("version %d: %w", version, level.ErrUnsupported)
	}
	cluster, count := int64(device.LE32(h[:], 28))*device.SectorBytes, int64(device.LE32(h[:], 32))
	sectors, unit := device.LE64(h[:], 36), cluster
	if !ext {
		// The upper half is used by the other magic only.
		sectors, unit = uint64(uint32(sectors)), device.SectorBytes
	}
	if cluster <= 0 || sectors > 1<<50 {
		return nil, fmt.Errorf("%d sectors in clusters of %d bytes: %w", sectors, cluster, level.ErrMalformed)
	}
	d := newBlocks(dev, int64(sectors)*device.SectorBytes)
	d.find = func(off int64) span {
		var e [4]byte
		i := off / cluster
		if i >= count {
			return hole(off, cluster)
		}
		if !dev.Full(e[:], parallelsHeader+4*i) {
			d.fail(fmt.Errorf("block allocation table: %w", level.ErrMalformed))
			return hole(off, cluster)
		}
		at := int64(device.LE32(e[:], 0))
		if at == 0 {
			return hole(off, cluster)
		}
		if at > dev.Size/unit {
			return stored(dev.Size, off, cluster)
		}
		return stored(at*unit, off, cluster)
	}
	return disk.OpenImage(disk.Image{Disk: dev.Derive(d, d.size), Fault: d.Fault}, l)
}
