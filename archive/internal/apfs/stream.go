package apfs

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// stream is where the bytes of a file or of an attribute lie. Any number of inodes may
// have the same one: it is put together once.
type stream struct {
	extents []device.Extent
	key     device.Key         // of the extents
	locked  bool               // some are encrypted
	mapped  *device.MappedFile // nil until asked for
	end     int64
	holes   bool    // some extents are in no block
	gaps    bool    // some bytes are in no extent
	filled  *stream // the same without holes; nil if nobody reads it so
}

// sortExtents puts the extents of each stream together, in their order.
func (v *volume) sortExtents() {
	slices.SortStableFunc(v.extents, func(a, b extent) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.at, b.at))
	})
}

// stream is the stream of an identifier, which may have no extents. Between two of them
// are zeros; where they overlap, the later one counts, and that is said.
func (v *volume) stream(id uint64) *stream {
	if s := v.streams[id]; s != nil {
		return s
	}
	s := &stream{}
	from := sort.Search(len(v.extents), func(i int) bool { return v.extents[i].stream >= id })
	for i := from; i < len(v.extents) && v.extents[i].stream == id; i++ {
		e := v.extents[i]
		if e.at > s.end {
			s.extents = append(s.extents, device.Extent{N: e.at - s.end, Hole: true})
			s.end, s.gaps = e.at, true
		}
		if next := i + 1; next < len(v.extents) && v.extents[next].stream == id {
			if end := v.extents[next].at; e.n > end-e.at {
				v.broken(fmt.Errorf("extents of %d that overlap: %w", id, level.ErrMalformed))
				e.n = end - e.at
			}
		}
		if e.n == 0 {
			continue
		}
		s.extents = append(s.extents, v.place(e))
		s.end += e.n
		s.locked = s.locked || e.locked
		s.holes = s.holes || e.block == 0
	}
	s.key = device.KeyOf(s.extents, 0)
	s.fill(v.Dev)
	v.streams[id] = s
	return s
}

// place is where an extent lies on the device.
//
// QUIRK: 7-Zip's product is of 64 bits, whatever the block.
func (v *volume) place(e extent) device.Extent {
	if e.block == 0 {
		return device.Extent{N: e.n, Hole: true}
	}
	off := min(e.block*uint64(v.block), uint64(v.Dev.Size))
	return device.Extent{Off: int64(off), N: e.n}
}

// fill keeps how 7-Zip reads a stream with holes, if it does.
//
// QUIRK: to 7-Zip what is said to be in block 0 is there.
func (s *stream) fill(dev *device.Device) {
	if !s.holes || s.gaps {
		return
	}
	filled := &stream{extents: slices.Clone(s.extents), locked: s.locked}
	for i := range filled.extents {
		e := &filled.extents[i]
		if e.Hole && e.N > dev.Size {
			if i < len(s.extents)-1 {
				return
			}
			e.N = dev.Size // as much as there is
		}
		e.Hole = false
		filled.end += e.N
	}
	filled.key = device.KeyOf(filled.extents, 0)
	s.filled = filled
}

// device is a stream that is read at any place.
func (s *stream) device(dev *device.Device, size int64) *device.Device {
	if s.mapped == nil {
		s.mapped = &device.MappedFile{On: dev}
		s.mapped.Set(s.extents)
	}
	return dev.Derive(s.mapped, min(size, s.end))
}
