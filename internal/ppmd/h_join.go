package ppmd

// joinFree makes larger blocks of free neighbours. While it works, a free block is
// a node: a mark of 0, which no block in use begins with, its units, and the
// nodes before and after it. The list is built backwards and no block gets 2^16 units,
// for what lies where is part of the format.
func (m *ModelH) joinFree() {
	m.glue = 255
	head := ref(unit) + m.size
	n := head
	for i := range m.free {
		r := m.free[i]
		m.free[i], m.count[i] = 0, 0
		for r != 0 {
			next := m.next(r)
			m.put32(r+4, n) // next
			m.put32(n+8, r) // previous
			m.put32(r, unitsOf[i]<<16)
			n = r
			r = next
			m.work++
		}
	}
	m.put16(head, 1)
	m.put32(head+4, n)
	m.put32(n+8, head)
	if m.lo != m.hi {
		m.put16(m.lo, 1)
	}
	for n != head {
		units := m.u16(n + 2)
		for {
			other := n + units*unit
			if m.u16(other) != 0 {
				break
			}
			units += m.u16(other + 2)
			if units >= 0x10000 {
				break
			}
			prev, next := m.u32(other+8), m.u32(other+4)
			m.put32(prev+4, next)
			m.put32(next+8, prev)
			m.put16(n+2, units)
			m.work += workContext
		}
		n = m.u32(n + 4)
		m.work += workContext
	}
	for n = m.u32(head + 4); n != head; {
		next := m.u32(n + 4)
		m.insertRun(n, m.u16(n+2))
		n = next
	}
}
