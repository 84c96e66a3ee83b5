package archive

import (
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Sizes of lzWindow, in bytes.
const (
	lzHistory = 64 << 10   // the farthest that any method copies from
	lzStep    = 64<<10 + 8 // the most that one symbol yields, and a bit
	lzBuffer  = lzHistory + 2*lzStep
)

// lzWindow is the output of a dictionary decoder: what may still be copied from
// and what was not read yet. Before the first byte lie zeros.
type lzWindow struct {
	buf  []byte // lzBuffer
	w, r int    // behind the last byte, behind the last byte read
	n    int64  // bytes put so far
}

var lzWindows = sync.Pool{New: func() any { return &lzWindow{buf: make([]byte, lzBuffer)} }}

func newLZWindow() *lzWindow {
	o := lzWindows.Get().(*lzWindow)
	clear(o.buf[:lzHistory])
	o.w, o.r, o.n = lzHistory, lzHistory, 0
	return o
}

func (o *lzWindow) release() { lzWindows.Put(o) }

// roomy says whether one more symbol fits.
func (o *lzWindow) roomy() bool { return len(o.buf)-o.w >= lzStep }

// slide makes room once all was read.
func (o *lzWindow) slide() {
	copy(o.buf, o.buf[o.w-lzHistory:o.w])
	o.w, o.r = lzHistory, lzHistory
}

func (o *lzWindow) put(c byte) {
	o.buf[o.w] = c
	o.w++
	o.n++
}

// repeat copies n bytes from dist bytes back; 1 <= dist <= lzHistory, n <= lzStep.
func (o *lzWindow) repeat(dist, n int) {
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

func (o *lzWindow) read(p []byte) int {
	n := copy(p, o.buf[o.r:o.w])
	o.r += n
	return n
}

// lzStream makes a reader of a decoder that goes symbol by symbol.
type lzStream struct {
	in   *byteInput
	bits huffman.LowBits
	out  *lzWindow
	step func() error // decodes one symbol; io.EOF at the end
	err  error
	// limit is how many bytes will be read at most, so that no more of the input
	// is taken; -1 if that is not known.
	limit int64
}

func (s *lzStream) open(in *byteInput, step func() error) {
	s.in, s.bits.R, s.out, s.step, s.limit = in, in.buf, newLZWindow(), step, -1
}

func (s *lzStream) Read(p []byte) (int, error) {
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

func (s *lzStream) stopAt(limit int64) { s.limit = limit }

// consumed is the number of bytes of which at least one bit was used.
func (s *lzStream) consumed() int64 { return s.in.at() - s.bits.Ahead() }

func (s *lzStream) release() {
	if s.out != nil {
		s.out.release()
		s.in.release()
		s.out = nil
	}
}

var _ io.Reader = (*lzStream)(nil)
