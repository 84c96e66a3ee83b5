package zip

// Constants of the model.
const (
	ppmdIntBits    = 7
	ppmdPeriodBits = 7
	ppmdBinScale   = 1 << (ppmdIntBits + ppmdPeriodBits)
	ppmdMaxFreq    = 124
	ppmdMaxOrder   = 16 // that zip's two bytes can express
)

// Ways to go on when memory is exhausted.
const (
	ppmdRestart = 0 // forget all
	ppmdCutOff  = 1 // forget the longest contexts
)

var (
	ppmdInitBinEsc = [8]uint16{0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051}
	ppmdExpEscape  = [16]uint8{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}
)

// ppmdSee is an estimate of how probable an escape is.
type ppmdSee struct {
	summ         uint16
	shift, count uint8
}

func (s *ppmdSee) update() {
	if s.shift < ppmdPeriodBits {
		if s.count--; s.count == 0 {
			s.summ <<= 1
			s.count = 3 << s.shift
			s.shift++
		}
	}
}

// ppmdModel predicts the next byte from up to 16 bytes before it.
//
// A context is a unit: the number of its symbols less one (1 byte), flags (1),
// the sum of frequencies (2), the offset of its states (4), the offset of the
// next shorter context (4). A state is a symbol (1), its frequency (1) and the
// offset of the context or text that follows (4). A context with one symbol holds
// its state in place of sum and offset.
type ppmdModel struct {
	ppmdArena
	minContext, maxContext uint32
	found                  uint32 // the state of the last symbol
	orderFall, maxOrder    uint32
	initEsc                uint32
	prevSuccess            uint32
	runLength, initRL      int32
	restore                uint8
	exhausted              bool // memory ran out at least once

	nsIndex   [260]uint8 // number of symbols -> class
	nsBSIndex [256]uint8
	dummySee  ppmdSee
	see       [24][32]ppmdSee
	binSumm   [25][64]uint16
}

func (m *ppmdModel) numStats(c uint32) uint32 { return uint32(m.mem[c]) }
func (m *ppmdModel) flags(c uint32) uint32    { return uint32(m.mem[c+1]) }
func (m *ppmdModel) summ(c uint32) uint32     { return m.u16(c + 2) }
func (m *ppmdModel) stats(c uint32) uint32    { return m.u32(c + 4) }
func (m *ppmdModel) suffix(c uint32) uint32   { return m.u32(c + 8) }
func oneState(c uint32) uint32                { return c + 2 }

const ppmdState = 6 // bytes of a state

