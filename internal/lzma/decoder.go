package lzma

import (
	"errors"
	"io"
)

// errMarker says that the end marker was met.
var errMarker = errors.New("end marker")

// Numbers of the format.
const (
	probInit   = 1 << 10 // one half of 11 bits
	states     = 12
	posStates  = 16
	lenStates  = 4
	matchMin   = 2
	slotBits   = 6
	alignBits  = 4
	endPosSlot = 14 // from here on, distance bits are direct and aligned
)

// lengths are the probabilities of a match's length.
type lengths struct {
	choice, choice2 uint16
	low, mid        [posStates][8]uint16
	high            [256]uint16
}

// decoder is the state of LZMA: window, range coder, probabilities.
type decoder struct {
	in     io.Reader
	store  []byte
	buf    []byte // what was read and not used: buf[i:], within store
	i      int
	behind []byte // what was read and belongs to later chunks
	inLeft int64  // bytes that may still be read for this chunk; -1: no bound
	used   int64  // bytes read into buf
	inErr  error  // of the source; the symbol that met it is not output

	win  []byte
	dict int64 // the window's declared size
	most int64 // the window's bound
	w, r int   // next byte to write and to read in win
	seen int64 // bytes since the dictionary was reset

	rng, code uint32

	state                  uint32
	rep0, rep1, rep2, rep3 uint32
	pending                int // bytes of a match that did not fit
	lc, lp, pb             int

	isMatch, isRep0Long              [states << 4]uint16
	isRep, isRepG0, isRepG1, isRepG2 [states]uint16
	slots                            [lenStates][1 << slotBits]uint16
	special                          [128]uint16
	align                            [1 << alignBits]uint16
	lenMatch, lenRep                 lengths
	literal                          []uint16
}

func (d *decoder) init(r io.Reader, dict, window int64) {
	d.in, d.inLeft = r, -1
	d.store = make([]byte, 16<<10)
	d.dict, d.most = dict, window
}

func (d *decoder) setProps(lc, lp, pb int) {
	d.lc, d.lp, d.pb = lc, lp, pb
	if n := 0x300 << (lc + lp); n <= cap(d.literal) {
		d.literal = d.literal[:n]
	} else {
		d.literal = make([]uint16, n)
	}
}

// resetState forgets all that was learnt, but not the window.
func (d *decoder) resetState() {
	d.state, d.rep0, d.rep1, d.rep2, d.rep3 = 0, 0, 0, 0, 0
	d.pending = 0
	for _, p := range [...][]uint16{
		d.isMatch[:], d.isRep0Long[:], d.isRep[:], d.isRepG0[:], d.isRepG1[:], d.isRepG2[:],
		d.slots[0][:], d.slots[1][:], d.slots[2][:], d.slots[3][:], d.special[:], d.align[:], d.literal,
	} {
		for i := range p {
			p[i] = probInit
		}
	}
	d.lenMatch.reset()
	d.lenRep.reset()
}

func (l *lengths) reset() {
	l.choice, l.choice2 = probInit, probInit
	for i := range l.low {
		for j := range l.low[i] {
			l.low[i][j], l.mid[i][j] = probInit, probInit
		}
	}
	for i := range l.high {
		l.high[i] = probInit
	}
}

// resetDict forgets the window.
func (d *decoder) resetDict() { d.seen = 0 }

// startRange reads the range coder's first five bytes.
func (d *decoder) startRange() error {
	d.rng, d.code = 0xffffffff, 0
	for range 5 {
		d.code = d.code<<8 | uint32(d.next())
	}
	return d.inErr
}

// next returns the next byte of input; behind its end, zero, and inErr is set.
func (d *decoder) next() byte {
	if d.i < len(d.buf) {
		b := d.buf[d.i]
		d.i++
		return b
	}
	return d.fill()
}

