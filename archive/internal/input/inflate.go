package input

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Inflater decodes one deflate stream after another from a section of a source
// and knows how many bytes of it were consumed.
type Inflater struct {
	Src *io.SectionReader
	In  level.Marked  // src, with its errors marked
	Buf *bufio.Reader // an io.ByteReader, so that flate never reads past a stream's end
	z   io.ReadCloser
}

// Inflaters are those that nobody uses.
var Inflaters = sync.Pool{New: func() any {
	f := &Inflater{Buf: bufio.NewReaderSize(nil, 16<<10)}
	f.z = flate.NewReader(f.Buf)
	return f
}}

// NewInflater takes an inflater from the pool; release gives it back.
func NewInflater(src *io.SectionReader) *Inflater {
	f := Inflaters.Get().(*Inflater)
	f.Src = src
	f.In.R = src
	f.Buf.Reset(&f.In)
	f.Restart()
	return f
}

// Restart begins a new deflate stream at the present position.
func (f *Inflater) Restart() {
	// Reset fails only for a reader that is not flate's.
	_ = f.z.(flate.Resetter).Reset(f.Buf, nil)
}

func (f *Inflater) Read(p []byte) (int, error) { return f.z.Read(p) }

// Consumed is the number of bytes taken from the section so far.
func (f *Inflater) Consumed() int64 {
	at, _ := f.Src.Seek(0, io.SeekCurrent)
	return at - int64(f.Buf.Buffered())
}

// Release gives the inflater back.
func (f *Inflater) Release() {
	f.Src, f.In.R = nil, nil
	f.Buf.Reset(nil)
	Inflaters.Put(f)
}
