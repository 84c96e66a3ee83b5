package ext

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// run is a piece of a file: n blocks from an offset of the volume, or of zeros that are
// nowhere if that is negative.
type run struct {
	off int64
	n   int64
}

// mapping finds a file's blocks, through a block map or a tree of extents. It reads the
// tables on the way anew for each run, and keeps one of each level: whatever they say,
// there are no more reads than levels for each run, and a run has a block at least.
type mapping struct {
	v       *volume
	blocks  [mapBytes]byte
	extents bool
}

func (v *volume) mapOf(i *inode) *mapping {
	return &mapping{v, i.blocks, i.flags&flagExtents != 0}
}

// find returns the run that begins with a block of the file.
func (m *mapping) find(n int64) (run, error) {
	if m.extents {
		return m.findExtent(n)
	}
	return m.findMapped(n)
}

// maxLevels is how deep a tree of extents can be ("Extent Tree"); a block map has three.
const maxLevels = 5

// page is a table that was read last at its level.
type page struct {
	off  int64
	data []byte
}

// table reads a block that is a table of a level; it is valid until the next one of
// that level is read. What it takes counts as work: the holes that tables lead to cost
// their maker nothing.
func (v *volume) table(depth int, off int64) ([]byte, error) {
	p := &v.pages[depth]
	if p.data == nil {
		p.data = make([]byte, v.block)
	} else if off >= 0 && p.off == off {
		return p.data, nil
	}
	p.off = -1
	if !v.Dev.Spend(v.block) {
		v.Fail(device.ErrWork)
		return nil, device.ErrWork
	}
	if off < 0 || !v.Dev.Full(p.data, off) {
		return nil, v.fault(errTable)
	}
	p.off = off
	return p.data, nil
}

var errTable = fmt.Errorf("a table of blocks outside of the volume: %w", level.ErrMalformed)

// direct is how many blocks a map has before the first of its three tables ("Direct/
// Indirect Block Addressing").
const direct = 12

// findMapped goes down a block map.
func (m *mapping) findMapped(n int64) (run, error) {
	if n < direct {
		return m.v.mapped(m.blocks[:4*direct], n), nil
	}
	n -= direct
	per := m.v.block / 4
	covered := int64(1) // blocks that an entry of the table covers
	for levels := 1; levels <= 3; levels++ {
		if n < covered*per {
			return m.descend(device.LE32(m.blocks[:], 4*(direct+levels-1)), n, levels, covered)
		}
		n -= covered * per
		covered *= per
	}
	return run{}, fmt.Errorf("a file longer than its block map: %w", level.ErrMalformed)
}

// descend follows tables down to that of block n, counted from the first that they cover.
func (m *mapping) descend(block uint32, n int64, levels int, covered int64) (run, error) {
	per := m.v.block / 4
	for ; ; levels-- {
		if block == 0 {
			return run{-1, covered*per - n}, nil
		}
		data, err := m.v.table(levels, m.v.offset(int64(block)))
		if err != nil {
			return run{}, err
		}
		if levels == 1 {
			return m.v.mapped(data, n), nil
		}
		block = device.LE32(data, int(n/covered*4))
		n %= covered
		covered /= per
	}
}

// mapped returns the run that begins with an entry of a table of blocks.
func (v *volume) mapped(table []byte, n int64) run {
	first := int64(device.LE32(table, int(4*n)))
	most := int64(len(table))/4 - n
	r := run{v.place(first), 1}
	for r.n < most {
		next := int64(device.LE32(table, int(4*(n+r.n))))
		if first == 0 && next != 0 || first != 0 && next != first+r.n {
			break
		}
		r.n++
	}
	return r
}

// place is the offset of a block of data, -1 for none; of one outside of the volume it
// is the volume's end.
func (v *volume) place(block int64) int64 {
	switch off := v.offset(block); {
	case block == 0:
		return -1
	case off < 0:
		return v.Dev.Size
	default:
		return off
	}
}

const (
	extentMagic  = 0xf30a
	extentEntry  = 12    // bytes, of the head too
	extentFilled = 32768 // blocks; one that says more is not written yet
	extentBeyond = 1 << 32
)

// findExtent goes down a tree of extents. Each level must be one less than that above,
// so that a loop is an error.
func (m *mapping) findExtent(n int64) (run, error) {
	node, depth, end := m.blocks[:], -1, int64(extentBeyond)
	if n >= end {
		return run{}, fmt.Errorf("a file longer than extents can tell: %w", level.ErrMalformed)
	}
	for {
		levels := int(device.LE16(node, 6))
		if device.LE16(node, 0) != extentMagic || levels > maxLevels || depth >= 0 && levels != depth-1 {
			return run{}, fmt.Errorf("extent tree: %w", level.ErrMalformed)
		}
		depth = levels
		e, next := entryOf(node, n)
		end = min(end, next)
		switch {
		case e == nil:
			return run{-1, end - n}, nil
		case depth == 0:
			return m.v.extent(e, n, end), nil
		}
		child := int64(device.LE32(e, 4)) | int64(device.LE16(e, 8))<<32
		var err error
		if node, err = m.v.table(depth, m.v.offset(child)); err != nil {
			return run{}, err
		}
	}
}

// entryOf is the last entry of a node that begins at block n or before, nil if there is
// none, and where the following begins.
func entryOf(node []byte, n int64) (entry []byte, next int64) {
	next = extentBeyond
	count := min(int(device.LE16(node, 2)), len(node)/extentEntry-1)
	for i := 1; i <= count; i++ {
		e := node[i*extentEntry:][:extentEntry]
		if first := int64(device.LE32(e, 0)); first > n {
			return entry, first
		}
		entry = e
	}
	return entry, next
}

// extent is the run of block n in an extent, or the hole behind it.
func (v *volume) extent(e []byte, n, end int64) run {
	in, length, written := n-int64(device.LE32(e, 0)), int64(device.LE16(e, 4)), true
	if length > extentFilled {
		length, written = length-extentFilled, false
	}
	if in >= length {
		return run{-1, end - n}
	}
	left := min(length-in, end-n)
	if !written {
		return run{-1, left}
	}
	first := int64(device.LE32(e, 8)) | int64(device.LE16(e, 6))<<32
	if first+in == 0 {
		return run{0, left} // only a map takes the first block for none
	}
	return run{v.place(first + in), left}
}
