package apfs

import (
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// container is a container whose volumes are read one after the other.
type container struct {
	*device.Catalog
	block  int64
	read   map[int64]bool // blocks of the volume superblocks that were read
	damage error          // the first thing that was found broken
}

// Format is how a container is found and opened.
var Format = &level.Format{Name: "apfs", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	if isSuper(p.Head) {
		return true
	}
	for at := int64(leastBlock); at < scanned; at += leastBlock {
		if string(p.At(at+magicAt, len(superMagic))) == superMagic {
			return Is(device.New(p.Src, p.Size))
		}
	}
	return false
}

// Is says whether a device is a container: by block 0, or by a checkpoint behind it that
// leads to an object map.
func Is(dev *device.Device) bool {
	var b [leastBlock]byte
	return isSuper(dev.Read(b[:], 0)) || stray(dev) != nil
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return OpenDevice(device.New(src, size), l)
}

// OpenDevice opens a container of a disk.
func OpenDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	all := readSupers(dev)
	if len(all) == 0 {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	c := &container{Catalog: device.NewCatalog(dev, l), block: all[0].block, read: map[int64]bool{}}
	c.describe(&all[0])
	for i := range all {
		if all[i].first || len(c.read) == 0 {
			c.readVolumes(&all[i])
		}
	}
	if c.damage != nil {
		c.Fail(c.damage)
	}
	return c.Catalog, dev.Err
}

// describe says what cannot be read of a container, or is not there.
func (c *container) describe(s *super) {
	if !s.sound && len(s.volumes) == 0 {
		c.Unreadable(nil, "apfs", fmt.Errorf("superblock: %w", level.ErrMalformed))
	}
	if !s.sound {
		c.Note(anomaly.CRC)
	}
	if s.incompat&incompatFusion != 0 {
		c.Unreadable(nil, "fusion", fmt.Errorf("the other device of a Fusion drive: %w", level.ErrUnsupported))
	}
	if s.incompat&incompatVersion1 != 0 {
		c.Unreadable(nil, "apfs", fmt.Errorf("version 1: %w", level.ErrUnsupported))
	}
	if s.scattered {
		c.Unreadable(nil, "checkpoints", fmt.Errorf("checkpoints in a tree: %w", level.ErrUnsupported))
	}
	if s.blocks > c.Dev.Size/c.block {
		c.Note(anomaly.Truncated)
	}
}

// readVolumes reads the volumes that a superblock leads to.
func (c *container) readVolumes(s *super) {
	if len(s.volumes) == 0 {
		return
	}
	objects, err := c.readObjects(s.omap)
	if err != nil {
		c.broken(fmt.Errorf("container: %w", err))
	}
	for _, id := range s.volumes {
		o, ok := objects.find(id, s.xid)
		if !ok {
			c.broken(fmt.Errorf("volume %d is in no object map: %w", id, level.ErrMalformed))
			continue
		}
		if c.read[o.block] || c.Over != nil {
			continue
		}
		c.read[o.block] = true
		if err := c.readVolume(o.block, s.xid, len(s.volumes) > 1); err != nil {
			c.broken(err)
		}
	}
}

// readBlock reads a block into b, which counts as work.
func (c *container) readBlock(b []byte, n int64) error {
	if !c.Dev.Spend(c.block) {
		c.Fail(device.ErrWork)
		return device.ErrWork
	}
	if n <= 0 || n > c.Dev.Size/c.block || !c.Dev.Full(b, n*c.block) {
		return c.fault(fmt.Errorf("block %d outside of the container: %w", n, level.ErrMalformed))
	}
	return nil
}

// broken keeps the first thing that was found broken, for the end: a volume with damage
// in one place is read in the others.
func (c *container) broken(err error) {
	if !errors.Is(err, device.ErrWork) {
		c.damage = device.FirstError(c.damage, err)
	}
}

// fault is what could not be read, or why: a source that fails is no fault of the volume.
func (c *container) fault(err error) error { return device.FirstError(c.Dev.Err, err) }
