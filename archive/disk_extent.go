package archive

import (
	"fmt"
	"hash/maphash"
	"io"
	"sort"
)

// extent is a run of a file's bytes on its device.
type extent struct {
	off  int64 // in bytes of the device
	n    int64 // bytes
	hole bool  // n zero bytes that are nowhere

	// on is the device, where it is not the one that the reader is for: a
	// partition of several.
	on *device

	// An interleaved file (ECMA-119 section 6.4.3) has unit bytes, then a gap of
	// gap bytes, and so on; unit 0 says that it has none.
	unit, gap int64
}

// extentReader reads a file's extents one after the other.
type extentReader struct {
	dev  *device
	rest []extent
	left int64 // bytes of the file that are still to come
	at   int64 // bytes of rest[0] that have been read
}

func newExtentReader(dev *device, extents []extent, size int64) *extentReader {
	return &extentReader{dev: dev, rest: extents, left: size}
}

// Read returns what the device holds. A file whose extents are shorter than its
// size, or leave the device, ends with an error.
func (r *extentReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.spent() {
		return 0, fmt.Errorf("extents end early: %w", ErrMalformed)
	}
	e := &r.rest[0]
	p = p[:min(int64(len(p)), e.n-r.at, r.left)]
	if e.hole {
		clear(p)
		return r.advance(len(p)), nil
	}
	off := e.off + r.at
	if e.unit > 0 {
		unit := r.at / e.unit
		p = p[:min(int64(len(p)), (unit+1)*e.unit-r.at)]
		off += unit * e.gap
	}
	dev := firstDevice(e.on, r.dev)
	if dev == nil {
		return 0, fmt.Errorf("an extent in no partition: %w", ErrMalformed)
	}
	n, err := dev.ReadAt(p, off)
	r.advance(n)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = fmt.Errorf("an extent outside of the image: %w", ErrMalformed)
	}
	return n, err
}

// spent says whether the extents have been read.
func (r *extentReader) spent() bool {
	for len(r.rest) > 0 && r.at >= r.rest[0].n {
		r.rest, r.at = r.rest[1:], 0
	}
	return len(r.rest) == 0
}

func (r *extentReader) advance(n int) int {
	r.at += int64(n)
	r.left -= int64(n)
	return n
}

// extentSeed is for keys within one process.
var extentSeed = maphash.MakeSeed()

// contentKey identifies a file's bytes by where they lie.
type contentKey struct {
	off, size int64
	hash      uint64
}

func keyOf(extents []extent, size int64) contentKey {
	key := contentKey{size: size, off: -1}
	if len(extents) == 0 {
		return key
	}
	key.off = extents[0].off
	var h maphash.Hash
	h.SetSeed(extentSeed)
	for _, e := range extents {
		maphash.WriteComparable(&h, e)
	}
	key.hash = h.Sum64()
	return key
}

// mappedFile is a file that is read at any place: one that serves as a device.
type mappedFile struct {
	on      *device // for extents that name none
	extents []extent
	starts  []int64
}

// set sets the extents, and returns the file's length.
func (m *mappedFile) set(extents []extent) int64 {
	m.extents, m.starts = extents, m.starts[:0]
	end := int64(0)
	for _, e := range extents {
		m.starts = append(m.starts, end)
		end = min(end+e.n, 1<<62)
	}
	return end
}

func (m *mappedFile) ReadAt(p []byte, off int64) (int, error) {
	i := sort.Search(len(m.starts), func(i int) bool { return m.starts[i] > off }) - 1
	done := 0
	for ; i >= 0 && i < len(m.extents) && done < len(p); i++ {
		e, in := m.extents[i], off-m.starts[i]
		part := p[done:min(int64(len(p)), int64(done)+e.n-in)]
		dev := firstDevice(e.on, m.on)
		switch n := len(part); {
		case e.hole:
			clear(part)
		case dev == nil:
			return done, io.EOF
		default:
			if got, err := dev.ReadAt(part, e.off+in); got < n {
				return done + got, err
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

// firstDevice returns the first device that is not nil.
func firstDevice(a, b *device) *device {
	if a != nil {
		return a
	}
	return b
}
