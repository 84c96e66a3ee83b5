package lz

import (
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Sizes of window, in bytes.
const (
	lzHistory = 64 << 10   // the farthest that any method copies from
	lzStep    = 64<<10 + 8 // the most that one symbol yields, and a bit
	lzBuffer  = lzHistory + 2*lzStep
)

// window is the output of a dictionary decoder: what may still be copied from
// and what was not read yet. Before the first byte lie zeros.
type window struct {
	buf  []byte // lzBuffer
	w, r int    // behind the last byte, behind the last byte read
	n    int64  // bytes put so far
}

var lzWindows = sync.Pool{New: func() any { return &window{buf: make([]byte, lzBuffer)} }}

func newWindow() *window {
	o := lzWindows.Get().(*window)
	clear(o.buf[:lzHistory])
	o.w, o.r, o.n = lzHistory, lzHistory, 0
	return o
}

func (o *window) release() { lzWindows.Put(o) }

// roomy says whether one more symbol fits.
func (o *window) roomy() bool { return len(o.buf)-o.w >= lzStep }

// slide makes room once all was read.
func (o *window) slide() {
	copy(o.buf, o.buf[o.w-lzHistory:o.w])
	o.w, o.r = lzHistory, lzHistory
}

func (o *window) put(c byte) {
	o.buf[o.w] = c
	o.w++
	o.n++
}

// repeat copies n bytes from dist bytes back; 1 <= dist <= lzHistory, n <= lzStep.
func (o *window) repeat(dist, n int) {
	o.n += int64(n)
	if dist >= n {
		copy(o.buf[o.w:o.w+n], o.buf[o.w-dist:])
		o.w += n
		return
	}
	for range n {
		o.buf[o.w] = o.buf[o.w-dist]
		o.w++
	}
}

func (o *window) read(p []byte) int {
	n := copy(p, o.buf[o.r:o.w])
	o.r += n
	return n
}

// Stream makes a reader of a decoder that goes symbol by symbol.
type Stream struct {
	in   *input.Bytes
	bits huffman.LowBits
	out  *window
	step func() error // decodes one symbol; io.EOF at the end
	err  error
	// limit is how many bytes will be read at most, so that no more of the input
	// is taken; -1 if that is not known.
	limit int64
}

func (s *Stream) open(in *input.Bytes, step func() error) {
	s.in, s.bits.R, s.out, s.step, s.limit = in, in.Buf, newWindow(), step, -1
}

func (s *Stream) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := s.out.read(p); n > 0 {
			return n, nil
		}
		if s.err != nil {
			return 0, s.err
		}
		s.out.slide()
		if s.limit >= 0 && s.out.n >= s.limit {
			s.err = io.EOF
		}
		for s.err == nil && s.out.roomy() && (s.limit < 0 || s.out.n < s.limit) {
			s.err = s.step()
		}
	}
	return 0, nil
}

// StopAt ends the stream behind limit bytes of output.
func (s *Stream) StopAt(limit int64) { s.limit = limit }

// Consumed is the number of bytes of which at least one bit was used.
func (s *Stream) Consumed() int64 { return s.in.At() - s.bits.Ahead() }

// Release gives back what the decoder holds.
func (s *Stream) Release() {
	if s.out != nil {
		s.out.release()
		s.in.Release()
		s.out = nil
	}
}

var _ io.Reader = (*Stream)(nil)
