package lzma

// decoder is the state of LZMA: window, range coder, models. It is reused from
// one stream to the next: neither a stream nor a declared dictionary costs an
// allocation, only output does.
type decoder struct {
	coder
	window
	props  Props
	state  uint32
	rep    [4]uint32 // distances of the last matches, less 1
	match  int       // bytes of the present match that are still to be copied
	marker int       // length of the marker that was met, less matchMin; -1 for none
	seen   int64     // bytes since the window was reset
	models
	literal []uint16
}

// resetState begins with fresh models.
func (d *decoder) resetState() {
	d.models = fresh
	n := d.props.literalProbs()
	if cap(d.literal) < n {
		d.literal = make([]uint16, n)
	}
	d.literal = d.literal[:n]
	halve(d.literal)
	d.state, d.rep, d.match, d.marker = 0, [4]uint32{}, 0, -1
}

func (d *decoder) resetWindow(dict, most int64) {
	d.window.reset(dict, most)
	d.seen = 0
}

// decode decodes up to n bytes into the window, and fewer at a marker, at an
// error and at the window's border. It returns how many.
func (d *decoder) decode(n int) (int, error) {
	limit, begin := d.room(n), d.w
	base := uint32(d.seen) - uint32(begin)
	var err error
	for d.w < limit && err == nil && d.marker < 0 {
		if d.match > 0 {
			d.match -= d.repeat(d.rep[0], d.match, limit)
			continue
		}
		var match bool
		if match, err = d.literals(limit, base); match {
			err = d.decodeMatch((base + uint32(d.w)) & (1<<d.props.PB - 1))
		}
	}
	d.seen += int64(d.w - begin)
	return d.w - begin, err
}

// literals decodes literals up to limit, or up to the bit that says that a match
// follows. base added to an index of the window is the position in the output. It
// is where most time goes: the coder is in variables of its own.
func (d *decoder) literals(limit int, base uint32) (match bool, err error) {
	rng, code, in, i := d.rng, d.code, d.in, d.i
	state, prev := d.state, uint32(d.last())
	posMask, lpMask, lc := uint32(1)<<d.props.PB-1, uint32(1)<<d.props.LP-1, d.props.LC
	win, w := d.buf[:limit], d.w
	for w < limit {
		if len(in)-i < maxSymbol {
			d.i = i
			d.fill()
			in, i = d.in, d.i
		}
		if rng < rangeTop {
			rng <<= 8
			code = code<<8 | uint32(in[i])
			i++
		}
		at := base + uint32(w)
		p := &d.isMatch[state][at&posMask]
		v := uint32(*p)
		bound := rng >> probBits * v
		if code >= bound {
			rng -= bound
			code -= bound
			*p = uint16(v - v>>probMove)
			match = true
			break
		}
		rng = bound
		*p = uint16(v + (1<<probBits-v)>>probMove)

		probs := (*[0x300]uint16)(d.literal[0x300*((at&lpMask)<<lc|prev>>(8-lc)):])
		sym := uint32(1)
		if state >= 7 {
			d.w = w
			matched := uint32(d.buf[d.back(d.rep[0])])
			offs := uint32(0x100)
			for sym < 0x100 {
				if rng < rangeTop {
					rng <<= 8
					code = code<<8 | uint32(in[i])
					i++
				}
				matched <<= 1
				bit := matched & offs
				p := &probs[(offs+bit+sym)%0x300]
				v := uint32(*p)
				bound := rng >> probBits * v
				if code < bound {
					rng = bound
					*p = uint16(v + (1<<probBits-v)>>probMove)
					sym <<= 1
					offs &^= bit
				} else {
					rng -= bound
					code -= bound
					*p = uint16(v - v>>probMove)
					sym = sym<<1 | 1
					offs &= bit
				}
			}
		}
		for sym < 0x100 {
			if rng < rangeTop {
				rng <<= 8
				code = code<<8 | uint32(in[i])
				i++
			}
			p := &probs[sym]
			v := uint32(*p)
			bound := rng >> probBits * v
			zero := uint32((int64(code) - int64(bound)) >> 63) // all ones for a bit that is 0
			rng -= bound
			code -= bound &^ zero
			rng += (bound - rng) & zero
			*p = adapt(v, zero)
			sym = sym<<1 + 1 + zero
		}
		if i > d.real {
			err = d.end // the symbol is made of bytes that are not there
			break
		}
		prev = sym & 0xff
		win[w] = byte(sym)
		w++
		state = nextLiteral[state]
	}
	d.rng, d.code, d.i, d.state, d.w = rng, code, i, state, w
	return match, err
}

// decodeMatch decodes a match up to its length and distance, which it checks.
func (d *decoder) decodeMatch(posState uint32) error {
	n := d.matchLength(posState)
	switch {
	case d.i > d.real:
		return d.end
	case d.rep[0] == endDist:
		d.marker = n - matchMin
		return nil
	case !d.reaches(d.rep[0]):
		return d.far()
	}
	d.match = n
	return nil
}

// matchLength decodes a match: it sets rep[0] and returns the length.
func (d *decoder) matchLength(posState uint32) int {
	c := &d.coder
	if c.bit(&d.isRep[d.state]) == 0 {
		d.rep[3], d.rep[2], d.rep[1] = d.rep[2], d.rep[1], d.rep[0]
		n := d.length.decode(c, posState)
		d.state = after(d.state, 7, 10)
		d.rep[0] = d.distance(min(n, 3))
		return n + matchMin
	}
	if c.bit(&d.isRepG0[d.state]) == 0 {
		if c.bit(&d.isRep0Long[d.state][posState]) == 0 {
			d.state = after(d.state, 9, 11)
			return 1
		}
	} else {
		d.pickRep()
	}
	n := d.repLength.decode(c, posState)
	d.state = after(d.state, 8, 11)
	return n + matchMin
}

// pickRep moves one of the older distances to the front.
func (d *decoder) pickRep() {
	dist := d.rep[1]
	if d.bit(&d.isRepG1[d.state]) != 0 {
		dist = d.rep[2]
		if d.bit(&d.isRepG2[d.state]) != 0 {
			dist = d.rep[3]
			d.rep[3] = d.rep[2]
		}
		d.rep[2] = d.rep[1]
	}
	d.rep[1] = d.rep[0]
	d.rep[0] = dist
}

// distance decodes a distance, less 1.
func (d *decoder) distance(lenState int) uint32 {
	slot := d.tree(d.slot[lenState][:], 6)
	if slot < 4 {
		return slot
	}
	n := uint(slot>>1 - 1)
	dist := (2 | slot&1) << n
	if slot < 14 {
		return dist + d.reverse(d.special[dist-slot:], n)
	}
	return dist + d.direct(n-4)<<4 + d.reverse(d.align[:], 4)
}
