package device

import (
	"fmt"
	"hash/maphash"
	"io"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Extent is a run of a file's bytes on its device.
type Extent struct {
	Off  int64 // in bytes of the device
	N    int64 // bytes
	Hole bool  // n zero bytes that are nowhere

	// On is the device, where it is not the one that the reader is for: a
	// partition of several.
	On *Device

	// An interleaved file (ECMA-119 section 6.4.3) has unit bytes, then a gap of
	// gap bytes, and so on; unit 0 says that it has none.
	Unit, Gap int64
}

// ExtentReader reads a file's extents one after the other.
type ExtentReader struct {
	dev  *Device
	Rest []Extent
	Left int64 // bytes of the file that are still to come
	at   int64 // bytes of rest[0] that have been read
}

// NewExtentReader reads the size bytes of a file that lies in extents of dev.
func NewExtentReader(dev *Device, extents []Extent, size int64) *ExtentReader {
	return &ExtentReader{dev: dev, Rest: extents, Left: size}
}

// Read returns what the device holds. A file whose extents are shorter than its
// size, or leave the device, ends with an error.
func (r *ExtentReader) Read(p []byte) (int, error) {
	if r.Left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.Spent() {
		return 0, fmt.Errorf("extents end early: %w", level.ErrMalformed)
	}
	e := &r.Rest[0]
	p = p[:min(int64(len(p)), e.N-r.at, r.Left)]
	if e.Hole {
		clear(p)
		return r.advance(len(p)), nil
	}
	off := e.Off + r.at
	if e.Unit > 0 {
		unit := r.at / e.Unit
		p = p[:min(int64(len(p)), (unit+1)*e.Unit-r.at)]
		off += unit * e.Gap
	}
	dev := firstDevice(e.On, r.dev)
	if dev == nil {
		return 0, fmt.Errorf("an extent in no partition: %w", level.ErrMalformed)
	}
	n, err := dev.ReadAt(p, off)
	r.advance(n)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = fmt.Errorf("an extent outside of the image: %w", level.ErrMalformed)
	}
	return n, err
}

// Spent says whether the extents have been read.
func (r *ExtentReader) Spent() bool {
	for len(r.Rest) > 0 && r.at >= r.Rest[0].N {
		r.Rest, r.at = r.Rest[1:], 0
	}
	return len(r.Rest) == 0
}

func (r *ExtentReader) advance(n int) int {
	r.at += int64(n)
	r.Left -= int64(n)
	return n
}

// ExtentSeed is for keys within one process.
var ExtentSeed = maphash.MakeSeed()

// Key identifies a file's bytes by where they lie.
type Key struct {
	Off, Size int64
	Hash      uint64
}

// KeyOf is the key of a file that lies in extents.
func KeyOf(extents []Extent, size int64) Key {
	key := Key{Size: size, Off: -1}
	if len(extents) == 0 {
		return key
	}
	key.Off = extents[0].Off
	var h maphash.Hash
	h.SetSeed(ExtentSeed)
	for _, e := range extents {
		maphash.WriteComparable(&h, e)
	}
	key.Hash = h.Sum64()
	return key
}

// MappedFile is a file that is read at any place: one that serves as a device.
type MappedFile struct {
	On      *Device // for extents that name none
	Extents []Extent
	starts  []int64
}

// Set sets the extents, and returns the file's length.
func (m *MappedFile) Set(extents []Extent) int64 {
	m.Extents, m.starts = extents, m.starts[:0]
	end := int64(0)
	for _, e := range extents {
		m.starts = append(m.starts, end)
		end = min(end+e.N, 1<<62)
	}
	return end
}

func (m *MappedFile) ReadAt(p []byte, off int64) (int, error) {
	i := sort.Search(len(m.starts), func(i int) bool { return m.starts[i] > off }) - 1
	done := 0
	for ; i >= 0 && i < len(m.Extents) && done < len(p); i++ {
		e, in := m.Extents[i], off-m.starts[i]
		part := p[done:min(int64(len(p)), int64(done)+e.N-in)]
		dev := firstDevice(e.On, m.On)
		switch n := len(part); {
		case e.Hole:
			clear(part)
		case dev == nil:
			return done, io.EOF
		default:
			if got, err := dev.ReadAt(part, e.Off+in); got < n {
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
func firstDevice(a, b *Device) *Device {
	if a != nil {
		return a
	}
	return b
}

// HashOf is a Key's hash of what a string describes.
func HashOf(s string) uint64 { return maphash.String(ExtentSeed, s) }
