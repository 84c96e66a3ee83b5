package input

import (
	"bufio"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Stream is a container's bytes in order, for decoders that take exactly what
// they need and leave the rest to the next.
type Stream struct {
	*bufio.Reader
	Src  *io.SectionReader
	mark level.Marked // Src, with its errors marked
}

// inputBytes is the size of a Stream's buffer.
const inputBytes = 32 << 10

var inputs = sync.Pool{New: func() any {
	return &Stream{Reader: bufio.NewReaderSize(nil, inputBytes)}
}}

// NewStream takes one from the pool; Release gives it back.
func NewStream(src io.ReaderAt, size int64) *Stream {
	in := inputs.Get().(*Stream)
	in.Src = saferead.Section(src, 0, size, size)
	in.mark.R = in.Src
	in.Reset(&in.mark)
	return in
}

// Release gives the stream back.
func (in *Stream) Release() {
	in.Src, in.mark.R = nil, nil
	in.Reset(nil)
	inputs.Put(in)
}

// Offset is the number of bytes taken so far.
func (in *Stream) Offset() int64 {
	at, _ := in.Src.Seek(0, io.SeekCurrent)
	return at - int64(in.Buffered())
}

// At returns up to n bytes that lie ahead bytes behind the present position,
// without taking them.
func (in *Stream) At(ahead int64, n int) ([]byte, error) {
	if ahead+int64(n) <= int64(in.Buffered()) {
		b, err := in.Peek(int(ahead) + n)
		return b[ahead:], err
	}
	return saferead.UpTo(in.Src, in.Offset()+ahead, int64(n), in.Src.Size(), n)
}

// Back gives the last n bytes back.
func (in *Stream) Back(n int64) error {
	_, err := in.Src.Seek(in.Offset()-n, io.SeekStart)
	in.Reset(&in.mark)
	return err
}

// Full reads len(p) bytes or fails; an end of input within them is truncation.
func (in *Stream) Full(p []byte) error { return ReadFull(in, p) }

// ReadFull reads len(p) bytes or fails; an end of input within them is truncation.
func ReadFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	return level.Truncated(err)
}

// Skip discards n bytes, however many; an end of input within them is truncation.
func (in *Stream) Skip(n int64) error { return Skip(in.Reader, n) }

// Skip discards n bytes, however many; an end of input within them is truncation.
func Skip(in *bufio.Reader, n int64) error {
	for n > 0 {
		step := int(min(n, inputBytes))
		if _, err := in.Discard(step); err != nil {
			return level.Truncated(err)
		}
		n -= int64(step)
	}
	return nil
}

// Grow appends n bytes to b. Memory grows with what arrives.
func (in *Stream) Grow(b []byte, n int) ([]byte, error) { return Grow(in, b, n) }

// Grow appends n bytes of in to b. Memory grows with what arrives.
func Grow(in io.Reader, b []byte, n int) ([]byte, error) {
	for end := len(b) + n; len(b) < end; {
		have := len(b)
		step := min(end-have, 64<<10)
		if cap(b) < have+step {
			b = append(make([]byte, 0, max(have+step, min(2*have, end))), b...)
		}
		b = b[:have+step]
		if err := ReadFull(in, b[have:]); err != nil {
			return b, err
		}
	}
	return b, nil
}
