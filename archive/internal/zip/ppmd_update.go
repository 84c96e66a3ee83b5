package zip

// createSuccessors makes the contexts that follow the found state, from c on
// down to the first that has one. s1 is the state in c's suffix if it is known.
// It returns 0 if memory is exhausted.
func (m *ppmdModel) createSuccessors(skip bool, s1, c uint32) uint32 {
	upBranch := m.successor(m.found)
	var waiting [ppmdMaxOrder + 2]uint32
	n := 0
	if !skip {
		waiting[n] = m.found
		n++
	}
	for m.suffix(c) != 0 {
		c = m.suffix(c)
		var s uint32
		switch {
		case s1 != 0:
			s, s1 = s1, 0
		case m.numStats(c) != 0:
			s = m.find(c, m.symbol(m.found))
			if m.freq(s) < ppmdMaxFreq-9 {
				m.setFreq(s, m.freq(s)+1)
				m.addSumm(c, 1)
			}
		default:
			s = oneState(c)
			m.setFreq(s, m.freq(s)+ppmdOne(m.numStats(m.suffix(c)) == 0 && m.freq(s) < 24))
		}
		if next := m.successor(s); next != upBranch {
			c = next
			if n == 0 {
				return c
			}
			break
		}
		waiting[n] = s
		n++
	}
	up := m.upState(c, upBranch)
	flags := highFlag(m.symbol(m.found), 0x10) + highFlag(up[0], 8)
	for n > 0 {
		n--
		child := m.allocContext()
		if child == 0 {
			return 0
		}
		m.mem[child], m.mem[child+1] = 0, byte(flags)
		m.store(oneState(child), up)
		m.set32(child+8, c)
		m.setSuccessor(waiting[n], child)
		c = child
	}
	return c
}

// upState is the first state of the contexts that createSuccessors makes.
func (m *ppmdModel) upState(c, upBranch uint32) (up [6]byte) {
	up[0] = m.mem[upBranch]
	le.PutUint32(up[2:], upBranch+1)
	if m.numStats(c) == 0 {
		up[1] = byte(m.freq(oneState(c)))
		return up
	}
	cf := m.freq(m.find(c, up[0])) - 1
	s0 := m.summ(c) - m.numStats(c) - cf
	f := ppmdOne(5*cf > s0)
	if 2*cf > s0 {
		f = (cf + 2*s0 - 3) / s0
	}
	up[1] = byte(1 + f)
	return up
}

// reduceOrder finds the context to go on with when the found state leads
// nowhere. It returns 0 if memory is exhausted.
func (m *ppmdModel) reduceOrder(s1, c uint32) uint32 {
	first, upBranch := c, m.text
	m.setSuccessor(m.found, upBranch)
	m.orderFall++
	var s uint32
	for {
		if s1 != 0 {
			c = m.suffix(c)
			s, s1 = s1, 0
		} else {
			if m.suffix(c) == 0 {
				return c
			}
			c = m.suffix(c)
			if m.numStats(c) != 0 {
				s = m.find(c, m.symbol(m.found))
				if m.freq(s) < ppmdMaxFreq-9 {
					m.setFreq(s, m.freq(s)+2)
					m.addSumm(c, 2)
				}
			} else {
				s = oneState(c)
				m.setFreq(s, m.freq(s)+ppmdOne(m.freq(s) < 32))
			}
		}
		if m.successor(s) != 0 {
			break
		}
		m.setSuccessor(s, upBranch)
		m.orderFall++
	}
	if m.successor(s) <= upBranch {
		found := m.found
		m.found = s
		m.setSuccessor(s, m.createSuccessors(false, 0, c))
		m.found = found
	}
	if m.orderFall == 1 && first == m.maxContext {
		m.setSuccessor(m.found, m.successor(s))
		m.text--
	}
	return m.successor(s)
}

