package unace

import (
	"io"
	"math/bits"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// MaxWindow is the largest dictionary that a distance can reach, in bytes.
const MaxWindow = 4 << 20

// What costs time without output takes from a credit, in bytes that could be copied in
// that time.
const (
	firstWork  = 1 << 30
	outputWork = 64 // credit for a byte of output
	codeWork   = 8 << 10
)

// chunk is how much is decoded at once, in bytes.
const chunk = 16 << 10

// Decoder is what the members of a solid archive share: the dictionary.
type Decoder struct {
	win  window
	work int64
	buf  []byte    // what was decoded last
	rows [2][]byte // of a picture

	sound   *sound // once there was some
	picture *picture
}

// NewDecoder makes a decoder with a dictionary of at most so many bytes, 1 KiB at
// least.
func NewDecoder(dictionary int64) *Decoder {
	most := min(max(dictionary, 1<<10), MaxWindow)
	return &Decoder{win: window{max: 1 << (bits.Len64(uint64(most)) - 1)}, work: firstWork}
}

// Reset forgets what was decoded.
func (d *Decoder) Reset() { d.win.n = 0 }

// Put enters bytes that were not packed into the dictionary.
func (d *Decoder) Put(p []byte) {
	for len(p) > 0 {
		n := d.win.fill(p)
		p = p[n:]
	}
}

// Reader decodes one member.
type Reader struct {
	d       *Decoder
	in      huffman.Bits
	blocked bool
	longest uint // width of the codes that are being read
	left    int64
	done    int64  // bytes that were decoded
	out     []byte // those that were not read yet
	err     error  // comes behind out

	mode   mode
	next   mode // if hasNext
	change bool

	lz    lz
	held  []byte // of a program: an instruction that goes on in the next block
	delta delta
}

// LZ77 decodes size bytes that version 1 packed.
func (d *Decoder) LZ77(r io.Reader, size int64) *Reader { return d.newReader(r, size, false) }

// Blocked decodes size bytes that version 2 packed.
func (d *Decoder) Blocked(r io.Reader, size int64) *Reader { return d.newReader(r, size, true) }

func (d *Decoder) newReader(r io.Reader, size int64, blocked bool) *Reader {
	z := &Reader{d: d, blocked: blocked, left: max(0, size)}
	z.in.R = newWords(r)
	return z
}

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.out) == 0 {
		switch {
		case r.left == 0:
			return 0, io.EOF
		case r.err != nil:
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill decodes the next piece; it may be empty.
func (r *Reader) fill() {
	if r.change {
		r.enter()
	}
	want := int(min(r.left, chunk))
	out := r.d.buf[:0]
	switch {
	case r.err != nil:
	case r.mode.kind == modeLZ77:
		out = r.flushHeld(out)
		out = r.readLZ(out, max(0, want-len(out)))
	case r.mode.kind == modeProgram:
		out = r.readProgram(out, want)
	case r.mode.kind == modeDelta:
		out = r.readDelta(r.flushHeld(out))
	case r.mode.kind == modePicture:
		out = r.readPicture(r.flushHeld(out), want)
	default:
		out = r.readSound(r.flushHeld(out), want)
	}
	if r.err != nil {
		out = r.flushHeld(out)
	}
	r.d.buf = out
	r.out = out[:min(int64(len(out)), r.left)]
	r.left -= int64(len(r.out))
	r.done += int64(len(r.out))
	r.d.work = min(firstWork, r.d.work+outputWork*int64(len(r.out)))
}

// fail ends the stream if it has not ended.
func (r *Reader) fail() {
	if r.err == nil {
		r.err = r.in.Fault(ErrCorrupt)
	}
}

func (r *Reader) flushHeld(out []byte) []byte {
	out = append(out, r.held...)
	r.held = r.held[:0]
	return out
}

// Clone is a decoder in the same state.
func (d *Decoder) Clone() *Decoder {
	c := &Decoder{win: d.win, work: d.work}
	c.win.buf = append([]byte(nil), d.win.buf...)
	return c
}

// Held is how many bytes of dictionary the decoder has allocated.
func (d *Decoder) Held() int { return len(d.win.buf) }
