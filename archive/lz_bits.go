package archive

import (
	"bufio"
	"io"
	"sync"
)

// byteInput is the compressed side of a decoder. It hands out single bytes, so
// that no decoder takes more than it needs, and knows how many it handed out.
type byteInput struct {
	src   source
	taken int64 // from src
	buf   *bufio.Reader
}

var byteInputs = sync.Pool{New: func() any {
	return &byteInput{buf: bufio.NewReaderSize(nil, 16<<10)}
}}

// newByteInput takes an input from the pool; release gives it back.
func newByteInput(r io.Reader) *byteInput {
	in := byteInputs.Get().(*byteInput)
	in.src.r, in.taken = r, 0
	in.buf.Reset(tally{in})
	return in
}

// tally counts what a byteInput takes from its source.
type tally struct{ in *byteInput }

func (t tally) Read(p []byte) (int, error) {
	n, err := t.in.src.Read(p)
	t.in.taken += int64(n)
	return n, err
}

func (in *byteInput) release() {
	in.src.r = nil
	in.buf.Reset(nil)
	byteInputs.Put(in)
}

// at is the number of bytes handed out.
func (in *byteInput) at() int64 { return in.taken - int64(in.buf.Buffered()) }

func (in *byteInput) ReadByte() (byte, error)    { return in.buf.ReadByte() }
func (in *byteInput) Read(p []byte) (int, error) { return in.buf.Read(p) }

// noEOF is for an end of input in the middle of something.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