// updateModel takes the found state's symbol into all contexts that were tried.
func (m *ppmdModel) updateModel() {
	fSymbol, fFreq, fSuccessor := m.symbol(m.found), m.freq(m.found), m.successor(m.found)
	s := m.raiseSuffix(fSymbol)
	c := m.maxContext
	if m.orderFall == 0 && fSuccessor != 0 {
		next := m.createSuccessors(true, s, m.minContext)
		m.setSuccessor(m.found, next)
		if next == 0 {
			m.makeRoom(c)
		} else {
			m.maxContext = next
		}
		return
	}
	m.mem[m.text] = fSymbol
	m.text++
	successor := m.text
	if m.text >= m.unitsStart {
		m.makeRoom(c)
		return
	}
	switch {
	case fSuccessor == 0:
		fSuccessor = m.reduceOrder(s, m.minContext)
	case fSuccessor < m.unitsStart:
		fSuccessor = m.createSuccessors(false, s, m.minContext)
	}
	if fSuccessor == 0 {
		m.makeRoom(c)
		return
	}
	if m.orderFall--; m.orderFall == 0 {
		successor = fSuccessor
		m.text -= ppmdOne(m.maxContext != m.minContext)
	}
	ns := m.numStats(m.minContext)
	s0 := m.summ(m.minContext) - ns - fFreq
	for ; c != m.minContext; c = m.suffix(c) {
		if !m.widen(c, ns) {
			m.makeRoom(c)
			return
		}
		m.addSymbol(c, s0, fFreq, fSymbol, successor)
	}
	m.maxContext, m.minContext = fSuccessor, fSuccessor
}

// raiseSuffix raises the found symbol in the next shorter context. It returns
// its state there, 0 if there was no need to look.
func (m *ppmdModel) raiseSuffix(symbol byte) uint32 {
	if m.freq(m.found) >= ppmdMaxFreq/4 || m.suffix(m.minContext) == 0 {
		return 0
	}
	c := m.suffix(m.minContext)
	if m.numStats(c) == 0 {
		s := oneState(c)
		m.setFreq(s, m.freq(s)+ppmdOne(m.freq(s) < 32))
		return s
	}
	s := m.find(c, symbol)
	if s != m.stats(c) && m.freq(s) >= m.freq(s-ppmdState) {
		m.swap(s, s-ppmdState)
		s -= ppmdState
	}
	if m.freq(s) < ppmdMaxFreq-9 {
		m.setFreq(s, m.freq(s)+2)
		m.addSumm(c, 2)
	}
	return s
}

// widen makes room for one more state in a context; false if memory is exhausted.
func (m *ppmdModel) widen(c, ns uint32) bool {
	n := m.numStats(c)
	if n == 0 {
		s := m.alloc(0)
		if s == 0 {
			return false
		}
		m.copyState(s, oneState(c))
		m.set32(c+4, s)
		f := uint32(ppmdMaxFreq - 4)
		if m.freq(s) < ppmdMaxFreq/4-1 {
			f = m.freq(s) << 1
		}
		m.setFreq(s, f)
		m.set16(c+2, f+m.initEsc+ppmdOne(ns > 2))
		return true
	}
	if n&1 != 0 {
		units := (n + 1) >> 1
		if i := m.class(units); i != m.class(units+1) {
			to, from := m.alloc(i+1), m.stats(c)
			if to == 0 {
				return false
			}
			m.move(to, from, units)
			m.insert(from, i)
			m.set32(c+4, to)
		}
	}
	m.addSumm(c, ppmdOne(3*n+1 < ns))
	return true
}

// addSymbol adds a state behind the last of a context.
func (m *ppmdModel) addSymbol(c, s0, fFreq uint32, symbol byte, successor uint32) {
	cf := 2 * fFreq * (m.summ(c) + 6)
	sf := s0 + m.summ(c)
	if cf < 6*sf {
		cf = 1 + ppmdOne(cf > sf) + ppmdOne(cf >= 4*sf)
		m.addSumm(c, 4)
	} else {
		cf = 4 + ppmdOne(cf > 9*sf) + ppmdOne(cf > 12*sf) + ppmdOne(cf > 15*sf)
		m.addSumm(c, cf)
	}
	n := m.numStats(c) + 1
	s := m.stats(c) + n*ppmdState
	m.mem[s] = symbol
	m.setFreq(s, cf)
	m.setSuccessor(s, successor)
	m.mem[c+1] |= byte(highFlag(symbol, 8))
	m.mem[c] = byte(n)
}