func (m *ppmdModel) symbol(s uint32) byte      { return m.mem[s] }
func (m *ppmdModel) freq(s uint32) uint32      { return uint32(m.mem[s+1]) }
func (m *ppmdModel) setFreq(s, f uint32)       { m.mem[s+1] = byte(f) }
func (m *ppmdModel) successor(s uint32) uint32 { return m.u32(s + 2) }
func (m *ppmdModel) setSuccessor(s, v uint32)  { m.set32(s+2, v) }
func (m *ppmdModel) copyState(to, from uint32) {
	copy(m.mem[to:to+ppmdState], m.mem[from:from+ppmdState])
}
func (m *ppmdModel) load(s uint32) (t [6]byte) { copy(t[:], m.mem[s:]); return t }
func (m *ppmdModel) store(s uint32, t [6]byte) { copy(m.mem[s:], t[:]) }
func (m *ppmdModel) swap(a, b uint32)          { t := m.load(a); m.copyState(a, b); m.store(b, t) }
func (m *ppmdModel) addSumm(c, n uint32)       { m.set16(c+2, m.summ(c)+n) }
func ppmdOne(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
func highFlag(symbol byte, flag uint32) uint32 { return flag * ppmdOne(symbol >= 0x40) }

// find returns the state of a symbol in a context that has it.
func (m *ppmdModel) find(c uint32, symbol byte) uint32 {
	s := m.stats(c)
	for m.symbol(s) != symbol {
		s += ppmdState
	}
	return s
}

func (m *ppmdModel) constructModel() {
	m.construct()
	m.nsBSIndex[0], m.nsBSIndex[1] = 0, 2
	for i := 2; i < 256; i++ {
		m.nsBSIndex[i] = 4
		if i >= 11 {
			m.nsBSIndex[i] = 6
		}
	}
	for i := range 5 {
		m.nsIndex[i] = uint8(i)
	}
	class, k := uint8(5), 1
	for i := 5; i < 260; i++ {
		m.nsIndex[i] = class
		if k--; k == 0 {
			class++
			k = int(class) - 4
		}
	}
}

func (m *ppmdModel) init(order uint32, restore uint8) {
	m.constructModel()
	m.maxOrder, m.restore, m.exhausted = order, restore, false
	m.restart()
	m.dummySee = ppmdSee{0, ppmdPeriodBits, 64}
}

// restart forgets all.
func (m *ppmdModel) restart() {
	m.reset()
	m.orderFall = m.maxOrder
	m.initRL = -int32(min(m.maxOrder, 12)) - 1
	m.runLength, m.prevSuccess = m.initRL, 0
	m.hi -= ppmdUnit
	c := m.hi
	m.minContext, m.maxContext = c, c
	m.found = m.lo
	m.lo += 128 * ppmdUnit
	m.mem[c], m.mem[c+1] = 255, 0
	m.set16(c+2, 257)
	m.set32(c+4, m.found)
	m.set32(c+8, 0)
	for i := range uint32(256) {
		m.store(m.found+i*ppmdState, [6]byte{byte(i), 1})
	}
	i := 0
	for k := range m.binSumm {
		for int(m.nsIndex[i]) == k {
			i++
		}
		for j := range m.binSumm[k] {
			m.binSumm[k][j] = ppmdBinScale - ppmdInitBinEsc[j%8]/uint16(i+1)
		}
	}
	i = 0
	for k := range m.see {
		for int(m.nsIndex[i+3]) == k+3 {
			i++
		}
		for j := range m.see[k] {
			m.see[k][j] = ppmdSee{uint16(2*i+5) << (ppmdPeriodBits - 4), ppmdPeriodBits - 4, 7}
		}
	}
}

// refresh recounts a context after symbols were dropped.
func (m *ppmdModel) refresh(c, oldUnits, scale uint32) {
	n := m.numStats(c)
	s := m.shrink(m.stats(c), oldUnits, (n+2)>>1)
	m.set32(c+4, s)
	flags := m.flags(c)&(0x10+4*scale) + highFlag(m.symbol(s), 8)
	esc := m.summ(c) - m.freq(s)
	m.setFreq(s, (m.freq(s)+scale)>>scale)
	sum := m.freq(s)
	for range n {
		s += ppmdState
		esc -= m.freq(s)
		m.setFreq(s, (m.freq(s)+scale)>>scale)
		sum += m.freq(s)
		flags |= highFlag(m.symbol(s), 8)
	}
	m.set16(c+2, sum+(esc+scale)>>scale)
	m.mem[c+1] = byte(flags)
}

// single makes a context of one symbol out of what is left of one.
func (m *ppmdModel) single(c, s uint32) {
	m.mem[c+1] = byte(m.flags(c)&0x10 + highFlag(m.symbol(s), 8))
	m.copyState(oneState(c), s)
}

// cutOff drops what only the text knows below a context, and contexts of more
// than the full order. The depth of its recursion is at most ppmdMaxOrder.
func (m *ppmdModel) cutOff(c, order uint32) uint32 {
	if m.numStats(c) == 0 {
		s := oneState(c)
		if m.successor(s) >= m.unitsStart {
			m.cutState(s, order)
			if m.successor(s) != 0 || order <= 9 {
				return c
			}
		}
		m.freeUnit(c)
		return 0
	}
	units := (m.numStats(c) + 2) >> 1
	first := m.moveUp(m.stats(c), units)
	m.set32(c+4, first)
	left := int(m.numStats(c))
	for i := left; i >= 0; i-- {
		s := first + uint32(i)*ppmdState
		if m.successor(s) < m.unitsStart {
			m.setSuccessor(s, 0)
			m.swap(s, first+uint32(left)*ppmdState)
			left--
		} else {
			m.cutState(s, order)
		}
	}
	if left == int(m.numStats(c)) || order == 0 {
		return c
	}
	if left < 0 {
		m.insert(first, m.class(units))
		m.freeUnit(c)
		return 0
	}
	m.mem[c] = byte(left)
	if left == 0 {
		m.single(c, first)
		m.insert(first, m.class(units))
		m.setFreq(oneState(c), (m.freq(oneState(c))+11)>>3)
	} else {
		m.refresh(c, units, ppmdOne(m.summ(c) > 16*uint32(left)))
	}
	return c
}

func (m *ppmdModel) cutState(s, order uint32) {
	next := uint32(0)
	if order < m.maxOrder {
		next = m.cutOff(m.successor(s), order+1)
	}
	m.setSuccessor(s, next)
}

// makeRoom goes on when memory is exhausted: contexts up to c were given a symbol
// that can't be kept.
func (m *ppmdModel) makeRoom(stop uint32) {
	m.exhausted = true
	m.text = ppmdBase
	c := m.maxContext
	for ; c != stop; c = m.suffix(c) {
		m.mem[c]--
		if m.mem[c] == 0 {
			s := m.stats(c)
			m.single(c, s)
			m.freeUnit(s)
			m.setFreq(oneState(c), (m.freq(oneState(c))+11)>>3)
		} else {
			m.refresh(c, (m.numStats(c)+3)>>1, 0)
		}
	}
	for ; c != m.minContext; c = m.suffix(c) {
		if m.numStats(c) == 0 {
			f := m.freq(oneState(c))
			m.setFreq(oneState(c), f-f>>1)
			continue
		}
		m.addSumm(c, 4)
		if m.summ(c) > 128+4*m.numStats(c) {
			m.refresh(c, (m.numStats(c)+2)>>1, 1)
		}
	}
	if m.restore == ppmdRestart || m.used() < m.size>>1 {
		m.restart()
		return
	}
	for m.suffix(m.maxContext) != 0 {
		m.maxContext = m.suffix(m.maxContext)
	}
	for {
		m.cutOff(m.maxContext, 0)
		m.expandText()
		if m.used() <= 3*(m.size>>2) {
			break
		}
	}
	m.glue = 0
	m.orderFall = m.maxOrder
}
