package archive

import (
	"fmt"
	"io"
)

// The range coder of LZMA (LZMA specification, "Range Decoder").
const (
	probBits = 11                  // precision of a probability
	probInit = 1 << (probBits - 1) // one half
	probMove = 5                   // speed of adaption
	rangeTop = 1 << 24             // below it, the range takes a further byte
)

// rangeDecoder decodes bits from an input. Errors are kept in err and checked
// once for a symbol: behind the end it delivers zeros.
type rangeDecoder struct {
	in   *input
	buf  []byte // taken from the input's buffer, but not from the input yet
	pos  int    // the next byte of buf
	left int64  // compressed bytes that may be taken behind buf
	rng  uint32
	code uint32
	err  error
}

// start begins a range coded stream of at most size bytes.
func (r *rangeDecoder) start(size int64) {
	r.buf, r.pos, r.left, r.err = nil, 0, size, nil
	r.load()
}

// load reads the five bytes with which a stream begins, the first of them zero.
func (r *rangeDecoder) load() {
	r.rng = 1<<32 - 1
	first := r.next()
	r.code = uint32(r.next())<<24 | uint32(r.next())<<16 | uint32(r.next())<<8 | uint32(r.next())
	if r.err == nil && (first != 0 || r.code == r.rng) {
		r.err = fmt.Errorf("first bytes of LZMA data: %w", ErrMalformed)
	}
}

// stop gives the bytes that were not taken back to the input.
func (r *rangeDecoder) stop() {
	_, _ = r.in.Discard(r.pos) // they are in the buffer
	r.left += int64(len(r.buf) - r.pos)
	r.buf, r.pos = nil, 0
}

func (r *rangeDecoder) next() uint32 {
	if r.pos < len(r.buf) {
		b := r.buf[r.pos]
		r.pos++
		return uint32(b)
	}
	return r.refill()
}

func (r *rangeDecoder) refill() uint32 {
	if r.err != nil {
		return 0
	}
	r.stop()
	if r.left <= 0 {
		r.err = fmt.Errorf("LZMA data is longer than declared: %w", ErrMalformed)
		return 0
	}
	if _, err := r.in.Peek(1); err != nil {
		r.err = truncated(err)
		return 0
	}
	r.buf, _ = r.in.Peek(int(min(int64(r.in.Buffered()), r.left)))
	r.left -= int64(len(r.buf))
	r.pos = 1
	return uint32(r.buf[0])
}

func (r *rangeDecoder) normalize() {
	if r.rng < rangeTop {
		r.rng <<= 8
		r.code = r.code<<8 | r.next()
	}
}

// bit decodes one bit under an adaptive probability.
func (r *rangeDecoder) bit(p *uint16) uint32 {
	if r.rng < rangeTop {
		r.rng <<= 8
		r.code = r.code<<8 | r.next()
	}
	v := uint32(*p)
	bound := (r.rng >> probBits) * v
	if r.code < bound {
		r.rng = bound
		*p = uint16(v + ((1<<probBits)-v)>>probMove)
		return 0
	}
	r.rng -= bound
	r.code -= bound
	*p = uint16(v - v>>probMove)
	return 1
}

// direct decodes n bits of equal probability.
func (r *rangeDecoder) direct(n uint) uint32 {
	rng, code, v := r.rng, r.code, uint32(0)
	for ; n > 0; n-- {
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | r.next()
		}
		rng >>= 1
		code -= rng
		less := code >> 31 // 1 if it was less than rng, for both are below 1<<31 then
		code += rng & -less
		v = v<<1 | (1 - less)
	}
	r.rng, r.code = rng, code
	return v
}

// tree decodes n bits, the highest first; probs has 1<<n entries, of which the
// first is not used. It is bit, with the coder in variables of its own.
func (r *rangeDecoder) tree(probs []uint16, n uint) uint32 {
	rng, code := r.rng, r.code
	m := uint32(1)
	for range n {
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | r.next()
		}
		p := &probs[m]
		v := uint32(*p)
		bound := (rng >> probBits) * v
		if code < bound {
			rng = bound
			*p = uint16(v + ((1<<probBits)-v)>>probMove)
			m <<= 1
		} else {
			rng -= bound
			code -= bound
			*p = uint16(v - v>>probMove)
			m = m<<1 | 1
		}
	}
	r.rng, r.code = rng, code
	return m - 1<<n
}

// reverse decodes n bits, the lowest first.
func (r *rangeDecoder) reverse(probs []uint16, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := r.bit(&probs[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

// finished says whether the coder is at rest, as it is behind a whole stream.
func (r *rangeDecoder) finished() bool {
	r.normalize()
	return r.code == 0
}

// window holds the bytes that a match can reach, and those decoded but not yet
// given away. It grows with the output, up to the dictionary's size: what a
// header declares is no allocation.
type window struct {
	buf   []byte
	pos   int  // where the next byte goes
	given int  // up to here bytes were given away
	full  bool // buf was filled once, so that all of it can be reached
	max   int  // the dictionary's size
}

// windowStart is the least size of a window, in bytes.
const windowStart = 64 << 10

// reset forgets the history, and keeps the memory.
func (w *window) reset(dictionary int64) {
	w.max = int(max(dictionary, 4096))
	w.pos, w.given, w.full = 0, 0, false
	if len(w.buf) > w.max {
		w.buf = w.buf[:w.max]
	}
}

// room prepares for up to n more bytes and returns where they end. All bytes
// must have been given away.
func (w *window) room(n int) int {
	if w.pos == len(w.buf) {
		if size := min(w.max, max(2*len(w.buf), windowStart)); size > len(w.buf) && !w.full {
			if size <= cap(w.buf) {
				w.buf = w.buf[:size]
			} else {
				grown := make([]byte, size)
				copy(grown, w.buf)
				w.buf = grown
			}
		} else {
			w.pos, w.given, w.full = 0, 0, true
		}
	}
	return min(len(w.buf), w.pos+n)
}

// take gives decoded bytes away.
func (w *window) take(p []byte) int {
	n := copy(p, w.buf[w.given:w.pos])
	w.given += n
	return n
}

// reaches says whether a byte lies dist+1 bytes back.
func (w *window) reaches(dist uint32) bool {
	return int64(dist) < int64(w.pos) || w.full && int64(dist) < int64(len(w.buf))
}

// copyMatch copies up to n bytes from dist+1 bytes back, within limit, and
// returns how many it copied.
func (w *window) copyMatch(dist uint32, n, limit int) int {
	n = min(n, limit-w.pos)
	from := w.pos - int(dist) - 1
	if from < 0 {
		from += len(w.buf)
	}
	left := n
	for left > 0 {
		// A copy of at most the distance does not read what it writes.
		step := min(left, len(w.buf)-from)
		if from < w.pos {
			step = min(step, w.pos-from)
		}
		copy(w.buf[w.pos:w.pos+step], w.buf[from:from+step])
		w.pos += step
		left -= step
		if from += step; from == len(w.buf) {
			from = 0
		}
	}
	return n
}

var _ io.ByteReader = (*input)(nil)
