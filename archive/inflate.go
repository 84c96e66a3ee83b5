package archive

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// inflater decodes one deflate stream after another from a section of a source
// and knows how many bytes of it were consumed.
type inflater struct {
	src *io.SectionReader
	in  source        // src, with its errors marked
	buf *bufio.Reader // an io.ByteReader, so that flate never reads past a stream's end
	z   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	f := &inflater{buf: bufio.NewReaderSize(nil, 16<<10)}
	f.z = flate.NewReader(f.buf)
	return f
}}

// newInflater takes an inflater from the pool; release gives it back.
func newInflater(src *io.SectionReader) *inflater {
	f := inflaters.Get().(*inflater)
	f.src = src
	f.in.r = src
	f.buf.Reset(&f.in)
	f.restart()
	return f
}

// restart begins a new deflate stream at the present position.
func (f *inflater) restart() {
	// Reset fails only for a reader that is not flate's.
	_ = f.z.(flate.Resetter).Reset(f.buf, nil)
}

func (f *inflater) Read(p []byte) (int, error) { return f.z.Read(p) }

// consumed is the number of bytes taken from the section so far.
func (f *inflater) consumed() int64 {
	at, _ := f.src.Seek(0, io.SeekCurrent)
	return at - int64(f.buf.Buffered())
}

func (f *inflater) release() {
	f.src, f.in.r = nil, nil
	f.buf.Reset(nil)
	inflaters.Put(f)
}
