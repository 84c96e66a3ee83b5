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
	buf := heads.Get().(*[headBytes + tailBytes]byte)
	defer heads.Put(buf)
	p := &probe{size: size}
	p.head = readSome(src, 0, buf[:min(headBytes, max(0, size))])
	off := max(0, size-tailBytes)
	if int64(len(p.head)) == size {
		p.tail = p.head[off:]
	} else {
		p.tail = readSome(src, off, buf[headBytes:])
	}
	var found []Format
	for i := range formats {
		if formats[i].detect(p) {
			found = append(found, formats[i].name)
		}
	}
	return found
}

func detectZip(p *probe) bool {
	if bytes.HasPrefix(p.head, sigLocal) {
		return true
	}
	if i := bytes.LastIndex(p.tail, sigEnd); i >= 0 && len(p.tail)-i >= endBytes {
		return true
	}
	for off := 0; ; off++ {
		i := bytes.Index(p.head[off:], sigLocal)
		if i < 0 {
			return false
		}
		off += i
		if plausibleLocal(p.head[off:], p.size-int64(off)) {
			return true
		}
	}
}

func detectGzip(p *probe) bool {
	return bytes.HasPrefix(p.head, []byte{0x1f, 0x8b})
}

func detectBzip2(p *probe) bool {
	return isBzip2(p.head)
}

func detectTar(p *probe) bool {
	return beginsTar(p.head) || firstUstar(p.head) >= 0
}
