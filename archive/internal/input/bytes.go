package input

import (
	"bufio"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bytes is the compressed side of a decoder. It hands out single bytes, so
// that no decoder takes more than it needs, and knows how many it handed out.
type Bytes struct {
	src   level.Marked
	taken int64 // from src
	Buf   *bufio.Reader
}

var byteInputs = sync.Pool{New: func() any {
	return &Bytes{Buf: bufio.NewReaderSize(nil, 16<<10)}
}}

// NewBytes takes one from the pool; Release gives it back.
func NewBytes(r io.Reader) *Bytes {
	in := byteInputs.Get().(*Bytes)
	in.Reset(r)
	return in
}

// Reset goes to the begin of another source.
func (in *Bytes) Reset(r io.Reader) {
	in.src.R, in.taken = r, 0
	in.Buf.Reset(tally{in})
}

// tally counts what a Bytes takes from its source.
type tally struct{ in *Bytes }

func (t tally) Read(p []byte) (int, error) {
	n, err := t.in.src.Read(p)
	t.in.taken += int64(n)
	return n, err
}

// Release gives the input back.
func (in *Bytes) Release() {
	in.src.R = nil
	in.Buf.Reset(nil)
	byteInputs.Put(in)
}

// At is the number of bytes handed out.
func (in *Bytes) At() int64 { return in.taken - int64(in.Buf.Buffered()) }

func (in *Bytes) ReadByte() (byte, error) { return in.Buf.ReadByte() }

func (in *Bytes) Read(p []byte) (int, error) { return in.Buf.Read(p) }

// NoEOF is for an end of input in the middle of something.
func NoEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
