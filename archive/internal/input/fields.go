package input

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// fieldBuffer is how much of the source is read ahead, in bytes.
const fieldBuffer = 4 << 10

// Fields reads little-endian fields of a source one after the other, through one
// buffer. Past the end they are zero and short is set.
type Fields struct {
	Src   io.ReaderAt
	Size  int64 // of the source
	Off   int64 // of the next field; may be set
	at    int64 // where buf begins in the source
	buf   []byte
	Short bool  // a field lies outside of the source
	Err   error // of the source itself; sticky
}

// NewFields reads the fields of a source from its start.
func NewFields(src io.ReaderAt, size int64) *Fields { return &Fields{Src: src, Size: size} }

// Next returns the n bytes of a field, n at most fieldBuffer, and moves behind it.
// They are valid until the following call.
func (f *Fields) Next(n int) []byte {
	if f.Off < 0 || int64(n) > f.Size-f.Off || f.Err != nil {
		f.Short = true
		f.Off = f.Size
		return make([]byte, n)
	}
	if f.Off < f.at || f.Off+int64(n) > f.at+int64(len(f.buf)) {
		f.fill()
	}
	from := f.Off - f.at
	f.Off += int64(n)
	if from+int64(n) > int64(len(f.buf)) {
		f.Short = true // the source ends before its size
		return make([]byte, n)
	}
	return f.buf[from : from+int64(n)]
}

func (f *Fields) fill() {
	if cap(f.buf) == 0 {
		f.buf = make([]byte, min(fieldBuffer, f.Size))
	}
	f.at = f.Off
	n, err := f.Src.ReadAt(f.buf[:min(int64(cap(f.buf)), f.Size-f.Off)], f.Off)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		f.Err = err
	}
	f.buf = f.buf[:n]
}

// U8 reads one byte.
func (f *Fields) U8() byte { return f.Next(1)[0] }

// U16 reads two bytes.
func (f *Fields) U16() uint16 { return binary.LittleEndian.Uint16(f.Next(2)) }

// U32 reads four bytes.
func (f *Fields) U32() uint32 { return binary.LittleEndian.Uint32(f.Next(4)) }

// U64 reads eight bytes.
func (f *Fields) U64() uint64 { return binary.LittleEndian.Uint64(f.Next(8)) }

// Skip moves n bytes on. It may leave the source, which the next field then says.
func (f *Fields) Skip(n int64) {
	if n < 0 || n > f.Size-f.Off {
		f.Short = true
		f.Off = f.Size
		return
	}
	f.Off += n
}

// Left is the number of bytes behind the last field.
func (f *Fields) Left() int64 { return f.Size - f.Off }

// Some copies the n bytes at the present offset, or their first max, and moves
// behind all n.
func (f *Fields) Some(n int64, max int) []byte {
	if n < 0 || n > f.Left() {
		f.Short = true
	}
	b, err := saferead.UpTo(f.Src, f.Off, n, f.Size, max)
	if err != nil && n >= 0 {
		f.Err = err
	}
	f.Skip(n)
	return b
}

// CString reads up to a NUL, of which it keeps the first max bytes. Without a NUL
// within limit bytes the text is not one, and short is set.
func (f *Fields) CString(max, limit int) []byte {
	var s []byte
	for limit > 0 && f.Left() > 0 && f.Err == nil {
		n := int(min(f.Left(), fieldBuffer, int64(limit)))
		b := f.Next(n)
		limit -= n
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			s = append(s, b[:min(len(b), max-len(s))]...)
			continue
		}
		s = append(s, b[:min(end, max-len(s))]...)
		f.Off -= int64(n - end - 1)
		return s
	}
	f.Short = true
	return s
}

// Rest is the section of n bytes at the present offset, cut to the source.
func (f *Fields) Rest(n int64) *io.SectionReader {
	return saferead.Section(f.Src, f.Off, n, f.Size)
}