// rescale halves the frequencies of the present context.
func (m *ppmdModel) rescale() {
	c := m.minContext
	stats, s := m.stats(c), m.found
	t := m.load(s)
	for ; s != stats; s -= ppmdState {
		m.copyState(s, s-ppmdState)
	}
	m.store(s, t)
	esc := m.summ(c) - m.freq(s)
	adder := ppmdOne(m.orderFall != 0)
	m.setFreq(s, (m.freq(s)+4+adder)>>1)
	sum := m.freq(s)
	for range m.numStats(c) {
		s += ppmdState
		esc -= m.freq(s)
		m.setFreq(s, (m.freq(s)+adder)>>1)
		sum += m.freq(s)
		m.sink(stats, s)
	}
	if m.freq(s) == 0 && m.dropUnused(c, stats, s, &esc) {
		return
	}
	m.set16(c+2, sum+esc-esc>>1)
	m.mem[c+1] |= 4
	m.found = m.stats(c)
}

// sink moves a state up the list as far as its frequency is higher.
func (m *ppmdModel) sink(stats, s uint32) {
	t := m.load(s)
	at := s
	for at != stats && uint32(t[1]) > m.freq(at-ppmdState) {
		m.copyState(at, at-ppmdState)
		at -= ppmdState
	}
	m.store(at, t)
}

// dropUnused drops the states at the end of a context whose frequency is 0, and
// says whether only one is left, which is then the found one.
func (m *ppmdModel) dropUnused(c, stats, s uint32, esc *uint32) bool {
	n := m.numStats(c)
	dropped := uint32(0)
	for ; m.freq(s) == 0; s -= ppmdState {
		dropped++
	}
	*esc += dropped
	m.mem[c] = byte(n - dropped)
	if n == dropped {
		t := m.load(stats)
		t[1] = byte(min((2*uint32(t[1])+*esc-1)/(*esc), ppmdMaxFreq/3))
		m.insert(stats, m.class((n+2)>>1))
		m.mem[c+1] = byte(m.flags(c)&0x10 + highFlag(t[0], 8))
		m.found = oneState(c)
		m.store(m.found, t)
		return true
	}
	from, to := (n+2)>>1, (n-dropped+2)>>1
	if from != to {
		m.set32(c+4, m.shrink(stats, from, to))
	}
	flags := m.flags(c) &^ 8
	s = m.stats(c)
	for range n - dropped + 1 {
		flags |= highFlag(m.symbol(s), 8)
		s += ppmdState
	}
	m.mem[c+1] = byte(flags)
	return false
}

// nextContext goes on behind the found state.
func (m *ppmdModel) nextContext() {
	if c := m.successor(m.found); m.orderFall == 0 && c >= m.unitsStart {
		m.minContext, m.maxContext = c, c
		return
	}
	m.updateModel()
	m.minContext = m.maxContext
}

// Updates after a symbol, by how it was coded.

func (m *ppmdModel) updateFirst() {
	s, c := m.found, m.minContext
	m.prevSuccess = ppmdOne(2*m.freq(s) >= m.summ(c))
	m.runLength += int32(m.prevSuccess)
	m.addSumm(c, 4)
	m.raiseFound()
	m.nextContext()
}

func (m *ppmdModel) updateLater() {
	s := m.found
	m.setFreq(s, m.freq(s)+4)
	m.addSumm(m.minContext, 4)
	if m.freq(s) > m.freq(s-ppmdState) {
		m.swap(s, s-ppmdState)
		s -= ppmdState
		m.found = s
		if m.freq(s) > ppmdMaxFreq {
			m.rescale()
		}
	}
	m.nextContext()
}

func (m *ppmdModel) updateEscaped() {
	m.addSumm(m.minContext, 4)
	m.raiseFound()
	m.runLength = m.initRL
	m.updateModel()
	m.minContext = m.maxContext
}

func (m *ppmdModel) updateSingle() {
	s := m.found
	m.setFreq(s, m.freq(s)+ppmdOne(m.freq(s) < 196))
	m.prevSuccess = 1
	m.runLength++
	m.nextContext()
}

func (m *ppmdModel) raiseFound() {
	m.setFreq(m.found, m.freq(m.found)+4)
	if m.freq(m.found) > ppmdMaxFreq {
		m.rescale()
	}
}
