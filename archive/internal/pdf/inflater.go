package pdf

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// inflater decodes deflate and takes no more of its input than the stream has.
type inflater struct {
	in  level.Marked  // the source, with its errors marked
	buf *bufio.Reader // an io.ByteReader, so that flate never reads past a stream's end
	z   io.ReadCloser
}

// inflaters are those that nobody uses.
var inflaters = sync.Pool{New: func() any {
	f := &inflater{buf: bufio.NewReaderSize(nil, 16<<10)}
	f.z = flate.NewReader(f.buf)
	return f
}}

// newInflater takes an inflater from the pool; release gives it back.
func newInflater(r io.Reader) *inflater {
	f := inflaters.Get().(*inflater)
	f.reset(r)
	return f
}

func (f *inflater) reset(r io.Reader) {
	f.in.R = r
	f.buf.Reset(&f.in)
}

// restart begins a new deflate stream at the present position.
func (f *inflater) restart() {
	// Reset fails only for a reader that is not flate's.
	_ = f.z.(flate.Resetter).Reset(f.buf, nil)
}

func (f *inflater) Read(p []byte) (int, error) { return f.z.Read(p) }

func (f *inflater) release() {
	f.reset(nil)
	inflaters.Put(f)
}
