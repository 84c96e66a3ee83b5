package archive

import (
	"bufio"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/internal/saferead"
)

// input is a container's bytes in order, for decoders that take exactly what
// they need and leave the rest to the next.
type input struct {
	*bufio.Reader
	src  *io.SectionReader
	mark source // src, with its errors marked
}

// inputBytes is the size of an input's buffer.
const inputBytes = 32 << 10

var inputs = sync.Pool{New: func() any {
	return &input{Reader: bufio.NewReaderSize(nil, inputBytes)}
}}

// newInput takes an input from the pool; release gives it back.
func newInput(src io.ReaderAt, size int64) *input {
	in := inputs.Get().(*input)
	in.src = saferead.Section(src, 0, size, size)
	in.mark.r = in.src
	in.Reset(&in.mark)
	return in
}

func (in *input) release() {
	in.src, in.mark.r = nil, nil
	in.Reset(nil)
	inputs.Put(in)
}

// offset is the number of bytes taken so far.
func (in *input) offset() int64 {
	at, _ := in.src.Seek(0, io.SeekCurrent)
	return at - int64(in.Buffered())
}

// at returns up to n bytes that lie ahead bytes behind the present position,
// without taking them.
func (in *input) at(ahead int64, n int) ([]byte, error) {
	if ahead+int64(n) <= int64(in.Buffered()) {
		b, err := in.Peek(int(ahead) + n)
		return b[ahead:], err
	}
	return saferead.UpTo(in.src, in.offset()+ahead, int64(n), in.src.Size(), n)
}

// back gives the last n bytes back.
func (in *input) back(n int64) error {
	_, err := in.src.Seek(in.offset()-n, io.SeekStart)
	in.Reset(&in.mark)
	return err
}

// full reads len(p) bytes or fails; an end of input within them is truncation.
func (in *input) full(p []byte) error { return readFull(in, p) }

func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	return truncated(err)
}

// skip discards n bytes, however many; an end of input within them is truncation.
func (in *input) skip(n int64) error {
	for n > 0 {
		step := int(min(n, inputBytes))
		if _, err := in.Discard(step); err != nil {
			return truncated(err)
		}
		n -= int64(step)
	}
	return nil
}

// grow appends n bytes to b. Memory grows with what arrives.
func (in *input) grow(b []byte, n int) ([]byte, error) {
	for end := len(b) + n; len(b) < end; {
		have := len(b)
		step := min(end-have, 64<<10)
		if cap(b) < have+step {
			b = append(make([]byte, 0, max(have+step, min(2*have, end))), b...)
		}
		b = b[:have+step]
		if err := in.full(b[have:]); err != nil {
			return b, err
		}
	}
	return b, nil
}
