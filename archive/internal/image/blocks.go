package image

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// span is where a piece of a disk lies in the file.
type span struct {
	kind spanKind
	off  int64  // in the file
	n    int64  // bytes of the disk that it covers, from the place that was asked for
	in   int64  // bytes of the packed block before that place
	size int64  // packed bytes at off, at most; 0 if not packed
	id   uint64 // of a packed block: equal ones have equal bytes
}

type spanKind int

const (
	spanHole   spanKind = iota // zeros that are nowhere
	spanStored                 // n bytes at off
	spanPacked                 // within a block that is compressed
)

// Bounds of the blocks that are kept decoded.
const (
	cacheBytes = 8 << 20
	cacheMost  = 64 // blocks
	cacheLeast = 2
)

// decodeCredit is how many bytes may be decoded beyond those that are delivered, for a
// file of no length: reading a few bytes each of many packed blocks in turn decodes all
// of them for every few bytes.
const decodeCredit = 128 << 20

// blocks is a disk whose pieces a function finds in the file.
type blocks struct {
	dev    *device.Device
	size   int64 // of the disk, as declared
	block  int64 // bytes that a packed block decodes to, at most
	find   func(off int64) span
	unpack func(dst, packed []byte, most int64) ([]byte, error)

	cache  []unpacked
	oldest int // of cache
	packed []byte
	credit int64
	fault  error // the first thing that was found broken
}

// unpacked is a decoded block.
type unpacked struct {
	id   uint64
	data []byte
	used bool
}

func newBlocks(dev *device.Device, size int64) *blocks {
	return &blocks{dev: dev, size: size, credit: decodeCredit + 8*min(dev.Size, 1<<56)}
}

// Fault is the first thing that was found broken while the disk was read.
func (b *blocks) Fault() error { return b.fault }

// fail keeps what is broken; a source that fails is another matter.
func (b *blocks) fail(err error) {
	if b.dev.Err == nil {
		b.fault = device.FirstError(b.fault, err)
	}
}

// ReadAt reads from the disk. What is broken reads as zeros, so that the rest keeps its
// place.
func (b *blocks) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= b.size {
		return 0, io.EOF
	}
	done := 0
	for done < len(p) && off < b.size {
		s := b.find(off)
		part := p[done:min(int64(len(p)), int64(done)+min(max(1, s.n), b.size-off))]
		if err := b.read(part, s); err != nil {
			return done, err
		}
		if b.dev.Err != nil {
			return done, b.dev.Err
		}
		done += len(part)
		off += int64(len(part))
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

func (b *blocks) read(part []byte, s span) error {
	clear(part)
	switch s.kind {
	case spanHole:
		return nil
	case spanStored:
		if !b.dev.Full(part, s.off) {
			b.fail(errOutside)
		}
		return nil
	}
	if s.off >= b.dev.Size {
		b.fail(errOutside)
		return nil
	}
	data, err := b.decoded(s)
	if err != nil {
		return err
	}
	if s.in < int64(len(data)) {
		b.credit += int64(copy(part, data[s.in:]))
	}
	return nil
}

// decoded returns the bytes of a packed block, as far as they can be had. The error is
// that too much was decoded.
func (b *blocks) decoded(s span) ([]byte, error) {
	for i := range b.cache {
		if c := &b.cache[i]; c.used && c.id == s.id {
			return c.data, nil
		}
	}
	if b.credit -= b.block; b.credit < 0 {
		return nil, fmt.Errorf("blocks that are decoded again and again: %w", level.ErrLimit)
	}
	c := b.slot()
	n := max(0, min(s.size, b.dev.Size-s.off))
	if int64(cap(b.packed)) < n {
		b.packed = make([]byte, n)
	}
	data, err := b.unpack(c.data[:0], b.dev.Read(b.packed[:n], s.off), b.block)
	if err != nil {
		b.fail(err)
	}
	*c = unpacked{s.id, data, true}
	return data, nil
}

// slot is the place in the cache for one more block.
func (b *blocks) slot() *unpacked {
	if int64(len(b.cache)) < min(max(cacheBytes/b.block, cacheLeast), cacheMost) {
		b.cache = append(b.cache, unpacked{})
		return &b.cache[len(b.cache)-1]
	}
	c := &b.cache[b.oldest]
	b.oldest = (b.oldest + 1) % len(b.cache)
	return c
}

// hole is a span of zeros up to the end of a unit.
func hole(off, unit int64) span { return span{n: unit - off%unit} }

// stored is the rest of a unit that is stored at a place.
func stored(at, off, unit int64) span {
	return span{kind: spanStored, off: at + off%unit, n: unit - off%unit}
}

// packed is the rest of a unit that is packed at a place.
func packed(at, size, off, unit int64, id uint64) span {
	return span{kind: spanPacked, off: at, size: size, n: unit - off%unit, in: off % unit, id: id}
}

// Errors of what an image does not hold.
var (
	errOutside = fmt.Errorf("a block outside of the file: %w", level.ErrMalformed)
	errParent  = fmt.Errorf("differences to another image: %w", level.ErrUnsupported)
	errExtent  = fmt.Errorf("data in other files: %w", level.ErrUnsupported)
)
