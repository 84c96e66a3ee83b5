// Package saferead reads amounts that the input itself declares.
//
// A length field is the attacker's word. Here it is a request: it is compared
// with what the source can hold and with the caller's bound before a byte is
// allocated, and then memory grows with the bytes that really arrive, step by
// step, never with the number that was promised.
//
// # Security
//
// No call allocates more than twice the bytes that the source delivered, plus
// one step of 64 KiB. The functions are safe for concurrent use as far as the
// source is.
package saferead

import (
	"errors"
	"io"
)

// step is the most that is allocated ahead of the data, in bytes.
const step = 64 << 10

// ErrTooLong says that more was asked for than the caller's bound allows.
var ErrTooLong = errors.New("declared length exceeds the bound")

// At reads n bytes at off of a source that is size bytes long.
//
// It returns ErrTooLong if n is negative or above max, io.EOF if off lies
// outside the source and n is not 0, and io.ErrUnexpectedEOF together with the
// bytes that there are if the source ends before n.
func At(src io.ReaderAt, off, n, size int64, max int) ([]byte, error) {
	switch {
	case n < 0 || n > int64(max):
		return nil, ErrTooLong
	case n == 0:
		return nil, nil
	case off < 0 || off >= size:
		return nil, io.EOF
	}
	want := min(n, size-off) // cannot overflow: 0 <= off < size
	var buf []byte
	for int64(len(buf)) < want {
		have := len(buf)
		buf = append(buf, make([]byte, min(want-int64(have), step))...)
		got, err := src.ReadAt(buf[have:], off+int64(have))
		if have+got == len(buf) {
			continue // a full read may carry io.EOF
		}
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return buf[:have+got], err
	}
	if want < n {
		return buf, io.ErrUnexpectedEOF
	}
	return buf, nil
}

// UpTo is At for callers that take what there is: n is cut to max and to the
// end of the source, and a source that ends early is no error.
func UpTo(src io.ReaderAt, off, n, size int64, max int) ([]byte, error) {
	buf, err := At(src, off, min(n, int64(max)), size, max)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf, err
}

// Section returns the part [off, off+n) of a source, cut to the source's size.
// It never fails: what lies outside is empty.
func Section(src io.ReaderAt, off, n, size int64) *io.SectionReader {
	if off < 0 || off >= size || n <= 0 {
		return io.NewSectionReader(src, 0, 0)
	}
	return io.NewSectionReader(src, off, min(n, size-off))
}
