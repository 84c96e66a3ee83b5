package ppmd

// ModelH is the statistics of variant H.
type ModelH struct {
	model
	highBits uint32
	seen     [25][16]see
	binary   [128][64]uint16
}

// NewH returns a model with an arena of so many bytes, which the caller has found
// acceptable.
func NewH(mem uint32) *ModelH {
	m := new(ModelH)
	m.join = m.joinFree
	m.Resize(mem)
	return m
}

// Reset begins a stream of the given order.
func (m *ModelH) Reset(order int) {
	m.order = order
	m.restart()
	m.dummy = see{shift: periodBits, count: 64}
}

func (m *ModelH) numStats(c ref) uint32 { return m.u16(c) }

var (
	binIndex [256]uint8 // by symbols of a context less one
	seeIndex [256]uint8 // by symbols that are not masked, less one
	_        = fillIndexes()
)

func fillIndexes() bool {
	for i := range binIndex {
		switch {
		case i == 0:
		case i == 1:
			binIndex[i] = 2
		case i < 11:
			binIndex[i] = 4
		default:
			binIndex[i] = 6
		}
	}
	for i, m, left := 0, 0, 1; i < 256; i++ {
		if i < 3 {
			seeIndex[i] = uint8(i)
			m = 3
			continue
		}
		seeIndex[i] = uint8(m)
		if left--; left == 0 {
			m++
			left = m - 2
		}
	}
	return true
}

// Decode returns the next symbol.
func (m *ModelH) Decode(c *Coder) (byte, error) {
	if c.err != nil {
		return 0, c.err
	}
	m.work += workSymbol
	var s byte
	var err error
	if m.numStats(m.min) != 1 {
		var done bool
		if s, done, err = m.decodeFirst(c); done {
			return s, err
		}
	} else if m.decodeBinary(c) {
		s = m.symbol(m.found)
		m.mem[m.found+1] += byte(1 - m.freq(m.found)>>7)
		m.prevOK = 1
		m.runLength++
		m.nextContext()
		return s, c.err
	}
	for c.err == nil {
		masked := m.numStats(m.min)
		for {
			m.orderFall++
			if m.suffix(m.min) == 0 {
				return 0, ErrEnd
			}
			m.min = m.suffix(m.min)
			m.work += workContext
			if m.numStats(m.min) != masked {
				break
			}
		}
		if s, done, err := m.decodeMasked(c, masked); done {
			return s, err
		}
	}
	return 0, c.err
}

// decodeFirst decodes in the longest context; not done is an escape.
func (m *ModelH) decodeFirst(c *Coder) (symbol byte, done bool, err error) {
	s := m.stats(m.min)
	summ := m.summFreq(m.min)
	count := c.threshold(summ)
	high := m.freq(s)
	if count < high {
		c.decode(0, high)
		m.found = s
		symbol = m.symbol(s)
		m.prevOK = yes(2*high > summ)
		m.runLength += int32(m.prevOK)
		m.setSumm(m.min, summ+4)
		m.raise(s)
		m.nextContext()
		return symbol, true, c.err
	}
	m.prevOK = 0
	n := m.numStats(m.min)
	for i := range n - 1 {
		s += stateBytes
		f := m.freq(s)
		if high += f; high > count {
			m.work += int64(i / statesAUnit)
			c.decode(high-f, f)
			m.found = s
			symbol = m.symbol(s)
			m.setSumm(m.min, summ+4)
			m.setFreq(s, f+4)
			if f+4 > m.freq(s-stateBytes) {
				m.swapStates(s, s-stateBytes)
				m.found = s - stateBytes
				if f+4 > maxFreq {
					m.rescale()
				}
			}
			m.nextContext()
			return symbol, true, c.err
		}
	}
	if count >= summ {
		return 0, true, ErrCorrupt
	}
	m.highBits = highFlag(m.symbol(m.found))
	c.decode(high, summ-high)
	m.unmask()
	m.maskDown(s, n)
	return 0, false, nil
}

// raise counts a symbol.
func (m *ModelH) raise(s ref) {
	m.mem[s+1] += 4
	if m.freq(s) > maxFreq {
		m.rescale()
	}
}

// nextContext goes to the context that the found symbol leads to.
func (m *ModelH) nextContext() {
	if c := m.successor(m.found); m.orderFall == 0 && c > m.text {
		m.min, m.max = c, c
		return
	}
	m.update()
}

func highFlag(symbol byte) uint32 {
	if symbol >= 0x40 {
		return 8
	}
	return 0
}

// decodeBinary decodes in a context with one symbol, and says whether it is that.
func (m *ModelH) decodeBinary(c *Coder) bool {
	s := one(m.min)
	m.highBits = highFlag(m.symbol(m.found))
	k := m.prevOK + uint32(binIndex[m.numStats(m.suffix(m.min))-1]) + m.highBits + 2*highFlag(m.symbol(s)) + uint32(m.runLength>>26&0x20)
	prob := &m.binary[m.freq(s)-1][k]
	mean := (*prob + 1<<(periodBits-2)) >> periodBits
	if !c.bit(uint32(*prob)) {
		*prob += 1<<intBits - mean
		m.found = s
		return true
	}
	*prob -= mean
	m.initEsc = uint32(expEscape[*prob>>10])
	m.unmask()
	m.masked[m.symbol(s)] = m.mark
	m.prevOK = 0
	return false
}

// decodeMasked decodes behind an escape; not done is another one.
func (m *ModelH) decodeMasked(c *Coder, masked uint32) (symbol byte, done bool, err error) {
	all := m.numStats(m.min)
	n, high := m.gather(m.stats(m.min), all, all-masked)
	e, esc := m.escape(masked, all-masked)
	total := esc + high
	count := c.threshold(total)
	if count >= total {
		return 0, true, ErrCorrupt
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
	m.found = s
	symbol = m.symbol(s)
	m.addSumm(m.min, 4)
	m.raise(s)
	m.runLength = m.initRL
	m.update()
	return symbol, true, c.err
}

// escape estimates how likely an escape is.
func (m *ModelH) escape(masked, left uint32) (*see, uint32) {
	n := m.numStats(m.min)
	if n == 256 {
		return &m.dummy, 1
	}
	k := m.highBits
	if left < m.numStats(m.suffix(m.min))-n {
		k++
	}
	if m.summFreq(m.min) < 11*n {
		k += 2
	}
	if masked > left {
		k += 4
	}
	e := &m.seen[seeIndex[left-1]][k]
	return e, e.estimate()
}
