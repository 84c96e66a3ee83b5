package ppmd

// What variant I does in the arena beyond variant H.

// joinFree makes larger blocks of free neighbours.
func (m *ModelI) joinFree() {
	m.glue = 1 << 13
	m.count = [indexes]uint32{}
	if m.lo != m.hi {
		m.put32(m.lo, 0) // no free block begins where nothing was used yet
	}
	var head, last ref
	for i := range m.free {
		r := m.free[i]
		m.free[i] = 0
		for ; r != 0; r = m.next(r) {
			m.work += workContext
			if m.units(r) == 0 {
				continue // joined to another
			}
			if last == 0 {
				head = r
			} else {
				m.setNext(last, r)
			}
			last = r
			for {
				other := r + m.units(r)*unit
				if m.u32(other) != stamp {
					break
				}
				m.put32(r+8, m.units(r)+m.units(other))
				m.put32(other+8, 0)
				m.work += workContext
			}
		}
	}
	if last != 0 {
		m.setNext(last, 0)
	}
	for head != 0 {
		r, units := head, m.units(head)
		head = m.next(r)
		if units != 0 {
			m.insertRun(r, units)
		}
	}
}

// freeUnit frees one unit, which may lie just above the text.
func (m *ModelI) freeUnit(r ref) {
	if r != m.unitsStart {
		m.insert(r, 0)
	} else {
		m.unitsStart += unit
	}
}

// liftStates moves a block away from the text, if that is worth it.
func (m *ModelI) liftStates(r ref, units uint32) ref {
	i := index(units)
	if r > m.unitsStart+16<<10 || r > m.free[i] {
		return r
	}
	to := m.remove(i)
	m.move(to, r, units)
	if r != m.unitsStart {
		m.insert(r, i)
	} else {
		m.unitsStart += unitsOf[i] * unit
	}
	return to
}

// expandText gives the free blocks just above the text to it.
func (m *ModelI) expandText() {
	var taken [indexes]uint32
	if m.lo != m.hi {
		m.put32(m.lo, 0)
	}
	r := m.unitsStart
	for m.u32(r) == stamp {
		m.put32(r, 0)
		taken[index(m.units(r))]++
		r += m.units(r) * unit
		m.work += workContext
	}
	m.unitsStart = r
	for i := range taken {
		last := ref(0)
		for r := m.free[i]; r != 0 && taken[i] > 0; r = m.next(r) {
			m.work += workContext
			if m.u32(r) != 0 {
				last = r
				continue
			}
			if last == 0 {
				m.free[i] = m.next(r)
			} else {
				m.setNext(last, m.next(r))
			}
			m.count[i]--
			taken[i]--
		}
	}
}

// used is how much of the arena is in use.
func (m *ModelI) used() uint32 {
	units := uint32(0)
	for i, n := range m.count {
		units += n * unitsOf[i]
	}
	return m.size - (m.hi - m.lo) - (m.unitsStart - m.text) - units*unit
}
