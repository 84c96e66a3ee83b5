package ppmd

// insert puts a block into the list of its size.
func (m *Model) insert(r ref, index int) {
	m.put32(r, m.free[index])
	m.free[index] = r
}

// remove takes a block from a list that has one.
func (m *Model) remove(index int) ref {
	r := m.free[index]
	m.free[index] = m.u32(r)
	return r
}

// insertUnits puts so many units, at most 128, into the lists: as one block if
// there is that size, else as two.
func (m *Model) insertUnits(r ref, units uint32) {
	i := int(indexOf[units-1])
	if unitsOf[i] != units {
		i--
		k := unitsOf[i]
		m.insert(r+k*unit, int(units-k-1))
	}
	m.insert(r, i)
}

// split frees what a block has behind the size that is needed.
func (m *Model) split(r ref, old, index int) {
	m.insertUnits(r+unitsOf[index]*unit, unitsOf[old]-unitsOf[index])
}

// alloc returns a block of a size, 0 if the arena is full.
func (m *Model) alloc(index int) ref {
	if m.free[index] != 0 {
		return m.remove(index)
	}
	n := unitsOf[index] * unit
	if n <= m.hi-m.lo {
		r := m.lo
		m.lo += n
		return r
	}
	return m.allocRare(index)
}

// allocContext returns a unit for a context, 0 if the arena is full.
func (m *Model) allocContext() ref {
	if m.hi != m.lo {
		m.hi -= unit
		return m.hi
	}
	if m.free[0] != 0 {
		return m.remove(0)
	}
	return m.allocRare(0)
}

// allocRare joins free blocks from time to time, splits a larger one, or takes
// room from the text.
func (m *Model) allocRare(index int) ref {
	if m.glue == 0 {
		m.joinFree()
		if m.free[index] != 0 {
			return m.remove(index)
		}
	}
	for i := index + 1; i < indexes; i++ {
		if m.free[i] != 0 {
			r := m.remove(i)
			m.split(r, i, index)
			return r
		}
	}
	m.glue--
	n := unitsOf[index] * unit
	if m.unitsStart-m.text > n {
		m.unitsStart -= n
		return m.unitsStart
	}
	return 0
}

// grow gives a context's states room for one unit more; false if the arena is full.
func (m *Model) grow(c ref, units uint32) bool {
	i := int(indexOf[units-1])
	if i == int(indexOf[units]) {
		return true
	}
	r := m.alloc(i + 1)
	if r == 0 {
		return false
	}
	old := m.stats(c)
	copy(m.mem[r:r+units*unit], m.mem[old:old+units*unit])
	m.insert(old, i)
	m.put32(c+4, r)
	return true
}

// shrink gives back what states do not need any more.
func (m *Model) shrink(old ref, before, after uint32) ref {
	i0, i1 := int(indexOf[before-1]), int(indexOf[after-1])
	if i0 == i1 {
		return old
	}
	if m.free[i1] != 0 {
		r := m.remove(i1)
		copy(m.mem[r:r+after*unit], m.mem[old:old+after*unit])
		m.insert(old, i0)
		return r
	}
	m.split(old, i0, i1)
	return old
}

// joinFree makes larger blocks of free neighbours. While it works, a free block is
// a node: a stamp of 0, which no block in use begins with, its units, and the
// nodes before and after it.
func (m *Model) joinFree() {
	m.glue = 255
	head := ref(unit) + m.size
	n := head
	for i := range m.free {
		next := m.free[i]
		m.free[i] = 0
		for next != 0 {
			this := next
			next = m.u32(this)
			m.put32(this+4, n) // next
			m.put32(n+8, this) // previous
			n = this
			m.put16(this, 0)
			m.put16(this+2, uint16(unitsOf[i]))
		}
	}
	m.put16(head, 1)
	m.put32(head+4, n)
	m.put32(n+8, head)
	if m.lo != m.hi {
		m.put16(m.lo, 1)
	}
	for n != head {
		units := uint32(m.u16(n + 2))
		for {
			other := n + units*unit
			if m.u16(other) != 0 {
				break
			}
			units += uint32(m.u16(other + 2))
			if units >= 0x10000 {
				break
			}
			prev, next := m.u32(other+8), m.u32(other+4)
			m.put32(prev+4, next)
			m.put32(next+8, prev)
			m.put16(n+2, uint16(units))
		}
		n = m.u32(n + 4)
	}
	for n = m.u32(head + 4); n != head; {
		next := m.u32(n + 4)
		units := uint32(m.u16(n + 2))
		for ; units > 128; units -= 128 {
			m.insert(n, indexes-1)
			n += 128 * unit
		}
		m.insertUnits(n, units)
		n = next
	}
}