func (d *decoder) fill() byte {
	if d.inErr != nil {
		return 0
	}
	if d.inLeft == 0 {
		d.inErr = ErrCorrupt
		return 0
	}
	room := d.store
	if d.inLeft > 0 {
		room = room[:min(d.inLeft, int64(len(room)))]
	}
	for range 100 {
		n, err := d.in.Read(room)
		if n > 0 {
			d.buf, d.i = room[:n], 1
			d.used += int64(n)
			if d.inLeft > 0 {
				d.inLeft -= int64(n)
			}
			return d.buf[0]
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			d.inErr = err
			return 0
		}
	}
	d.inErr = io.ErrNoProgress
	return 0
}

func (d *decoder) consumed() int64 { return d.used - int64(len(d.buf)-d.i) - int64(len(d.behind)) }

// take moves decoded bytes from the window to p.
func (d *decoder) take(p []byte) int {
	n := copy(p, d.win[d.r:d.w])
	d.r += n
	return n
}

// room makes place in the window behind w and returns how many bytes fit. All
// decoded bytes have been taken.
func (d *decoder) room() (int, error) {
	if d.w < len(d.win) {
		return len(d.win) - d.w, nil
	}
	size := int64(len(d.win))
	if size < d.dict {
		if size >= d.most {
			return 0, ErrWindow
		}
		grown := make([]byte, min(max(2*size, 64<<10), d.dict, d.most))
		copy(grown, d.win)
		d.win = grown
		return len(d.win) - d.w, nil
	}
	d.w, d.r = 0, 0
	return len(d.win), nil
}

// run decodes up to max bytes, fewer if the window has no room; max < 0 is
// without a bound. It returns how many.
func (d *decoder) run(max int64) (int64, error) {
	room, err := d.room()
	if err != nil {
		return 0, err
	}
	if max >= 0 && int64(room) > max {
		room = int(max)
	}
	room = min(room, 64<<10)
	start := d.w
	err = d.symbols(d.w + room)
	return int64(d.w - start), err
}

// back returns the byte at a distance of dist+1 from the window's end.
func (d *decoder) back(dist uint32) byte {
	i := d.w - int(dist) - 1
	if i < 0 {
		i += len(d.win)
	}
	return d.win[i]
}

func (d *decoder) put(b byte) {
	d.win[d.w] = b
	d.w++
	d.seen++
}

// symbols decodes until the window is written up to limit.
func (d *decoder) symbols(limit int) error {
	pbMask := uint32(1)<<d.pb - 1
	for d.w < limit {
		if d.pending > 0 {
			d.repeat(limit)
			continue
		}
		pos := uint32(d.seen) & pbMask
		at := d.state<<4 + pos
		if d.bit(&d.isMatch[at]) == 0 {
			b := d.literalByte()
			if d.inErr != nil {
				return d.inErr
			}
			d.put(b)
			continue
		}
		n, err := d.match(at, pos)
		if err != nil {
			return err
		}
		if d.inErr != nil {
			return d.inErr
		}
		if int64(d.rep0) >= min(d.seen, int64(len(d.win))) {
			return ErrCorrupt
		}
		d.pending = n
	}
	return nil
}

// match decodes what follows the bit that says that there is a match: it sets
// rep0 and returns the length.
func (d *decoder) match(at, pos uint32) (int, error) {
	if d.bit(&d.isRep[d.state]) == 0 {
		d.rep3, d.rep2, d.rep1 = d.rep2, d.rep1, d.rep0
		n := d.length(&d.lenMatch, pos)
		d.state = after(d.state, 7, 10)
		d.rep0 = d.distance(min(n, lenStates-1))
		if d.rep0 == 0xffffffff && d.inErr == nil {
			return 0, errMarker
		}
		return n + matchMin, nil
	}
	if d.bit(&d.isRepG0[d.state]) == 0 {
		if d.bit(&d.isRep0Long[at]) == 0 {
			d.state = after(d.state, 9, 11)
			return 1, nil
		}
	} else {
		d.swapRep()
	}
	n := d.length(&d.lenRep, pos)
	d.state = after(d.state, 8, 11)
	return n + matchMin, nil
}

