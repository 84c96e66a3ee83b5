package lzma

// Sizes of the models (LZMA specification, "Decoding").
const (
	states    = 12
	posStates = 1 << 4 // at most: PB is 4 or less
	matchMin  = 2
	endDist   = 1<<32 - 1 // the distance of a marker
)

// lengths decodes a match's length, less matchMin.
type lengths struct {
	choice [2]uint16
	low    [posStates][1 << 3]uint16
	mid    [posStates][1 << 3]uint16
	high   [1 << 8]uint16
}

func (l *lengths) decode(c *coder, posState uint32) int {
	switch {
	case c.bit(&l.choice[0]) == 0:
		return int(c.tree(l.low[posState][:], 3))
	case c.bit(&l.choice[1]) == 0:
		return 8 + int(c.tree(l.mid[posState][:], 3))
	}
	return 16 + int(c.tree(l.high[:], 8))
}

// models are the adaptive probabilities but for the literals.
type models struct {
	isMatch    [states][posStates]uint16
	isRep      [states]uint16
	isRepG0    [states]uint16
	isRepG1    [states]uint16
	isRepG2    [states]uint16
	isRep0Long [states][posStates]uint16
	slot       [4][1 << 6]uint16
	special    [1 + 128 - 14]uint16
	align      [1 << 4]uint16
	length     lengths
	repLength  lengths
}

// fresh is what every stream begins with.
var fresh = func() (m models) {
	for i := range states {
		halve(m.isMatch[i][:])
		halve(m.isRep0Long[i][:])
	}
	for _, p := range [][]uint16{m.isRep[:], m.isRepG0[:], m.isRepG1[:], m.isRepG2[:], m.special[:], m.align[:]} {
		halve(p)
	}
	for i := range m.slot {
		halve(m.slot[i][:])
	}
	for _, l := range []*lengths{&m.length, &m.repLength} {
		halve(l.choice[:])
		halve(l.high[:])
		for i := range posStates {
			halve(l.low[i][:])
			halve(l.mid[i][:])
		}
	}
	return m
}()

// halve sets probabilities to one half. The tables of literals can have megabytes.
func halve(p []uint16) {
	p[0] = probInit
	for done := 1; done < len(p); done *= 2 {
		copy(p[done:], p[:done])
	}
}

// nextLiteral is the state behind a literal.
var nextLiteral = [states]uint32{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5}

// after is the state behind a match: one of two, by whether a literal preceded.
func after(state, literal, match uint32) uint32 {
	if state < 7 {
		return literal
	}
	return match
}
