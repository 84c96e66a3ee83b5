package stream

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// errLzo is LZO data that cannot be: too short, or a match before its begin.
var errLzo = fmt.Errorf("LZO data: %w", level.ErrMalformed)

// lzoReader decodes one block of LZO1X, of which there is no specification but a
// description of the stream (Linux, "LZO stream format as understood by Linux' LZO
// decompressor").
type lzoReader struct {
	in    []byte
	pos   int
	out   []byte
	limit int // of out, in bytes
	err   error

	// state is the number of literals that the last instruction copied, 4 for a
	// long run: it decides what the shortest instructions mean.
	state int
}

// lzoFirst is the least first byte that is a number of literals and not an
// instruction.
const lzoFirst = 18

// lzoDecode appends a decoded block to out, up to limit bytes of it in all.
func lzoDecode(out, in []byte, limit int) ([]byte, error) {
	r := &lzoReader{in: in, out: out, limit: limit}
	if len(in) > 0 && in[0] >= lzoFirst {
		r.pos = 1
		n := int(in[0]) - 17
		r.literals(n)
		r.state = min(n, 4)
	}
	for r.err == nil && !r.instruction() {
	}
	return r.out, r.err
}

func (r *lzoReader) next() int {
	if r.pos >= len(r.in) {
		r.err = errLzo
		return 0
	}
	b := r.in[r.pos]
	r.pos++
	return int(b)
}

// instruction carries one instruction out. It returns true at the end.
func (r *lzoReader) instruction() (end bool) {
	b := r.next()
	switch {
	case b < 16:
		r.short(b)
	case b < 32:
		n := r.length(b&7, 7)
		low := r.next()
		high := r.next()
		dist := b&8<<11 | high<<6 | low>>2
		if dist == 0 {
			return true
		}
		r.match(n+2, dist+1<<14, low&3)
	case b < 64:
		n := r.length(b&31, 31)
		low := r.next()
		high := r.next()
		r.match(n+2, high<<6|low>>2+1, low&3)
	case b < 128:
		r.match(b>>5&1+3, r.next()<<3|b>>2&7+1, b&3)
	default:
		r.match(b>>5&3+5, r.next()<<3|b>>2&7+1, b&3)
	}
	return false
}

// short carries an instruction below 16 out.
func (r *lzoReader) short(b int) {
	switch r.state {
	case 0:
		r.literals(r.length(b, 15) + 3)
		r.state = 4
	case 4:
		r.match(3, r.next()<<2+b>>2+2049, b&3)
	default:
		r.match(2, r.next()<<2+b>>2+1, b&3)
	}
}

// length is n, or if that is 0 a longer one: most, 255 for each zero byte that
// follows, and the byte behind.
func (r *lzoReader) length(n, most int) int {
	if n > 0 {
		return n
	}
	n = most
	for {
		b := r.next()
		n += b
		if b > 0 || r.err != nil {
			return n
		}
		if n += 255; n > r.limit {
			r.err = errLzo
			return 0
		}
	}
}

func (r *lzoReader) literals(n int) {
	if r.err != nil {
		return
	}
	if n > len(r.in)-r.pos {
		r.err = errLzo
		n = len(r.in) - r.pos
	}
	n = min(n, r.limit-len(r.out))
	if n <= 0 {
		return
	}
	r.out = append(r.out, r.in[r.pos:r.pos+n]...)
	r.pos += n
}

// match copies n bytes from dist back, and then some literals.
func (r *lzoReader) match(n, dist, literals int) {
	if r.err != nil {
		return
	}
	if dist > len(r.out) || n > r.limit-len(r.out) {
		r.err = errLzo
		return
	}
	for n > 0 {
		from := len(r.out) - dist
		step := min(n, dist)
		r.out = append(r.out, r.out[from:from+step]...)
		n -= step
	}
	r.literals(literals)
	r.state = literals
}
