package filetype

import (
	"bytes"
	"sync"
)

const (
	headSize = 8 << 10 // bytes that matchers of first bytes see
	tailSize = 64<<10 + 22

	// maxReads bounds the calls to Source.ReadAt for one object. The hungriest type (a compound file whose
	// directory is scattered) takes one read for each sector of the directory and one for each link of its chain.
	maxReads = 96
)

// scratch is the working memory of one detection. It is pooled, since a buffer that is handed to an interface
// always escapes.
type scratch struct {
	head  [headSize]byte
	text  [headSize]byte // head in lower case ASCII, one byte for each character
	block [4096]byte
	tail  [tailSize]byte
	dir   [tailSize]byte
	out   [4096]byte
	view  view
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// view is an object under detection: its first bytes, and the rest within a budget of reads.
type view struct {
	head  []byte
	src   Source
	size  int64
	reads int // left
	*scratch
}

// open prepares the view that lies in the scratch itself.
func (s *scratch) open(head []byte, src Source, size int64) *view {
	s.view = view{head: head, src: src, size: size, reads: maxReads, scratch: s}
	s.view.fill()
	return &s.view
}

// release gives the scratch back without what belongs to the caller.
func (s *scratch) release() {
	s.view = view{}
	scratches.Put(s)
}

// fill completes a head shorter than headSize from the source, so that the answer does not depend on how much
// the caller happened to pass.
func (v *view) fill() {
	if len(v.head) >= headSize {
		v.head = v.head[:headSize]
		return
	}
	if int64(len(v.head)) == v.size {
		return
	}
	n := copy(v.scratch.head[:], v.head)
	n += v.read(v.scratch.head[n:], int64(n))
	v.head = v.scratch.head[:n]
}

// read reads at off and returns how many bytes of p are now valid; 0 past the end, past the budget or on error.
func (v *view) read(p []byte, off int64) int {
	if off < 0 || off >= v.size || len(p) == 0 {
		return 0
	}
	if off+int64(len(p)) <= int64(len(v.head)) {
		return copy(p, v.head[off:])
	}
	if int64(len(v.head)) == v.size {
		return copy(p, v.head[off:])
	}
	if v.src == nil || v.reads == 0 {
		return 0
	}
	v.reads--
	if rest := v.size - off; rest < int64(len(p)) {
		p = p[:rest]
	}
	n, _ := v.src.ReadAt(p, off)
	return min(max(n, 0), len(p))
}

// at reports whether the bytes at off are those of magic.
func (v *view) at(off int64, magic string) bool {
	b := v.block[:len(magic)]
	return v.read(b, off) == len(magic) && string(b) == magic
}

func has(b []byte, off int, magic string) bool {
	return off >= 0 && len(b)-off >= len(magic) && string(b[off:off+len(magic)]) == magic
}

func prefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}
