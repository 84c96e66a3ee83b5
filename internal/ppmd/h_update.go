package ppmd

// restart forgets all statistics.
func (m *ModelH) restart() {
	m.begin()
	m.put16(m.min, 256)
	for i := range m.binary {
		for k := range m.binary[i] {
			m.binary[i][k] = binScale - initBinary[k&7]/uint16(i+2)
		}
	}
	for i := range m.seen {
		for k := range m.seen[i] {
			m.seen[i][k] = see{summ: uint16(5*i+10) << (periodBits - 4), shift: periodBits - 4, count: 4}
		}
	}
}

// createSuccessors makes the contexts that the text behind the found state's
// successor stands for. It returns 0 if the arena is full.
func (m *ModelH) createSuccessors(skip bool) ref {
	c := m.min
	branch := m.successor(m.found)
	symbol := m.symbol(m.found)
	var ps [MaxOrder]ref
	n := 0
	if !skip {
		ps[n] = m.found
		n++
	}
	for m.suffix(c) != 0 {
		c = m.suffix(c)
		m.work += workContext
		s := one(c)
		if m.numStats(c) != 1 {
			s = m.find(c, symbol)
		}
		if next := m.successor(s); next != branch {
			c = next
			if n == 0 {
				return c
			}
			break
		}
		ps[n] = s
		n++
	}
	up := state{m.mem[branch]}
	if m.numStats(c) == 1 {
		up[1] = byte(m.freq(one(c)))
	} else {
		f := m.freq(m.find(c, up[0]))
		up[1] = inherited(int32(f)-1, int32(m.summFreq(c))-int32(m.numStats(c))-int32(f)+1)
	}
	m.work += workContext
	for n--; n >= 0; n-- {
		c1 := m.allocContext()
		if c1 == 0 {
			return 0
		}
		m.work += workContext
		m.put16(c1, 1)
		m.store(one(c1), up)
		m.setSucc(one(c1), branch+1)
		m.put32(c1+8, c)
		m.setSucc(ps[n], c1)
		c = c1
	}
	return c
}

// inherited is the first frequency of a symbol, from those in the shorter context.
func inherited(cf, s0 int32) byte {
	s0 = max(s0, 1)
	switch {
	case 2*cf > s0:
		return byte(1 + (2*cf+3*s0-1)/(2*s0))
	case 5*cf > s0:
		return 2
	}
	return 1
}

// update teaches the contexts the symbol that was found.
func (m *ModelH) update() {
	symbol, freq := m.symbol(m.found), m.freq(m.found)
	next := m.successor(m.found)
	if freq < maxFreq/4 && m.suffix(m.min) != 0 {
		m.updateSuffix(m.suffix(m.min), symbol)
	}
	if m.orderFall == 0 {
		c := m.createSuccessors(true)
		m.min, m.max = c, c
		if c == 0 {
			m.restart()
			return
		}
		m.setSucc(m.found, c)
		return
	}
	m.mem[m.text] = symbol
	m.text++
	successor := m.text
	if m.text >= m.unitsStart {
		m.restart()
		return
	}
	if next != 0 {
		if next <= successor {
			if next = m.createSuccessors(false); next == 0 {
				m.restart()
				return
			}
		}
		if m.orderFall--; m.orderFall == 0 {
			successor = next
			if m.max != m.min {
				m.text--
			}
		}
	} else {
		m.setSucc(m.found, successor)
		next = m.min
	}
	ns := m.numStats(m.min)
	s0 := m.summFreq(m.min) - ns - (m.freq(m.found) - 1)
	for c := m.max; c != m.min; c = m.suffix(c) {
		m.work += 2 * workContext
		if !m.addSymbol(c, ns, s0, symbol, successor) {
			m.restart()
			return
		}
	}
	m.min, m.max = next, next
}

// updateSuffix counts the symbol in the next shorter context.
func (m *ModelH) updateSuffix(c ref, symbol byte) {
	m.work += workContext
	if m.numStats(c) == 1 {
		if s := one(c); m.freq(s) < 32 {
			m.mem[s+1]++
		}
		return
	}
	s := m.find(c, symbol)
	if s != m.stats(c) && m.freq(s) >= m.freq(s-stateBytes) {
		m.swapStates(s, s-stateBytes)
		s -= stateBytes
	}
	if m.freq(s) < maxFreq-9 {
		m.mem[s+1] += 2
		m.addSumm(c, 2)
	}
}

// addSymbol adds the found symbol to a context that does not have it; false if
// the arena is full.
func (m *ModelH) addSymbol(c ref, ns, s0 uint32, symbol byte, successor ref) bool {
	ns1 := m.numStats(c)
	if ns1 != 1 {
		if ns1&1 == 0 {
			s := m.grow(m.stats(c), ns1>>1)
			if s == 0 {
				return false
			}
			m.setStats(c, s)
		}
		summ, add := m.summFreq(c), uint32(0)
		if 2*ns1 < ns {
			add++
		}
		if 4*ns1 <= ns && summ <= 8*ns1 {
			add += 2
		}
		m.setSumm(c, summ+add)
	} else {
		s := m.alloc(0)
		if s == 0 {
			return false
		}
		m.copyState(s, one(c))
		m.setStats(c, s)
		f := m.freq(s)
		if f < maxFreq/4-1 {
			f *= 2
		} else {
			f = maxFreq - 4
		}
		m.setFreq(s, f)
		m.setSumm(c, f+m.initEsc+yes(ns > 3))
	}
	summ := m.summFreq(c)
	cf, sf := 2*m.freq(m.found)*(summ+6), s0+summ
	freq := uint32(0)
	if cf < 6*sf {
		freq = 1 + yes(cf > sf) + yes(cf >= 4*sf)
		summ += 3
	} else {
		freq = 4 + yes(cf >= 9*sf) + yes(cf >= 12*sf) + yes(cf >= 15*sf)
		summ += freq
	}
	m.setSumm(c, summ)
	s := m.stats(c) + ns1*stateBytes
	m.mem[s] = symbol
	m.setFreq(s, freq)
	m.setSucc(s, successor)
	m.put16(c, ns1+1)
	return true
}

// rescale halves the frequencies of the context, and drops symbols that come to
// zero.
func (m *ModelH) rescale() {
	c := m.min
	stats, s := m.stats(c), m.found
	m.moveState(s, stats)
	s = stats
	adder := yes(m.orderFall != 0)
	esc := m.summFreq(c) - m.freq(s)
	f := (m.freq(s) + 4 + adder) >> 1
	m.setFreq(s, f)
	sum := f
	n := m.numStats(c)
	m.work += int64(n)
	for range n - 1 {
		s += stateBytes
		esc -= m.freq(s)
		f := (m.freq(s) + adder) >> 1
		m.setFreq(s, f)
		sum += f
		m.sink(stats, s)
	}
	if m.freq(s) == 0 {
		gone := uint32(0)
		for ; m.freq(s) == 0; s -= stateBytes {
			gone++
		}
		esc += gone
		m.put16(c, n-gone)
		before, after := (n+1)>>1, (n-gone+1)>>1
		if n-gone == 1 {
			t := m.load(stats)
			for {
				t[1] -= t[1] >> 1
				if esc >>= 1; esc <= 1 {
					break
				}
			}
			m.insert(stats, index(before))
			m.found = one(c)
			m.store(m.found, t)
			return
		}
		if before != after {
			m.setStats(c, m.shrink(stats, before, after))
		}
	}
	m.setSumm(c, sum+esc-esc>>1)
	m.found = m.stats(c)
}
