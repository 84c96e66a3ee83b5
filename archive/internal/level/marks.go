package level

import (
	"encoding/binary"
	"math/bits"
)

// Mark is a signature that may stand anywhere. All of them are looked for in one
// pass, which compares two bytes at every even offset: wherever a mark begins, one
// pair of its bytes that begins at an even offset is among those of a Marks.
type Mark struct {
	Text      string
	Even, Odd int                           // offsets in Text of a rare pair: for a mark at an even offset, and at an odd one
	Fits      func(p *Probe, at int64) bool // what else must be true of it
}

// pairBits is how much of a pair, a little-endian number, tells it from others: less
// than all of it, so that the table stays in a core's first cache.
const pairBits = 13

// Marks is what one pass looks for, 16 marks at most.
type Marks struct {
	marks []*Mark
	pairs [1 << pairBits]uint16 // a bit for each mark that a pair may show
}

// MarksOf gathers the marks of some formats.
func MarksOf(formats ...*Format) *Marks {
	s := &Marks{}
	for _, f := range formats {
		s.marks = append(s.marks, f.Marks...)
	}
	for k, m := range s.marks {
		for _, off := range [...]int{m.Even, m.Odd} {
			for next := range 256 { // whatever follows a mark that ends here
				if off+1 < len(m.Text) {
					next = int(m.Text[off+1])
				}
				s.pairs[(int(m.Text[off])|next<<8)&(1<<pairBits-1)] |= 1 << k
			}
		}
	}
	return s
}

// Met says whether a mark occurs in head or tail.
func (p *Probe) Met(m *Mark) bool {
	for k, have := range p.marks.marks {
		if have == m {
			return p.found>>k&1 != 0
		}
	}
	return false
}

// findMarks looks for every mark in a part of the file that begins at base.
func (p *Probe) findMarks(part []byte, base int64) {
	const most = 1<<pairBits - 1
	t, at := &p.marks.pairs, 0
	for ; at+8 <= len(part); at += 8 {
		v := binary.LittleEndian.Uint64(part[at:])
		if t[v&most]|t[v>>16&most]|t[v>>32&most]|t[v>>48&most] != 0 {
			p.tryPairs(part, at, at+8, base)
		}
	}
	p.tryPairs(part, at, len(part)-1, base)
}

// tryPairs looks for marks by the pairs between two offsets, the first of them even.
func (p *Probe) tryPairs(part []byte, from, to int, base int64) {
	for i := from; i < to; i += 2 {
		for may := p.marks.pairs[binary.LittleEndian.Uint16(part[i:])&(1<<pairBits-1)]; may != 0; may &= may - 1 {
			k := bits.TrailingZeros16(may)
			if p.found>>k&1 == 0 && p.tryMark(p.marks.marks[k], part, i, base) {
				p.found |= 1 << k
			}
		}
	}
}

// tryMark looks whether the pair at an even offset is one of the mark.
func (p *Probe) tryMark(m *Mark, part []byte, i int, base int64) bool {
	for _, off := range [...]int{m.Even, m.Odd} {
		at := i - off
		if part[i] == m.Text[off] && at >= 0 && len(part)-at >= len(m.Text) &&
			string(part[at:at+len(m.Text)]) == m.Text && m.Fits(p, base+int64(at)) {
			return true
		}
	}
	return false
}
