package ppmd

// Restore is how variant I goes on when the arena is exhausted.
type Restore uint8

const (
	Restart Restore = 0 // all is forgotten
	CutOff  Restore = 1 // the longest contexts are
)

// ModelI is the statistics of variant I, revision 1.
type ModelI struct {
	// Clamped says that the arena is smaller than the stream wants it to be. Then Decode
	// returns ErrMemory once it is exhausted, for what comes is another stream's.
	Clamped bool

	model
	restore   Restore
	exhausted bool
	seen      [24][32]see
	binary    [25][64]uint16
}

// Reset begins a stream of the given order.
func (m *ModelI) Reset(order int, restore Restore) {
	m.join = m.joinFree
	m.order, m.restore, m.exhausted = order, restore, false
	m.restart()
	m.dummy = see{shift: periodBits, count: 64}
}

// last is the number of a context's symbols less one.
func (m *ModelI) last(c ref) uint32  { return uint32(m.mem[c]) }
func (m *ModelI) flags(c ref) uint32 { return uint32(m.mem[c+1]) }

func (m *ModelI) setLast(c ref, n uint32)  { m.mem[c] = byte(n) }
func (m *ModelI) setFlags(c ref, f uint32) { m.mem[c+1] = byte(f) }

// Flags of a context.
const (
	flagHigh     = 0x08 // it has a symbol from 0x40 on
	flagHighUp   = 0x10 // the symbol before it is one
	flagRescaled = 0x04
)

func highIn(symbol byte, flag uint32) uint32 { return flag * yes(symbol >= 0x40) }

// classes numbers counts, from the finest to the coarsest.
var (
	classes [260]uint8
	_       = fillClasses()
)

func fillClasses() bool {
	class, left := uint8(0), 1
	for i := range classes {
		classes[i] = class
		if left--; left == 0 {
			class++
			left = max(1, int(class)-4)
		}
	}
	return true
}

// Decode returns the next symbol.
func (m *ModelI) Decode(c *Coder) (byte, error) {
	switch {
	case c.err != nil:
		return 0, c.err
	case m.Clamped && m.exhausted:
		return 0, ErrMemory
	}
	m.work += workSymbol
	var symbol byte
	var done bool
	var err error
	m.unmask()
	if m.last(m.min) != 0 {
		symbol, done, err = m.decodeFirst(c)
	} else {
		symbol, done = m.decodeBinary(c)
	}
	for !done && err == nil && c.err == nil {
		symbol, done, err = m.decodeMasked(c)
	}
	if err == nil {
		err = c.err
	}
	return symbol, err
}

// decodeFirst decodes in a context of several symbols; not done is an escape.
func (m *ModelI) decodeFirst(c *Coder) (symbol byte, done bool, err error) {
	n := m.last(m.min)
	s, summ := m.stats(m.min), m.summFreq(m.min)
	count := c.threshold(summ)
	high := m.freq(s)
	if count < high {
		c.decode(0, high)
		symbol = m.symbol(s)
		m.prevOK = yes(2*high >= summ)
		m.runLength += int32(m.prevOK)
		m.raise(s)
		m.nextContext()
		return symbol, true, nil
	}
	m.prevOK = 0
	for i := range n {
		s += stateBytes
		if high += m.freq(s); high > count {
			m.work += int64(i / statesAUnit)
			c.decode(high-m.freq(s), m.freq(s))
			symbol = m.symbol(s)
			m.raiseLater(s)
			m.nextContext()
			return symbol, true, nil
		}
	}
	if count >= summ {
		return 0, false, ErrCorrupt
	}
	c.decode(high, summ-high)
	m.maskDown(s, n+1)
	return 0, false, nil
}

// decodeBinary decodes in a context of one symbol; not done is an escape.
func (m *ModelI) decodeBinary(c *Coder) (symbol byte, done bool) {
	s := one(m.min)
	k := m.prevOK + uint32(binIndex[m.last(m.suffix(m.min))]) + m.flags(m.min) + uint32(m.runLength>>26&0x20)
	prob := &m.binary[classes[m.freq(s)-1]][k]
	mean := (*prob + 1<<(periodBits-2)) >> periodBits
	symbol = m.symbol(s)
	if !c.bit(uint32(*prob)) {
		*prob += 1<<intBits - mean
		m.found = s
		m.setFreq(s, m.freq(s)+yes(m.freq(s) < 196))
		m.prevOK = 1
		m.runLength++
		m.nextContext()
		return symbol, true
	}
	*prob -= mean
	m.initEsc = uint32(expEscape[*prob>>10])
	m.masked[symbol] = m.mark
	m.prevOK = 0
	return 0, false
}

// decodeMasked decodes behind an escape, in the next shorter context that has
// further symbols; not done is another escape.
func (m *ModelI) decodeMasked(c *Coder) (symbol byte, done bool, err error) {
	before := m.last(m.min)
	for m.last(m.min) == before {
		m.orderFall++
		if m.suffix(m.min) == 0 {
			return 0, false, ErrEnd
		}
		m.min = m.suffix(m.min)
		m.work += workContext
	}
	all := m.last(m.min) + 1
	n, high := m.gather(m.stats(m.min), all, all-(before+1))
	e, esc := m.escape(before)
	total := esc + high
	count := c.threshold(total)
	if count >= total {
		return 0, false, ErrCorrupt
	}
	if count >= high {
		c.decode(high, total-high)
		e.summ += uint16(total)
		m.maskCandidates(n)
		return 0, false, nil
	}
	s, high := m.candidate(n, count)
	c.decode(high-m.freq(s), m.freq(s))
	e.update()
	symbol = m.symbol(s)
	m.raise(s)
	m.runLength = m.initRL
	m.update()
	return symbol, true, nil
}

// escape estimates how likely an escape is; before is how many symbols the context
// before has, less one.
func (m *ModelI) escape(before uint32) (*see, uint32) {
	c := m.min
	n := m.last(c)
	if n == 255 {
		return &m.dummy, 1
	}
	k := yes(m.summFreq(c) > 11*(n+1)) + 2*yes(2*n < m.last(m.suffix(c))+before) + m.flags(c)
	e := &m.seen[classes[n+2]-3][k]
	return e, e.estimate()
}

// raise counts the symbol of a state, which is found.
func (m *ModelI) raise(s ref) {
	m.found = s
	m.addSumm(m.min, 4)
	m.setFreq(s, m.freq(s)+4)
	if m.freq(s) > maxFreq {
		m.rescale()
	}
}

// raiseLater is raise for a state that is not its context's first: it moves up if it
// has become the more frequent.
func (m *ModelI) raiseLater(s ref) {
	m.found = s
	m.addSumm(m.min, 4)
	m.setFreq(s, m.freq(s)+4)
	if m.freq(s) <= m.freq(s-stateBytes) {
		return
	}
	m.swapStates(s, s-stateBytes)
	m.found = s - stateBytes
	if m.freq(m.found) > maxFreq {
		m.rescale()
	}
}

// nextContext goes on behind the found state.
func (m *ModelI) nextContext() {
	if c := m.successor(m.found); m.orderFall == 0 && c >= m.unitsStart {
		m.min, m.max = c, c
		return
	}
	m.update()
}
