package archive

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// fieldBuffer is how much of the source is read ahead, in bytes.
const fieldBuffer = 4 << 10

// fields reads little-endian fields of a source one after the other, through one
// buffer. Past the end they are zero and short is set.
type fields struct {
	src   io.ReaderAt
	size  int64 // of the source
	off   int64 // of the next field; may be set
	at    int64 // where buf begins in the source
	buf   []byte
	short bool  // a field lies outside of the source
	err   error // of the source itself; sticky
}

func newFields(src io.ReaderAt, size int64) *fields { return &fields{src: src, size: size} }

// next returns the n bytes of a field, n at most fieldBuffer, and moves behind it.
// They are valid until the following call.
func (f *fields) next(n int) []byte {
	if f.off < 0 || int64(n) > f.size-f.off || f.err != nil {
		f.short = true
		f.off = f.size
		return make([]byte, n)
	}
	if f.off < f.at || f.off+int64(n) > f.at+int64(len(f.buf)) {
		f.fill()
	}
	from := f.off - f.at
	f.off += int64(n)
	if from+int64(n) > int64(len(f.buf)) {
		f.short = true // the source ends before its size
		return make([]byte, n)
	}
	return f.buf[from : from+int64(n)]
}

func (f *fields) fill() {
	if cap(f.buf) == 0 {
		f.buf = make([]byte, min(fieldBuffer, f.size))
	}
	f.at = f.off
	n, err := f.src.ReadAt(f.buf[:min(int64(cap(f.buf)), f.size-f.off)], f.off)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		f.err = err
	}
	f.buf = f.buf[:n]
}

func (f *fields) u8() byte    { return f.next(1)[0] }
func (f *fields) u16() uint16 { return binary.LittleEndian.Uint16(f.next(2)) }
func (f *fields) u32() uint32 { return binary.LittleEndian.Uint32(f.next(4)) }
func (f *fields) u64() uint64 { return binary.LittleEndian.Uint64(f.next(8)) }

// skip moves n bytes on. It may leave the source, which the next field then says.
func (f *fields) skip(n int64) {
	if n < 0 || n > f.size-f.off {
		f.short = true
		f.off = f.size
		return
	}
	f.off += n
}

// left is the number of bytes behind the last field.
func (f *fields) left() int64 { return f.size - f.off }

// some copies the n bytes at the present offset, or their first max, and moves
// behind all n.
func (f *fields) some(n int64, max int) []byte {
	if n < 0 || n > f.left() {
		f.short = true
	}
	b, err := saferead.UpTo(f.src, f.off, n, f.size, max)
	if err != nil && n >= 0 {
		f.err = err
	}
	f.skip(n)
	return b
}

// cString reads up to a NUL, of which it keeps the first max bytes. Without a NUL
// within limit bytes the text is not one, and short is set.
func (f *fields) cString(max, limit int) []byte {
	var s []byte
	for limit > 0 && f.left() > 0 && f.err == nil {
		n := int(min(f.left(), fieldBuffer, int64(limit)))
		b := f.next(n)
		limit -= n
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			s = append(s, b[:min(len(b), max-len(s))]...)
			continue
		}
		s = append(s, b[:min(end, max-len(s))]...)
		f.off -= int64(n - end - 1)
		return s
	}
	f.short = true
	return s
}

// rest is the section of n bytes at the present offset, cut to the source.
func (f *fields) rest(n int64) *io.SectionReader {
	return saferead.Section(f.src, f.off, n, f.size)
}