// swapRep moves one of the older distances to the front.
func (d *decoder) swapRep() {
	var dist uint32
	if d.bit(&d.isRepG1[d.state]) == 0 {
		dist = d.rep1
	} else {
		if d.bit(&d.isRepG2[d.state]) == 0 {
			dist = d.rep2
		} else {
			dist, d.rep3 = d.rep3, d.rep2
		}
		d.rep2 = d.rep1
	}
	d.rep1, d.rep0 = d.rep0, dist
}

// after is the state that follows, if the one before was behind a literal or not.
func after(state, literal, other uint32) uint32 {
	if state < 7 {
		return literal
	}
	return other
}

// repeat copies as much of the pending match as fits.
func (d *decoder) repeat(limit int) {
	n := min(d.pending, limit-d.w)
	d.pending -= n
	d.seen += int64(n)
	from := d.w - int(d.rep0) - 1
	if from < 0 {
		from += len(d.win)
	}
	for ; n > 0; n-- {
		d.win[d.w] = d.win[from]
		d.w++
		if from++; from == len(d.win) {
			from = 0
		}
	}
}

// bit decodes one bit with an adaptive probability.
func (d *decoder) bit(p *uint16) uint32 {
	v := uint32(*p)
	bound := d.rng >> 11 * v
	var b uint32
	if d.code < bound {
		d.rng = bound
		*p = uint16(v + (1<<11-v)>>5)
	} else {
		d.rng -= bound
		d.code -= bound
		*p = uint16(v - v>>5)
		b = 1
	}
	if d.rng < 1<<24 {
		d.rng <<= 8
		d.code = d.code<<8 | uint32(d.next())
	}
	return b
}

func (d *decoder) tree(p []uint16, bits int) uint32 {
	m := uint32(1)
	for range bits {
		m = m<<1 | d.bit(&p[m])
	}
	return m - 1<<bits
}

// reverse decodes a tree whose lowest bit comes first.
func (d *decoder) reverse(p []uint16, bits int) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range bits {
		b := d.bit(&p[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

func (d *decoder) literalByte() byte {
	prev := byte(0)
	if d.seen > 0 {
		prev = d.back(0)
	}
	at := (uint32(d.seen)&(1<<d.lp-1))<<d.lc + uint32(prev)>>(8-d.lc)
	p := d.literal[0x300*at : 0x300*at+0x300]
	m := uint32(1)
	if d.state >= 7 {
		// Behind a match, the byte that would have gone on is context too.
		other := uint32(0)
		if int64(d.rep0) < min(d.seen, int64(len(d.win))) {
			other = uint32(d.back(d.rep0))
		}
		for m < 0x100 {
			b := other >> 7 & 1
			other <<= 1
			got := d.bit(&p[(1+b)<<8+m])
			m = m<<1 | got
			if b != got {
				break
			}
		}
	}
	for m < 0x100 {
		m = m<<1 | d.bit(&p[m])
	}
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
	return byte(m)
}

// length returns a match's length less matchMin.
func (d *decoder) length(l *lengths, pos uint32) int {
	if d.bit(&l.choice) == 0 {
		return int(d.tree(l.low[pos][:], 3))
	}
	if d.bit(&l.choice2) == 0 {
		return 8 + int(d.tree(l.mid[pos][:], 3))
	}
	return 16 + int(d.tree(l.high[:], 8))
}

// distance returns a match's distance less one.
func (d *decoder) distance(lenState int) uint32 {
	slot := d.tree(d.slots[lenState][:], slotBits)
	if slot < 4 {
		return slot
	}
	bits := int(slot>>1) - 1
	dist := (2 | slot&1) << bits
	if slot < endPosSlot {
		return dist + d.reverse(d.special[dist-slot:], bits)
	}
	for i := bits - 1; i >= alignBits; i-- {
		d.rng >>= 1
		if d.code >= d.rng {
			d.code -= d.rng
			dist |= 1 << i
		}
		if d.rng < 1<<24 {
			d.rng <<= 8
			d.code = d.code<<8 | uint32(d.next())
		}
	}
	return dist + d.reverse(d.align[:], alignBits)
}
