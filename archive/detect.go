package archive

import (
	"bytes"
	"io"
	"sync"
)

// How far Detect looks, in bytes.
const (
	headBytes = 1 << 20         // a self-extractor's stub, before the first local header
	tailBytes = 64<<10 - 1 + 22 // the longest zip comment and its end record
)

// probe is a container's head and tail.
type probe struct {
	size int64
	head []byte // the first headBytes
	tail []byte // the last tailBytes; may overlap head
	src  io.ReaderAt
	met  [markCount]bool // the marks that occur in head or tail
}

// newProbe shows what Detect looks at in a source that has all of it in memory, as the
// scanner's objects do.
func newProbe(src io.ReaderAt, size int64) (*probe, bool) {
	b, ok := inMemory(src, size)
	if !ok {
		return nil, false
	}
	return &probe{size: size, src: src, head: b[:min(headBytes, len(b))], tail: b[max(0, size-tailBytes):]}, true
}

// inMemory returns the bytes of a source that has all of them in memory.
func inMemory(src io.ReaderAt, size int64) ([]byte, bool) {
	m, ok := src.(interface{ Bytes() ([]byte, error) })
	if !ok {
		return nil, false
	}
	b, err := m.Bytes()
	return b, err == nil && int64(len(b)) == size
}

// readProbe reads what Detect looks at into buf.
func readProbe(src io.ReaderAt, size int64, buf *[headBytes + tailBytes]byte) *probe {
	p := &probe{size: size, src: src}
	off := max(0, size-tailBytes)
	p.head = readSome(src, 0, buf[:min(headBytes, max(0, size))])
	if int64(len(p.head)) == size {
		p.tail = p.head[off:]
	} else {
		p.tail = readSome(src, off, buf[headBytes:])
	}
	return p
}

// findAllMarks looks for the marks in head and tail.
func (p *probe) findAllMarks() {
	off := p.size - int64(len(p.tail))
	p.findMarks(p.head, 0)
	if behind := int64(len(p.head)) - off; behind < int64(len(p.tail)) {
		p.findMarks(p.tail[max(0, behind):], max(off, int64(len(p.head))))
	}
}

// from returns what head or tail hold from an offset on.
func (p *probe) from(at int64) []byte {
	if at < int64(len(p.head)) {
		return p.head[at:]
	}
	return p.tail[at-(p.size-int64(len(p.tail))):]
}

// at returns up to n bytes, 4 KiB at most, at an offset that the head or the tail
// need not reach; a negative offset counts from the end. It is for formats whose
// first bytes have already said that the cost of a read is worth it.
func (p *probe) at(off int64, n int) []byte {
	if off < 0 {
		off += p.size
	}
	if off < 0 || off >= p.size {
		return nil
	}
	if int64(len(p.head))-off >= int64(n) || int64(len(p.head)) == p.size {
		return p.head[off:min(off+int64(n), int64(len(p.head)))]
	}
	if start := p.size - int64(len(p.tail)); off >= start {
		return p.tail[off-start : min(off-start+int64(n), int64(len(p.tail)))]
	}
	return readSome(p.src, off, make([]byte, min(n, 4<<10, int(p.size-off))))
}

// heads are buffers of a fixed size: Detect runs on every object.
var heads = sync.Pool{New: func() any { return new([headBytes + tailBytes]byte) }}

// readSome fills p from off as far as the source goes.
func readSome(src io.ReaderAt, off int64, p []byte) []byte {
	if len(p) == 0 {
		return p
	}
	n, _ := src.ReadAt(p, off)
	return p[:n]
}

// Detect returns every format whose signature occurs, in a fixed order. A file
// can be of several formats: which of them a mail client opens depends on its
// name as much as on its bytes. A read error counts as absence.
func Detect(src io.ReaderAt, size int64) []Format {
	p, ok := newProbe(src, size)
	if !ok {
		buf := heads.Get().(*[headBytes + tailBytes]byte)
		defer heads.Put(buf)
		p = readProbe(src, size, buf)
	}
	p.findAllMarks()
	var found []Format
	for i := range formats {
		if formats[i].detect(p) && !cutBySectors(p, formats[i].name) {
			found = append(found, formats[i].name)
		}
	}
	return found
}

// cutBySectors says whether a format whose signature may be anywhere is left out: in a
// compound file an archive is cut into sectors, and read as one piece it is broken in
// honest documents. It is found in the stream that holds it, or in the data behind all
// streams; both are members.
func cutBySectors(p *probe, f Format) bool { return f == Zip && detectOLE(p) }

func detectZip(p *probe) bool { return p.met[markZipLocal] || p.met[markZipEnd] }

func detectGzip(p *probe) bool {
	return bytes.HasPrefix(p.head, []byte{0x1f, 0x8b})
}

func detectBzip2(p *probe) bool {
	return isBzip2(p.head)
}

func detectTar(p *probe) bool {
	return beginsTar(p.head) || firstUstar(p.head) >= 0
}
