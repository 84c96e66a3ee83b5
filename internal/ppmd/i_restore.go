package ppmd

// restart forgets all statistics.
func (m *ModelI) restart() {
	m.begin()
	m.setLast(m.min, 255)
	m.setFlags(m.min, 0)
	i := 0
	for k := range m.binary {
		for int(classes[i]) == k {
			i++
		}
		for j := range m.binary[k] {
			m.binary[k][j] = binScale - initBinary[j%8]/uint16(i+1)
		}
	}
	i = 0
	for k := range m.seen {
		for int(classes[i+3]) == k+3 {
			i++
		}
		for j := range m.seen[k] {
			m.seen[k][j] = see{uint16(2*i+5) << (periodBits - 4), periodBits - 4, 7}
		}
	}
}

// makeRoom goes on when the arena is full: contexts up to stop were given a symbol
// that can't be kept.
func (m *ModelI) makeRoom(stop ref) {
	m.exhausted = true
	m.text = unit
	c := m.max
	for ; c != stop; c = m.suffix(c) {
		m.setLast(c, m.last(c)-1)
		if m.last(c) == 0 {
			s := m.stats(c)
			m.single(c, s)
			m.freeUnit(s)
			m.setFreq(one(c), (m.freq(one(c))+11)>>3)
		} else {
			m.refresh(c, (m.last(c)+3)>>1, 0)
		}
	}
	for ; c != m.min; c = m.suffix(c) {
		if m.last(c) == 0 {
			f := m.freq(one(c))
			m.setFreq(one(c), f-f>>1)
			continue
		}
		m.addSumm(c, 4)
		if m.summFreq(c) > 128+4*m.last(c) {
			m.refresh(c, (m.last(c)+2)>>1, 1)
		}
	}
	if m.restore == Restart || m.used() < m.size>>1 {
		m.restart()
		return
	}
	for m.suffix(m.max) != 0 {
		m.max = m.suffix(m.max)
	}
	for before := m.size; ; {
		m.cutOff(m.max, 0)
		m.expandText()
		used := m.used()
		if used <= 3*(m.size>>2) {
			break
		}
		if used >= before { // an arena that the root alone fills
			m.restart()
			return
		}
		before = used
	}
	m.glue = 0
	m.orderFall = m.order
}

// refresh recounts a context after symbols were dropped.
func (m *ModelI) refresh(c ref, units, scale uint32) {
	n := m.last(c)
	s := m.shrink(m.stats(c), units, (n+2)>>1)
	m.setStats(c, s)
	flags := m.flags(c)&(flagHighUp+flagRescaled*scale) + highIn(m.symbol(s), flagHigh)
	esc := m.summFreq(c) - m.freq(s)
	m.setFreq(s, (m.freq(s)+scale)>>scale)
	sum := m.freq(s)
	for range n {
		s += stateBytes
		esc -= m.freq(s)
		m.setFreq(s, (m.freq(s)+scale)>>scale)
		sum += m.freq(s)
		flags |= highIn(m.symbol(s), flagHigh)
	}
	m.setSumm(c, sum+(esc+scale)>>scale)
	m.setFlags(c, flags)
	m.work += int64(n) + workContext
}

// single makes a context of one symbol out of what is left of one.
func (m *ModelI) single(c, s ref) {
	m.setFlags(c, m.flags(c)&flagHighUp+highIn(m.symbol(s), flagHigh))
	m.copyState(one(c), s)
}

// cutOff drops what only the text knows below a context, and contexts of more
// than the full order. The depth of its recursion is the model's order at most.
func (m *ModelI) cutOff(c ref, order int) ref {
	m.work += workContext
	if m.last(c) == 0 {
		s := one(c)
		if m.successor(s) >= m.unitsStart {
			m.cutState(s, order)
			if m.successor(s) != 0 || order <= 9 {
				return c
			}
		}
		m.freeUnit(c)
		return 0
	}
	units := (m.last(c) + 2) >> 1
	first := m.liftStates(m.stats(c), units)
	m.setStats(c, first)
	left := int(m.last(c))
	for i := left; i >= 0; i-- {
		s := first + uint32(i)*stateBytes
		if m.successor(s) < m.unitsStart {
			m.setSucc(s, 0)
			m.swapStates(s, first+uint32(left)*stateBytes)
			left--
		} else {
			m.cutState(s, order)
		}
	}
	if left == int(m.last(c)) || order == 0 {
		return c
	}
	if left < 0 {
		m.insert(first, index(units))
		m.freeUnit(c)
		return 0
	}
	m.setLast(c, uint32(left))
	if left == 0 {
		m.single(c, first)
		m.insert(first, index(units))
		m.setFreq(one(c), (m.freq(one(c))+11)>>3)
	} else {
		m.refresh(c, units, yes(m.summFreq(c) > 16*uint32(left)))
	}
	return c
}

func (m *ModelI) cutState(s ref, order int) {
	next := ref(0)
	if order < m.order {
		next = m.cutOff(m.successor(s), order+1)
	}
	m.setSucc(s, next)
}
