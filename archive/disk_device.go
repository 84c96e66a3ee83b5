package archive

import (
	"encoding/binary"
	"fmt"
	"io"
)

// device is what a file system lies on: a file, a part of it, or the disk that
// a file describes. Reads outside of it are empty. A failure of the source itself
// is kept, so that a parser may take a failed read as absence and still end with
// the error.
type device struct {
	src  io.ReaderAt
	size int64
	err  error
	work *int64 // what spend takes from, shared with the devices that lie on this one
}

// newDevice is for a file as it was given.
func newDevice(src io.ReaderAt, size int64) *device {
	work := 8*min(size, 1<<56) + 64<<20
	return &device{src: src, size: size, work: &work}
}

// derive makes a device that is found through d: a partition, the disk that d
// describes.
func (d *device) derive(src io.ReaderAt, size int64) *device {
	return &device{src: src, size: size, work: d.work}
}

// spend counts n bytes that are read to find files, and reports whether that is
// still within a few times the length of the file that all lies in. A disk can be
// far larger than its file, and any number of structures can share the same bytes.
func (d *device) spend(n int64) bool {
	*d.work -= n
	return *d.work >= 0
}

// errWork says that spend came to its end.
var errWork = fmt.Errorf("structures that overlap: %w", ErrLimit)

// ReadAt reads up to the device's end.
func (d *device) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= d.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), d.size-off)]
	n, err := d.src.ReadAt(want, off)
	switch {
	case n == len(p):
		return n, nil
	case err == nil || err == io.EOF || err == io.ErrUnexpectedEOF:
		return n, io.EOF
	}
	if d.err == nil {
		d.err = err
	}
	return n, err
}

// read reads as much of p as there is.
func (d *device) read(p []byte, off int64) []byte {
	n, _ := d.ReadAt(p, off)
	return p[:n]
}

// full reports whether all of p could be read.
func (d *device) full(p []byte, off int64) bool { return len(d.read(p, off)) == len(p) }

// part is the device [off, off+n) of d, cut to what d has.
func (d *device) part(off, n int64) *device {
	if off < 0 || off >= d.size || n < 0 {
		return d.derive(d, 0)
	}
	n = min(n, d.size-off)
	return d.derive(&shifted{d, off, n}, n)
}

// reader reads the device from its start to its end.
func (d *device) reader() io.Reader { return io.NewSectionReader(d, 0, d.size) }

// shifted shifts the offsets of a device.
type shifted struct {
	dev  *device
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

func le16(b []byte, off int) uint16 {
	if off < 0 || len(b)-off < 2 {
		return 0
	}
	return binary.LittleEndian.Uint16(b[off:])
}

func le32(b []byte, off int) uint32 {
	if off < 0 || len(b)-off < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[off:])
}

func le64(b []byte, off int) uint64 {
	if off < 0 || len(b)-off < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b[off:])
}

func be32(b []byte, off int) uint32 {
	if off < 0 || len(b)-off < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b[off:])
}

func be64(b []byte, off int) uint64 {
	if off < 0 || len(b)-off < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b[off:])
}

// offsetOf is an offset or a length from the input as an int64; what does not fit
// lies behind every device.
func offsetOf(n uint64) int64 {
	const beyond = 1 << 62
	return int64(min(n, beyond))
}
