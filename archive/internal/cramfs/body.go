package cramfs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// body reads a file: a table of pointers, one for each block, then the blocks. A pointer
// is where its block ends, and the next begins; a block without bytes is zeros.
type body struct {
	v        *volume
	table    int64 // offset of the pointers
	size     int64 // of the file
	block    int64 // bytes of a block
	pointers bool  // pointers have flags

	at   int64  // bytes of the file that were decoded
	rest []byte // of the present block
	err  error
}

// scratch is what the bodies of a volume share: one is read at a time.
type scratch struct {
	in, out []byte
	z       io.ReadCloser
}

// Flags of a pointer, where there are any: the block is stored; the pointer is where it
// begins, in words.
const (
	pointerStored = 1 << 31
	pointerDirect = 1 << 30
	pointerPlace  = pointerDirect - 1
)

func (r *body) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		switch {
		case r.err != nil:
			return 0, r.err
		case r.at >= r.size:
			return 0, io.EOF
		}
		r.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next decodes a block. Of one that is broken, what could be decoded comes before the
// error.
func (r *body) next() {
	want := min(r.block, r.size-r.at)
	off, n, stored, err := r.place(r.at / r.block)
	r.at += want
	if r.err = err; err != nil {
		return
	}
	if int64(len(r.v.out)) < want {
		r.v.out = make([]byte, want)
	}
	out := r.v.out[:want]
	switch {
	case n == 0:
		clear(out)
		r.rest = out
		return
	case off >= r.v.Dev.Size:
		r.fail("a block outside of the volume")
		return
	}
	// Zlib adds a few bytes to what it cannot pack.
	n = min(n, 2*r.block, r.v.Dev.Size-off)
	if int64(len(r.v.in)) < n {
		r.v.in = make([]byte, n)
	}
	in := r.v.Dev.Read(r.v.in[:n], off)
	if stored {
		r.rest = out[:copy(out, in)]
	} else {
		r.rest = out[:r.inflate(out, in)]
	}
	if int64(len(r.rest)) < want && r.err == nil {
		r.fail("a block is too short")
	}
	if r.v.Dev.Err != nil {
		r.err = r.v.Dev.Err
	}
}

func (r *body) fail(what string) {
	r.err = device.FirstError(r.v.Dev.Err, fmt.Errorf("%s: %w", what, level.ErrMalformed))
}

// place finds a block and its packed length.
func (r *body) place(i int64) (off, n int64, stored bool, err error) {
	count := (r.size + r.block - 1) / r.block
	end, ok := r.pointer(i)
	start := r.table + 4*count
	if r.pointers && end&pointerDirect != 0 {
		off, n, stored = int64(end&pointerPlace)*4, min(r.block, r.size-i*r.block), end&pointerStored != 0
		if !stored {
			var length [2]byte
			ok = ok && r.v.Dev.Full(length[:], off)
			off, n = off+2, int64(r.v.order.Uint16(length[:]))
		}
	} else {
		if i > 0 {
			var before bool
			start, before = r.endOf(i - 1)
			ok = ok && before
		}
		if r.pointers {
			stored, end = end&pointerStored != 0, end&pointerPlace
		}
		off, n = start, int64(end)-start
	}
	if !ok || n < 0 {
		r.fail("block pointers")
		return 0, 0, false, r.err
	}
	return off, n, stored, nil
}

// pointer reads a pointer.
func (r *body) pointer(i int64) (uint32, bool) {
	var b [4]byte
	ok := r.v.Dev.Full(b[:], r.table+4*i)
	return r.v.order.Uint32(b[:]), ok
}

// endOf is where a block ends. Of one whose pointer says where it begins, that follows
// from its length.
func (r *body) endOf(i int64) (int64, bool) {
	p, ok := r.pointer(i)
	if !r.pointers || p&pointerDirect == 0 {
		if r.pointers {
			p &= pointerPlace
		}
		return int64(p), ok
	}
	at := int64(p&pointerPlace) * 4
	if p&pointerStored != 0 {
		return at + r.block, ok
	}
	var length [2]byte
	ok = ok && r.v.Dev.Full(length[:], at)
	return at + 2 + int64(r.v.order.Uint16(length[:])), ok
}

// inflate decodes a block, whose checksum is not asked: Linux does not either.
func (r *body) inflate(out, in []byte) int {
	var err error
	if r.v.z == nil {
		r.v.z, err = zlib.NewReader(bytes.NewReader(in))
	} else {
		err = r.v.z.(zlib.Resetter).Reset(bytes.NewReader(in), nil)
	}
	if err != nil {
		r.v.z, r.err = nil, level.BodyError(err)
		return 0
	}
	n, err := io.ReadFull(r.v.z, out)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.err = level.BodyError(err)
	}
	return n
}
