package level

import (
	"io"
	"sync"
)

// How far Detect looks, in bytes.
const (
	HeadBytes = 1 << 20         // a self-extractor's stub, before the first local header
	TailBytes = 64<<10 - 1 + 22 // the longest zip comment and its end record
)

// Probe is a container's head and tail.
type Probe struct {
	Size int64
	Head []byte // the first HeadBytes
	Tail []byte // the last TailBytes; may overlap head
	Src  io.ReaderAt

	marks *Marks
	found uint16 // the marks that occur in head or tail, a bit for each
}

// findAllMarks looks for the marks in head and tail.
func (p *Probe) findAllMarks() {
	if p.marks == nil {
		return
	}
	off := p.Size - int64(len(p.Tail))
	p.findMarks(p.Head, 0)
	if behind := int64(len(p.Head)) - off; behind < int64(len(p.Tail)) {
		p.findMarks(p.Tail[max(0, behind):], max(off, int64(len(p.Head))))
	}
}

// From returns what head or tail hold from an offset on.
func (p *Probe) From(at int64) []byte {
	if at < int64(len(p.Head)) {
		return p.Head[at:]
	}
	return p.Tail[at-(p.Size-int64(len(p.Tail))):]
}

// At returns up to n bytes, 4 KiB at most, at an offset that the head or the tail
// need not reach; a negative offset counts from the end. It is for formats whose
// first bytes have already said that the cost of a read is worth it.
func (p *Probe) At(off int64, n int) []byte {
	if off < 0 {
		off += p.Size
	}
	if off < 0 || off >= p.Size {
		return nil
	}
	if int64(len(p.Head))-off >= int64(n) || int64(len(p.Head)) == p.Size {
		return p.Head[off:min(off+int64(n), int64(len(p.Head)))]
	}
	if start := p.Size - int64(len(p.Tail)); off >= start {
		return p.Tail[off-start : min(off-start+int64(n), int64(len(p.Tail)))]
	}
	b, _ := readSome(p.Src, off, make([]byte, min(n, 4<<10, int(p.Size-off))))
	return b
}

// heads are buffers of a fixed size: Detect runs on every object.
var heads = sync.Pool{New: func() any { return new([HeadBytes + TailBytes]byte) }}

// readSome fills p from off as far as the source goes.
func readSome(src io.ReaderAt, off int64, p []byte) ([]byte, error) {
	if len(p) == 0 {
		return p, nil
	}
	n, err := src.ReadAt(p, off)
	if err == io.EOF {
		err = nil
	}
	return p[:n], err
}

// InMemory returns the bytes of a source that has all of them in memory.
func InMemory(src io.ReaderAt, size int64) ([]byte, bool) {
	m, ok := src.(interface{ Bytes() ([]byte, error) })
	if !ok {
		return nil, false
	}
	b, err := m.Bytes()
	return b, err == nil && int64(len(b)) == size
}

// Look shows f a container's head and tail, which are dead when f returns, unless the
// source has all of it in memory. marks are those that f asks for, nil for none. The
// error is the source's; f has seen what could be read.
func Look(src io.ReaderAt, size int64, marks *Marks, f func(*Probe)) error {
	p := &Probe{Size: size, Src: src, marks: marks}
	off := max(0, size-TailBytes)
	if b, ok := InMemory(src, size); ok {
		p.Head, p.Tail = b[:min(HeadBytes, len(b))], b[off:]
		p.findAllMarks()
		f(p)
		return nil
	}
	buf := heads.Get().(*[HeadBytes + TailBytes]byte)
	defer heads.Put(buf)
	var err, late error
	p.Head, err = readSome(src, 0, buf[:min(HeadBytes, max(0, size))])
	if int64(len(p.Head)) == size {
		p.Tail = p.Head[off:]
	} else {
		p.Tail, late = readSome(src, off, buf[HeadBytes:])
	}
	p.findAllMarks()
	f(p)
	if err == nil {
		err = late
	}
	return err
}
