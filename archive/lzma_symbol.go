package archive

import "io"

// symbol decodes a literal or the head of a copy; io.EOF at the end mark.
func (d *lzmaRaw) symbol() error {
	pos := uint32(d.total) & (1<<d.properties.pb - 1)
	copying, err := d.bit(&d.match[d.state][pos])
	if err != nil {
		return err
	}
	if copying == 0 {
		return d.literal()
	}
	rep, err := d.bit(&d.rep[d.state])
	if err != nil {
		return err
	}
	if rep == 0 {
		return d.newCopy(pos)
	}
	return d.oldCopy(pos)
}

// literal decodes a byte.
func (d *lzmaRaw) literal() error {
	p := d.properties
	before := byte(0)
	if d.total > 0 {
		before = d.back(0)
	}
	context := uint(d.total)&(1<<p.lp-1)<<p.lc + uint(before)>>(8-p.lc)
	probs := d.literals[0x300*context:][:0x300]
	m := uint32(1)
	if d.state >= 7 {
		if !d.reaches(d.reps[0]) {
			return errLZMADistance
		}
		match := uint32(d.back(d.reps[0]))
		for m < 0x100 {
			high := match >> 7 & 1
			match <<= 1
			b, err := d.bit(&probs[(1+high)<<8+m])
			if err != nil {
				return err
			}
			m = m<<1 | b
			if b != high {
				break
			}
		}
	}
	for m < 0x100 {
		b, err := d.bit(&probs[m])
		if err != nil {
			return err
		}
		m = m<<1 | b
	}
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
	d.single, d.byteOut, d.left = true, byte(m), 1
	return nil
}

// newCopy decodes a copy with a distance of its own.
func (d *lzmaRaw) newCopy(pos uint32) error {
	n, err := d.length.decode(d, pos)
	if err != nil {
		return err
	}
	d.state = lzmaAfter(d.state, 7)
	slot, err := d.tree(d.slots[min(n, lzmaLengthStates-1)][:], 6)
	if err != nil {
		return err
	}
	distance, err := d.distanceOf(slot)
	if err != nil {
		return err
	}
	if distance == lzmaEndMark {
		return io.EOF
	}
	d.reps = [4]uint32{distance, d.reps[0], d.reps[1], d.reps[2]}
	return d.begin(n + 2)
}

func (d *lzmaRaw) distanceOf(slot uint32) (uint32, error) {
	if slot < 4 {
		return slot, nil
	}
	n := uint(slot>>1 - 1)
	base := (2 | slot&1) << n
	if slot < 14 {
		low, err := d.reverseTree(d.special[base-slot:], n)
		return base + low, err
	}
	high, err := d.direct(n - 4)
	if err != nil {
		return 0, err
	}
	low, err := d.reverseTree(d.align[:], 4)
	return base + high<<4 + low, err
}

// oldCopy decodes a copy with one of the last four distances.
func (d *lzmaRaw) oldCopy(pos uint32) error {
	b, err := d.bit(&d.repG0[d.state])
	if err != nil {
		return err
	}
	if b == 0 {
		long, err := d.bit(&d.rep0Long[d.state][pos])
		if err != nil {
			return err
		}
		if long == 0 {
			d.state = lzmaAfter(d.state, 9)
			return d.begin(1)
		}
	} else if err := d.pickRep(); err != nil {
		return err
	}
	n, err := d.repLength.decode(d, pos)
	if err != nil {
		return err
	}
	d.state = lzmaAfter(d.state, 8)
	return d.begin(n + 2)
}

// pickRep moves the second, third or fourth distance to the front.
func (d *lzmaRaw) pickRep() error {
	b, err := d.bit(&d.repG1[d.state])
	if err != nil {
		return err
	}
	r := &d.reps
	if b == 0 {
		r[0], r[1] = r[1], r[0]
		return nil
	}
	if b, err = d.bit(&d.repG2[d.state]); err != nil {
		return err
	}
	if b == 0 {
		r[0], r[1], r[2] = r[2], r[0], r[1]
	} else {
		r[0], r[1], r[2], r[3] = r[3], r[0], r[1], r[2]
	}
	return nil
}

// lzmaAfter is the state after a copy: first if the one before was a literal.
func lzmaAfter(state, first int) int {
	switch {
	case state < 7:
		return first
	case first > 7:
		return 11
	}
	return 10
}

func (d *lzmaRaw) begin(n uint32) error {
	if !d.reaches(d.reps[0]) {
		return errLZMADistance
	}
	d.distance, d.left = d.reps[0], int(n)
	return nil
}

// decode decodes a length less 2.
func (l *lzmaLengths) decode(d *lzmaRaw, pos uint32) (uint32, error) {
	b, err := d.bit(&l.choice[0])
	if err != nil {
		return 0, err
	}
	if b == 0 {
		return d.tree(l.low[pos][:], 3)
	}
	if b, err = d.bit(&l.choice[1]); err != nil {
		return 0, err
	}
	if b == 0 {
		n, err := d.tree(l.mid[pos][:], 3)
		return n + 8, err
	}
	n, err := d.tree(l.high[:], 8)
	return n + 16, err
}
