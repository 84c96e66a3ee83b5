package device

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Device is what a file system lies on: a file, a part of it, or the disk that
// a file describes. Reads outside of it are empty. A failure of the source itself
// is kept, so that a parser may take a failed read as absence and still end with
// the error.
type Device struct {
	src  io.ReaderAt
	Size int64
	Err  error
	work *int64 // what spend takes from, shared with the devices that lie on this one
}

// New is for a file as it was given.
func New(src io.ReaderAt, size int64) *Device {
	work := 8*min(size, 1<<56) + 64<<20
	return &Device{src: src, Size: size, work: &work}
}

// Derive makes a device that is found through d: a partition, the disk that d
// describes.
func (d *Device) Derive(src io.ReaderAt, size int64) *Device {
	return &Device{src: src, Size: size, work: d.work}
}

// Spend counts n bytes that are read to find files, and reports whether that is
// still within a few times the length of the file that all lies in. A disk can be
// far larger than its file, and any number of structures can share the same bytes.
func (d *Device) Spend(n int64) bool {
	*d.work -= n
	return *d.work >= 0
}

// ErrWork says that spend came to its end.
var ErrWork = fmt.Errorf("structures that overlap: %w", level.ErrLimit)

// ReadAt reads up to the device's end.
func (d *Device) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= d.Size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), d.Size-off)]
	n, err := d.src.ReadAt(want, off)
	switch {
	case n == len(p):
		return n, nil
	case err == nil || err == io.EOF || err == io.ErrUnexpectedEOF:
		return n, io.EOF
	}
	if d.Err == nil {
		d.Err = err
	}
	return n, err
}

// Read reads as much of p as there is.
func (d *Device) Read(p []byte, off int64) []byte {
	n, _ := d.ReadAt(p, off)
	return p[:n]
}

// Full reports whether all of p could be read.
func (d *Device) Full(p []byte, off int64) bool { return len(d.Read(p, off)) == len(p) }

// Part is the device [off, off+n) of d, cut to what d has.
func (d *Device) Part(off, n int64) *Device {
	if off < 0 || off >= d.Size || n < 0 {
		return d.Derive(d, 0)
	}
	n = min(n, d.Size-off)
	return d.Derive(&shifted{d, off, n}, n)
}

// Reader reads the device from its start to its end.
func (d *Device) Reader() io.Reader { return io.NewSectionReader(d, 0, d.Size) }

// shifted shifts the offsets of a device.
type shifted struct {
	dev  *Device
	base int64
	n    int64
}

func (w *shifted) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= w.n {
		return 0, io.EOF
	}
	return w.dev.ReadAt(p[:min(int64(len(p)), w.n-off)], w.base+off)
}

// Fields of on-disk structures; 0 where the structure is too short.

// LE16 is the little-endian field at off.
func LE16(b []byte, off int) uint16 {
	if off < 0 || len(b)-off < 2 {
		return 0
	}
	return binary.LittleEndian.Uint16(b[off:])
}

// LE32 is the little-endian field at off.
func LE32(b []byte, off int) uint32 {
	if off < 0 || len(b)-off < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[off:])
}

// LE64 is the little-endian field at off.
func LE64(b []byte, off int) uint64 {
	if off < 0 || len(b)-off < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b[off:])
}

// BE32 is the big-endian field at off.
func BE32(b []byte, off int) uint32 {
	if off < 0 || len(b)-off < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b[off:])
}

// BE64 is the big-endian field at off.
func BE64(b []byte, off int) uint64 {
	if off < 0 || len(b)-off < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b[off:])
}

// OffsetOf is an offset or a length from the input as an int64; what does not fit
// lies behind every device.
func OffsetOf(n uint64) int64 {
	const beyond = 1 << 62
	return int64(min(n, beyond))
}

// FirstError returns the first error that is not nil.
func FirstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
