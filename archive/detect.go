package archive

import (
	"bytes"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// How far Detect looks, in bytes.
const (
	headBytes = 1 << 20         // a self-extractor's stub, before the first local header
	tailBytes = 64<<10 - 1 + 22 // the longest zip comment and its end record
)

// probe is a container's head and tail.
type probe struct {
	src  io.ReaderAt
	size int64
	head []byte // the first headBytes
	tail []byte // the last tailBytes; may overlap head
}

// Detect returns every format whose signature occurs, in a fixed order. A file
// can be of several formats: which of them a mail client opens depends on its
// name as much as on its bytes. A read error counts as absence.
func Detect(src io.ReaderAt, size int64) []Format {
	p := &probe{src: src, size: size}
	p.head, _ = saferead.UpTo(src, 0, headBytes, size, headBytes)
	off := max(0, size-tailBytes)
	if int64(len(p.head)) == size {
		p.tail = p.head[off:]
	} else {
		p.tail, _ = saferead.UpTo(src, off, tailBytes, size, tailBytes)
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
	return len(p.head) >= tarBlock && isTarHeader(p.head[:tarBlock])
}
