package archive

import "fmt"

// Sizes of LZMA's models (LZMA specification, "Decoding").
const (
	lzmaStates    = 12
	lzmaPosStates = 1 << 4 // at most: pb is 4 or less
	lzmaMinMatch  = 2
	lzmaEndDist   = 1<<32 - 1 // the distance of a marker
)

// lengthModel decodes a match's length, less lzmaMinMatch.
type lengthModel struct {
	choice [2]uint16
	low    [lzmaPosStates][1 << 3]uint16
	mid    [lzmaPosStates][1 << 3]uint16
	high   [1 << 8]uint16
}

func (l *lengthModel) decode(r *rangeDecoder, posState uint32) int {
	switch {
	case r.bit(&l.choice[0]) == 0:
		return int(r.tree(l.low[posState][:], 3))
	case r.bit(&l.choice[1]) == 0:
		return 8 + int(r.tree(l.mid[posState][:], 3))
	}
	return 16 + int(r.tree(l.high[:], 8))
}

// lzmaModels are the adaptive probabilities but for the literals.
type lzmaModels struct {
	isMatch    [lzmaStates][lzmaPosStates]uint16
	isRep      [lzmaStates]uint16
	isRepG0    [lzmaStates]uint16
	isRepG1    [lzmaStates]uint16
	isRepG2    [lzmaStates]uint16
	isRep0Long [lzmaStates][lzmaPosStates]uint16
	slot       [4][1 << 6]uint16
	special    [1 + 128 - 14]uint16
	align      [1 << 4]uint16
	length     lengthModel
	repLength  lengthModel
}

// freshModels is what every stream begins with.
var freshModels = func() (m lzmaModels) {
	set := func(p []uint16) {
		for i := range p {
			p[i] = probInit
		}
	}
	for i := range lzmaStates {
		set(m.isMatch[i][:])
		set(m.isRep0Long[i][:])
	}
	for _, p := range [][]uint16{m.isRep[:], m.isRepG0[:], m.isRepG1[:], m.isRepG2[:], m.special[:], m.align[:]} {
		set(p)
	}
	for i := range m.slot {
		set(m.slot[i][:])
	}
	for _, l := range []*lengthModel{&m.length, &m.repLength} {
		set(l.choice[:])
		set(l.high[:])
		for i := range lzmaPosStates {
			set(l.low[i][:])
			set(l.mid[i][:])
		}
	}
	return m
}()

// lzmaDecoder decodes LZMA data (LZMA specification, Igor Pavlov, 2015). It is
// reused from one stream to the next: neither a stream nor a declared dictionary
// costs an allocation, only output does.
type lzmaDecoder struct {
	rc  rangeDecoder
	win window

	lc, lp, pb uint
	state      uint32
	rep        [4]uint32 // distances of the last matches, less 1
	match      int       // bytes of the present match that are still to be copied
	marker     int       // length of the marker that was met, less lzmaMinMatch; -1 for none
	lzmaModels
	literal []uint16
}

// setProps sets the properties from their byte, (pb*5+lp)*9+lc.
func (d *lzmaDecoder) setProps(b byte) error {
	if b >= 9*5*5 {
		return fmt.Errorf("LZMA properties: %w", ErrMalformed)
	}
	d.lc, d.lp, d.pb = uint(b%9), uint(b/9%5), uint(b/45)
	return nil
}

// resetState begins with fresh models.
func (d *lzmaDecoder) resetState() {
	d.lzmaModels = freshModels
	n := 0x300 << (d.lc + d.lp)
	if cap(d.literal) < n {
		d.literal = make([]uint16, n) // 6 MiB at most
	}
	d.literal = d.literal[:n]
	d.literal[0] = probInit
	for done := 1; done < n; done *= 2 {
		copy(d.literal[done:], d.literal[:done])
	}
	d.state, d.rep, d.match, d.marker = 0, [4]uint32{}, 0, -1
}

// decode decodes up to n bytes into the window, and fewer at a marker, at an
// error and at the window's border. It returns how many. total is the number of
// bytes decoded before, which the models depend on.
func (d *lzmaDecoder) decode(n int, total int64) (int, error) {
	w := &d.win
	limit := w.room(n)
	begin := w.pos
	base := uint32(total) - uint32(begin)
	for w.pos < limit && d.rc.err == nil {
		if d.match > 0 {
			d.match -= w.copyMatch(d.rep[0], d.match, limit)
			continue
		}
		posState := (base + uint32(w.pos)) & (1<<d.pb - 1)
		if d.rc.bit(&d.isMatch[d.state][posState]) == 0 {
			d.decodeLiteral(base + uint32(w.pos))
			continue
		}
		if !d.decodeMatch(posState) {
			break
		}
	}
	return w.pos - begin, d.rc.err
}

