package unace

// Kinds of mode.
const (
	modeLZ77 = iota
	modeDelta
	modeProgram
	modeSound8
	modeSound16
	modeSound32A
	modeSound32B
	modePicture
)

// mode is how a block is packed.
type mode struct {
	kind   byte
	planes int  // of modeDelta
	size   int  // of modeDelta: bytes of all planes
	near   bool // of modeProgram: calls have 16 bits
}

// readMode reads the mode of the next block.
func (r *Reader) readMode() bool {
	m := mode{kind: byte(r.in.Take(8))}
	switch m.kind {
	case modeDelta:
		m.planes, m.size = int(r.in.Take(8)), int(r.in.Take(17))
	case modeProgram:
		m.near = r.in.Take(8) == 0
	}
	if r.in.Short() {
		return false
	}
	r.next, r.change = m, true
	return true
}

// enter begins the next mode. What a kind keeps is lost where another follows.
func (r *Reader) enter() {
	before := r.mode.kind
	r.mode, r.change = r.next, false
	switch k := r.mode.kind; {
	case k > modePicture, k == modeDelta && !r.mode.sane():
		r.fail()
	case k == before:
	case k == modePicture:
		r.startPicture()
	case k >= modeSound8:
		r.startSound(k)
	}
}

// sane says whether a table has planes with bytes in them.
func (m mode) sane() bool { return m.planes > 0 && m.size/max(1, m.planes) > 0 }

// delta is the state of modeDelta.
type delta struct {
	buf  []byte // of the table that is being read
	last byte
}

// readDelta reads a table: its planes one after the other, as differences.
func (r *Reader) readDelta(out []byte) []byte {
	d := &r.delta
	for len(d.buf) < r.mode.size {
		d.buf = r.readLZ(d.buf, min(chunk, r.mode.size-len(d.buf)))
		// Behind the first byte, a mark is of what follows the table.
		if r.err != nil || r.change && len(d.buf) == 0 {
			return out
		}
	}
	for i, b := range d.buf {
		d.last += b
		d.buf[i] = d.last
	}
	plane := r.mode.size / r.mode.planes
	for at := range plane {
		for i := at; i < len(d.buf); i += plane {
			out = append(out, d.buf[i])
		}
	}
	d.buf = d.buf[:0]
	return out
}

// Instructions of a program.
const (
	opCall = 0xe8
	opJump = 0xe9
)

// readProgram decodes LZ77 and makes the targets of calls and jumps relative again.
func (r *Reader) readProgram(out []byte, want int) []byte {
	out = r.flushHeld(out)
	out = r.readLZ(out, max(0, want-len(out)))
	for i := 0; i < len(out); i++ {
		width := 0
		switch {
		case out[i] == opJump, out[i] == opCall && r.mode.near:
			width = 2
		case out[i] == opCall:
			width = 4
		default:
			continue
		}
		if i+width >= len(out) {
			if r.err == nil && int64(len(out)) < r.left {
				r.held = append(r.held, out[i:]...)
				return out[:i]
			}
			return out
		}
		at := uint32(r.done) + uint32(i)
		for k := 1; k <= width; k++ {
			at, out[i+k] = borrow(at, out[i+k])
		}
		i += width
	}
	return out
}

// borrow subtracts the lowest byte of a number, and what that borrows from the rest.
func borrow(n uint32, b byte) (uint32, byte) {
	low := byte(n)
	n >>= 8
	if b < low {
		n++
	}
	return n, b - low
}
