package sevenzip

import (
	"github.com/fivefifty/fivefifty/archive/internal/input"
)

// files are the properties of files, kept as they stand in the header.
type files struct {
	n          int // files that are of interest
	declared   uint64
	empty      []byte // bits
	emptyFiles []byte // bits, of the empty ones
	names      [][]byte
	attributes []uint32
	emptyIndex []int // number of empty files before each
}

func (f *files) more() bool             { return f.declared > uint64(f.n) }
func (f *files) isEmpty(i int) bool     { return bit(f.empty, i) }
func (f *files) isEmptyFile(i int) bool { return bit(f.emptyFiles, f.emptyIndex[i]) }

func (f *files) isDir(i int) bool {
	return i < len(f.attributes) && f.attributes[i]&0x10 != 0
}

func (f *files) name(i int) ([]byte, bool) {
	if i >= len(f.names) {
		return nil, false
	}
	return f.names[i], true
}

// readFiles reads a FilesInfo.
func (p *parser) readFiles(db *database) {
	f := &db.files
	f.declared = p.number()
	f.n = int(min(f.declared, uint64(p.files)))
	for p.err == nil {
		id := p.id()
		if id == id7zEnd {
			break
		}
		n := p.number()
		if n > uint64(len(p.c.Rest)) {
			p.fail("property of files")
			break
		}
		q := parser{c: input.Cursor{Rest: p.c.Bytes(int(n))}}
		switch id {
		case id7zEmpty:
			f.empty = q.c.Rest
		case id7zEmptyFile:
			f.emptyFiles = q.c.Rest
		case id7zNames:
			f.readNames(&q)
		case id7zAttributes:
			f.readAttributes(&q)
		}
	}
	empty := 0
	for i := range f.n {
		f.emptyIndex = append(f.emptyIndex, empty)
		if f.isEmpty(i) {
			empty++
		}
	}
}

// readNames cuts the names apart: 16-bit characters, each name ends with a zero.
func (f *files) readNames(q *parser) {
	q.c.U8() // stored elsewhere
	b := q.c.Rest
	for from, i := 0, 0; i+1 < len(b) && len(f.names) < f.n; i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			f.names = append(f.names, b[from:i])
			from = i + 2
		}
	}
}

func (f *files) readAttributes(q *parser) {
	if f.declared > uint64(len(q.c.Rest))*8 {
		return
	}
	has := q.defined(int(f.declared))
	q.c.U8() // stored elsewhere
	for i := range f.n {
		v := uint32(0)
		if has(i) {
			v = q.c.U32()
		}
		f.attributes = append(f.attributes, v)
	}
}