// decodeLiteral decodes one byte. at is its position in the output.
func (d *lzmaDecoder) decodeLiteral(at uint32) {
	r, w := &d.rc, &d.win
	prev := uint32(0)
	if w.pos > 0 {
		prev = uint32(w.buf[w.pos-1])
	} else if w.full {
		prev = uint32(w.buf[len(w.buf)-1])
	}
	index := (at&(1<<d.lp-1))<<d.lc | prev>>(8-d.lc)
	probs := d.literal[0x300*index:][:0x300]
	sym := uint32(1)
	if d.state >= 7 {
		matched := uint32(w.buf[d.back()])
		for sym < 0x100 {
			matchBit := matched >> 7 & 1
			matched <<= 1
			bit := r.bit(&probs[(1+matchBit)<<8|sym])
			sym = sym<<1 | bit
			if bit != matchBit {
				break
			}
		}
	}
	rng, code := r.rng, r.code
	for sym < 0x100 {
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | r.next()
		}
		p := &probs[sym]
		v := uint32(*p)
		bound := (rng >> probBits) * v
		if code < bound {
			rng = bound
			*p = uint16(v + ((1<<probBits)-v)>>probMove)
			sym <<= 1
		} else {
			rng -= bound
			code -= bound
			*p = uint16(v - v>>probMove)
			sym = sym<<1 | 1
		}
	}
	r.rng, r.code = rng, code
	if r.err != nil {
		return // made of bytes that are not there
	}
	w.buf[w.pos] = byte(sym)
	w.pos++
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// back is the index of the byte rep[0]+1 back. Behind a match, that is within
// the window.
func (d *lzmaDecoder) back() int {
	i := d.win.pos - int(d.rep[0]) - 1
	if i < 0 {
		i += len(d.win.buf)
	}
	return i
}

// decodeMatch decodes a match up to its length and distance. It returns false at
// a marker and at an error.
func (d *lzmaDecoder) decodeMatch(posState uint32) bool {
	r := &d.rc
	if r.bit(&d.isRep[d.state]) == 0 {
		d.rep[3], d.rep[2], d.rep[1] = d.rep[2], d.rep[1], d.rep[0]
		n := d.length.decode(r, posState)
		d.state = after(d.state, 7, 10)
		d.rep[0] = d.distance(min(n, 3))
		if d.rep[0] == lzmaEndDist {
			d.marker = n
			return false
		}
		return d.begin(n + lzmaMinMatch)
	}
	if r.bit(&d.isRepG0[d.state]) == 0 {
		if r.bit(&d.isRep0Long[d.state][posState]) == 0 {
			d.state = after(d.state, 9, 11)
			return d.begin(1)
		}
	} else {
		d.pickRep()
	}
	n := d.repLength.decode(r, posState)
	d.state = after(d.state, 8, 11)
	return d.begin(n + lzmaMinMatch)
}

// pickRep moves one of the older distances to the front.
func (d *lzmaDecoder) pickRep() {
	dist := d.rep[1]
	if d.rc.bit(&d.isRepG1[d.state]) != 0 {
		dist = d.rep[2]
		if d.rc.bit(&d.isRepG2[d.state]) != 0 {
			dist = d.rep[3]
			d.rep[3] = d.rep[2]
		}
		d.rep[2] = d.rep[1]
	}
	d.rep[1] = d.rep[0]
	d.rep[0] = dist
}

// after is the state behind a match: one of two, by whether a literal preceded.
func after(state, literal, match uint32) uint32 {
	if state < 7 {
		return literal
	}
	return match
}

// errDistance is a match that goes back too far: behind the begin of the data,
// or behind a dictionary that was cut to the limit.
var errDistance = fmt.Errorf("LZMA distance: %w", ErrMalformed)

func (d *lzmaDecoder) begin(n int) bool {
	if d.rc.err != nil {
		return false
	}
	if !d.win.reaches(d.rep[0]) {
		d.rc.err = errDistance
		return false
	}
	d.match = n
	return true
}

// distance decodes a distance, less 1.
func (d *lzmaDecoder) distance(lenState int) uint32 {
	r := &d.rc
	slot := r.tree(d.slot[lenState][:], 6)
	if slot < 4 {
		return slot
	}
	n := uint(slot>>1 - 1)
	dist := (2 | slot&1) << n
	if slot < 14 {
		return dist + r.reverse(d.special[dist-slot:], n)
	}
	return dist + r.direct(n-4)<<4 + r.reverse(d.align[:], 4)
}
