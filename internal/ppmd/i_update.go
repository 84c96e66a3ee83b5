package ppmd

import "encoding/binary"

// createSuccessors makes the contexts that follow the found state, from c on
// down to the first that has one. s1 is the state in c's suffix if it is known.
// It returns 0 if memory is exhausted.
func (m *ModelI) createSuccessors(skip bool, s1, c ref) ref {
	upBranch := m.successor(m.found)
	var waiting [MaxOrderI + 2]ref
	n := 0
	if !skip {
		waiting[n] = m.found
		n++
	}
	for m.suffix(c) != 0 {
		c = m.suffix(c)
		m.work += workContext
		var s ref
		switch {
		case s1 != 0:
			s, s1 = s1, 0
		case m.last(c) != 0:
			s = m.find(c, m.symbol(m.found))
			if m.freq(s) < maxFreq-9 {
				m.setFreq(s, m.freq(s)+1)
				m.addSumm(c, 1)
			}
		default:
			s = one(c)
			m.setFreq(s, m.freq(s)+yes(m.last(m.suffix(c)) == 0 && m.freq(s) < 24))
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
	m.work += workContext
	flags := highIn(m.symbol(m.found), flagHighUp) + highIn(up[0], flagHigh)
	for n > 0 {
		n--
		child := m.allocContext()
		if child == 0 {
			return 0
		}
		m.work += workContext
		m.setLast(child, 0)
		m.setFlags(child, flags)
		m.store(one(child), up)
		m.put32(child+8, c)
		m.setSucc(waiting[n], child)
		c = child
	}
	return c
}

// upState is the first state of the contexts that createSuccessors makes.
func (m *ModelI) upState(c, upBranch ref) (up state) {
	up[0] = m.mem[upBranch]
	binary.LittleEndian.PutUint32(up[2:], upBranch+1)
	if m.last(c) == 0 {
		up[1] = byte(m.freq(one(c)))
		return up
	}
	cf := m.freq(m.find(c, up[0])) - 1
	s0 := m.summFreq(c) - m.last(c) - cf
	f := yes(5*cf > s0)
	if 2*cf > s0 {
		f = (cf + 2*s0 - 3) / s0
	}
	up[1] = byte(1 + f)
	return up
}

// reduceOrder finds the context to go on with when the found state leads
// nowhere. It returns 0 if memory is exhausted.
func (m *ModelI) reduceOrder(s1, c ref) ref {
	first, upBranch := c, m.text
	m.setSucc(m.found, upBranch)
	m.orderFall++
	var s ref
	for {
		m.work += workContext
		if s1 != 0 {
			c = m.suffix(c)
			s, s1 = s1, 0
		} else {
			if m.suffix(c) == 0 {
				return c
			}
			c = m.suffix(c)
			if m.last(c) != 0 {
				s = m.find(c, m.symbol(m.found))
				if m.freq(s) < maxFreq-9 {
					m.setFreq(s, m.freq(s)+2)
					m.addSumm(c, 2)
				}
			} else {
				s = one(c)
				m.setFreq(s, m.freq(s)+yes(m.freq(s) < 32))
			}
		}
		if m.successor(s) != 0 {
			break
		}
		m.setSucc(s, upBranch)
		m.orderFall++
	}
	if m.successor(s) <= upBranch {
		found := m.found
		m.found = s
		m.setSucc(s, m.createSuccessors(false, 0, c))
		m.found = found
	}
	if m.orderFall == 1 && first == m.max {
		m.setSucc(m.found, m.successor(s))
		m.text--
	}
	return m.successor(s)
}

// update teaches the contexts the symbol that was found.
func (m *ModelI) update() {
	m.learn()
	m.min = m.max
}

// learn takes the found state's symbol into all contexts that were tried.
func (m *ModelI) learn() {
	fSymbol, fFreq, fSuccessor := m.symbol(m.found), m.freq(m.found), m.successor(m.found)
	s := m.raiseSuffix(fSymbol)
	c := m.max
	if m.orderFall == 0 && fSuccessor != 0 {
		next := m.createSuccessors(true, s, m.min)
		m.setSucc(m.found, next)
		if next == 0 {
			m.makeRoom(c)
		} else {
			m.max = next
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
		fSuccessor = m.reduceOrder(s, m.min)
	case fSuccessor < m.unitsStart:
		fSuccessor = m.createSuccessors(false, s, m.min)
	}
	if fSuccessor == 0 {
		m.makeRoom(c)
		return
	}
	if m.orderFall--; m.orderFall == 0 {
		successor = fSuccessor
		m.text -= yes(m.max != m.min)
	}
	ns := m.last(m.min)
	s0 := m.summFreq(m.min) - ns - fFreq
	for ; c != m.min; c = m.suffix(c) {
		m.work += 2 * workContext
		if !m.widen(c, ns) {
			m.makeRoom(c)
			return
		}
		m.addSymbol(c, s0, fFreq, fSymbol, successor)
	}
	m.max = fSuccessor
}

// raiseSuffix raises the found symbol in the next shorter context. It returns
// its state there, 0 if there was no need to look.
func (m *ModelI) raiseSuffix(symbol byte) ref {
	if m.freq(m.found) >= maxFreq/4 || m.suffix(m.min) == 0 {
		return 0
	}
	m.work += workContext
	c := m.suffix(m.min)
	if m.last(c) == 0 {
		s := one(c)
		m.setFreq(s, m.freq(s)+yes(m.freq(s) < 32))
		return s
	}
	s := m.find(c, symbol)
	if s != m.stats(c) && m.freq(s) >= m.freq(s-stateBytes) {
		m.swapStates(s, s-stateBytes)
		s -= stateBytes
	}
	if m.freq(s) < maxFreq-9 {
		m.setFreq(s, m.freq(s)+2)
		m.addSumm(c, 2)
	}
	return s
}

// widen makes room for one more state in a context; false if memory is exhausted.
func (m *ModelI) widen(c ref, ns uint32) bool {
	n := m.last(c)
	if n == 0 {
		s := m.alloc(0)
		if s == 0 {
			return false
		}
		m.copyState(s, one(c))
		m.setStats(c, s)
		f := uint32(maxFreq - 4)
		if m.freq(s) < maxFreq/4-1 {
			f = m.freq(s) << 1
		}
		m.setFreq(s, f)
		m.setSumm(c, f+m.initEsc+yes(ns > 2))
		return true
	}
	if n&1 != 0 {
		to := m.grow(m.stats(c), (n+1)>>1)
		if to == 0 {
			return false
		}
		m.setStats(c, to)
	}
	m.addSumm(c, yes(3*n+1 < ns))
	return true
}

// addSymbol adds a state behind the last of a context.
func (m *ModelI) addSymbol(c ref, s0, fFreq uint32, symbol byte, successor ref) {
	cf := 2 * fFreq * (m.summFreq(c) + 6)
	sf := s0 + m.summFreq(c)
	if cf < 6*sf {
		cf = 1 + yes(cf > sf) + yes(cf >= 4*sf)
		m.addSumm(c, 4)
	} else {
		cf = 4 + yes(cf > 9*sf) + yes(cf > 12*sf) + yes(cf > 15*sf)
		m.addSumm(c, cf)
	}
	n := m.last(c) + 1
	s := m.stats(c) + n*stateBytes
	m.mem[s] = symbol
	m.setFreq(s, cf)
	m.setSucc(s, successor)
	m.setFlags(c, m.flags(c)|highIn(symbol, flagHigh))
	m.setLast(c, n)
}

// rescale halves the frequencies of the present context.
func (m *ModelI) rescale() {
	c := m.min
	stats, s := m.stats(c), m.found
	m.moveState(s, stats)
	s = stats
	esc := m.summFreq(c) - m.freq(s)
	adder := yes(m.orderFall != 0)
	m.setFreq(s, (m.freq(s)+4+adder)>>1)
	sum := m.freq(s)
	m.work += int64(m.last(c))
	for range m.last(c) {
		s += stateBytes
		esc -= m.freq(s)
		m.setFreq(s, (m.freq(s)+adder)>>1)
		sum += m.freq(s)
		m.sink(stats, s)
	}
	if m.freq(s) == 0 && m.dropUnused(c, stats, s, &esc) {
		return
	}
	m.setSumm(c, sum+esc-esc>>1)
	m.setFlags(c, m.flags(c)|flagRescaled)
	m.found = m.stats(c)
}

// dropUnused drops the states at the end of a context whose frequency is 0, and
// says whether only one is left, which is then the found one.
func (m *ModelI) dropUnused(c, stats, s ref, esc *uint32) bool {
	n := m.last(c)
	dropped := uint32(0)
	for ; m.freq(s) == 0; s -= stateBytes {
		dropped++
	}
	*esc += dropped
	m.setLast(c, n-dropped)
	if n == dropped {
		t := m.load(stats)
		t[1] = byte(min((2*uint32(t[1])+*esc-1)/(*esc), maxFreq/3))
		m.insert(stats, index((n+2)>>1))
		m.setFlags(c, m.flags(c)&flagHighUp+highIn(t[0], flagHigh))
		m.found = one(c)
		m.store(m.found, t)
		return true
	}
	from, to := (n+2)>>1, (n-dropped+2)>>1
	if from != to {
		m.setStats(c, m.shrink(stats, from, to))
	}
	flags := m.flags(c) &^ flagHigh
	s = m.stats(c)
	for range n - dropped + 1 {
		flags |= highIn(m.symbol(s), flagHigh)
		s += stateBytes
	}
	m.setFlags(c, flags)
	return false
}
