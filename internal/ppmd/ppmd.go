// Package ppmd decodes PPMd, prediction by partial matching by D. Shkarin: variant H
// as 7z and RAR 3 use it, and variant I, revision 1, as zip does. The two share the
// arena, the shape of states and the range coder; what they learn from a symbol
// differs.
//
// The source is the description in the LZMA SDK, which I. Pavlov has put in the
// public domain.
//
// # Limits
//
// The model lives in an arena whose size the stream declares, up to 4 GiB. The
// caller compares it with its bound before it makes a model; nothing else is
// allocated.
//
// # Time
//
// What a byte takes depends on the data: in noise a hundred states are looked at and
// as many units written for each byte, far apart in memory, in text a handful.
// Work counts it.
//
// # Security
//
// All input is hostile. The model is a function of what was decoded, and a stream
// cannot put it in a state that decoding other data would not; a range coder that
// leaves its bounds is an error. A model is for one goroutine.
package ppmd

import (
	"errors"
	"io"
)

// Bounds of the parameters.
const (
	MinOrder  = 2
	MaxOrder  = 64      // of variant H
	MaxOrderI = 16      // that zip can express
	MinMem    = 1 << 11 // bytes
)

// Errors of decoding. ErrEnd is the escape from the shortest context, which some
// containers use as an end mark.
var (
	ErrCorrupt = errors.New("corrupt PPMd stream")
	ErrEnd     = errors.New("end of PPMd stream")
	ErrMemory  = errors.New("PPMd stream needs more memory")
)

// decoder is a model of either variant.
type decoder interface {
	Decode(*Coder) (byte, error)
}

// Reader decodes a stream whose size is known, or up to its end mark.
type Reader struct {
	m    decoder
	c    Coder
	left int64
	err  error // sticky
}

// NewReader7z returns a reader of size bytes, -1 for as many as there are, of a
// 7z coder.
func NewReader7z(in io.ByteReader, m *ModelH, order int, size int64) *Reader {
	z := &Reader{m: m, left: size}
	z.err = z.c.Start7z(in)
	m.Reset(order)
	return z
}

// NewReaderZip returns a reader of a zip member's stream, up to its end mark. The
// model was Reset by the caller.
func NewReaderZip(in io.ByteReader, m *ModelI) *Reader {
	z := &Reader{m: m, left: -1}
	if z.err = z.c.StartRAR(in); z.err == nil && z.c.code == 0xffffffff {
		z.err = ErrCorrupt
	}
	return z
}

func (z *Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil && z.left != 0 {
		var b byte
		if b, z.err = z.m.Decode(&z.c); z.err == nil {
			p[n] = b
			n++
			if z.left > 0 {
				z.left--
			}
		}
	}
	switch {
	case n > 0:
		return n, nil
	case z.left == 0 || z.err == ErrEnd && z.left < 0:
		return 0, io.EOF
	case z.err == ErrEnd:
		return 0, io.ErrUnexpectedEOF
	}
	return 0, z.err
}
