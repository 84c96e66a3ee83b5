// Package ppmd decodes PPMd variant H, as 7z and RAR 3 use it: prediction by
// partial matching, by D. Shkarin. The containers differ in the range coder only.
//
// The source is the description in the LZMA SDK, which I. Pavlov has put in the
// public domain.
//
// # Limits
//
// The model lives in an arena whose size the stream declares, up to 4 GiB. The
// caller compares it with its bound before it makes a Model; nothing else is
// allocated.
//
// # Security
//
// All input is hostile. The model is a function of what was decoded, and a stream
// cannot put it in a state that decoding other data would not; a range coder that
// leaves its bounds is an error. A Model is for one goroutine.
package ppmd

import "encoding/binary"

// Numbers of the model.
const (
	MinOrder = 2
	MaxOrder = 64
	MinMem   = 1 << 11 // bytes

	unit       = 12 // bytes of a context, and of two states
	stateBytes = 6
	maxFreq    = 124
	intBits    = 7
	periodBits = 7
	binScale   = 1 << (intBits + periodBits)
	indexes    = 38 // sizes of blocks in the arena
)

// ref is an offset in the arena; 0 is none.
type ref = uint32

// see is an estimate of how likely an escape is.
type see struct {
	summ  uint16
	shift uint8
	count uint8
}

// Model is the statistics, and the arena that they live in.
type Model struct {
	mem   []byte
	size  uint32
	order int

	text, unitsStart, lo, hi ref // text grows up from the start, contexts down from hi, states up from lo
	free                     [indexes]ref
	glue                     int

	min, max   ref // contexts
	found      ref // state
	orderFall  int
	initEsc    int
	prevOK     int
	runLength  int32
	initRL     int32
	highBits   int
	seen       [25][16]see
	dummy      see
	binary     [128][64]uint16
	masked     [256]byte // symbols that do not count, marked with mark
	mark       byte
	candidates [256]ref
}

// Tables that depend on nothing.
var (
	unitsOf   [indexes]uint32 // by index
	indexOf   [128]uint8      // by units less one
	binIndex  [256]uint8      // by symbols of a context less one
	seeIndex  [256]uint8      // by symbols that are not masked, less one
	initEsc   = [8]uint16{0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051}
	expEscape = [16]uint8{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}
	_         = fillTables()
)

func fillTables() bool {
	k := 0
	for i := range indexes {
		step := i>>2 + 1
		if i >= 12 {
			step = 4
		}
		for range step {
			indexOf[k] = uint8(i)
			k++
		}
		unitsOf[i] = uint32(k)
	}
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

// New returns a model with an arena of so many bytes, which the caller has found
// acceptable.
func New(mem uint32) *Model {
	return &Model{size: mem, mem: make([]byte, unit+uint64(mem)+unit)}
}

// Resize changes the size of the arena; what a larger one had is used again. Reset
// must follow.
func (m *Model) Resize(mem uint32) {
	n := unit + uint64(mem) + unit
	if n > uint64(cap(m.mem)) {
		m.mem = make([]byte, n)
	}
	m.mem, m.size = m.mem[:n], mem
}

// Mem is the size of the arena in bytes.
func (m *Model) Mem() uint32 { return m.size }

// Reset begins a stream of the given order.
func (m *Model) Reset(order int) {
	m.order = order
	m.restart()
	m.dummy = see{shift: periodBits, count: 64}
}

// Fields of contexts and states.
func (m *Model) u16(r ref) uint16       { return binary.LittleEndian.Uint16(m.mem[r:]) }
func (m *Model) u32(r ref) uint32       { return binary.LittleEndian.Uint32(m.mem[r:]) }
func (m *Model) put16(r ref, v uint16)  { binary.LittleEndian.PutUint16(m.mem[r:], v) }
func (m *Model) put32(r ref, v uint32)  { binary.LittleEndian.PutUint32(m.mem[r:], v) }
func (m *Model) numStats(c ref) int     { return int(m.u16(c)) }
func (m *Model) summFreq(c ref) int     { return int(m.u16(c + 2)) }
func (m *Model) stats(c ref) ref        { return m.u32(c + 4) }
func (m *Model) suffix(c ref) ref       { return m.u32(c + 8) }
func (m *Model) symbol(s ref) byte      { return m.mem[s] }
func (m *Model) freq(s ref) int         { return int(m.mem[s+1]) }
func (m *Model) successor(s ref) ref    { return m.u32(s + 2) }
func (m *Model) setFreq(s ref, f int)   { m.mem[s+1] = byte(f) }
func (m *Model) setSumm(c ref, f int)   { m.put16(c+2, uint16(f)) }
func (m *Model) setSucc(s ref, v ref)   { m.put32(s+2, v) }
func (m *Model) one(c ref) ref          { return c + 2 } // the state of a context with one symbol
func (m *Model) copyState(to, from ref) { copy(m.mem[to:to+stateBytes], m.mem[from:from+stateBytes]) }

func (m *Model) swapStates(a, b ref) {
	var t [stateBytes]byte
	copy(t[:], m.mem[a:])
	m.copyState(a, b)
	copy(m.mem[b:], t[:])
}

// restart forgets all statistics.
func (m *Model) restart() {
	m.free = [indexes]ref{}
	m.text = unit
	m.hi = m.text + m.size
	m.lo = m.hi - m.size/8/unit*7*unit
	m.unitsStart = m.lo
	m.glue = 0
	m.orderFall = m.order
	m.initRL = -int32(min(m.order, 12)) - 1
	m.runLength = m.initRL
	m.prevOK = 0

	m.hi -= unit
	m.min, m.max = m.hi, m.hi
	m.found = m.lo
	m.lo += 128 * unit
	m.put16(m.min, 256)
	m.setSumm(m.min, 257)
	m.put32(m.min+4, m.found)
	m.put32(m.min+8, 0)
	for i := range ref(256) {
		s := m.found + i*stateBytes
		m.mem[s], m.mem[s+1] = byte(i), 1
		m.setSucc(s, 0)
	}
	for i := range m.binary {
		for k := range m.binary[i] {
			m.binary[i][k] = binScale - initEsc[k&7]/uint16(i+2)
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
func (m *Model) createSuccessors(skip bool) ref {
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
		s := m.one(c)
		if m.numStats(c) != 1 {
			for s = m.stats(c); m.symbol(s) != symbol; s += stateBytes {
			}
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
	up := m.mem[branch]
	freq := 0
	if m.numStats(c) == 1 {
		freq = m.freq(m.one(c))
	} else {
		s := m.stats(c)
		for ; m.symbol(s) != up; s += stateBytes {
		}
		freq = m.inherited(m.freq(s)-1, m.summFreq(c)-m.numStats(c)-m.freq(s)+1)
	}
	for n--; n >= 0; n-- {
		c1 := m.allocContext()
		if c1 == 0 {
			return 0
		}
		m.put16(c1, 1)
		s := m.one(c1)
		m.mem[s], m.mem[s+1] = up, byte(freq)
		m.setSucc(s, branch+1)
		m.put32(c1+8, c)
		m.setSucc(ps[n], c1)
		c = c1
	}
	return c
}

// inherited is the first frequency of a symbol, from those in the shorter context.
func (m *Model) inherited(cf, s0 int) int {
	s0 = max(s0, 1)
	switch {
	case 2*cf > s0:
		return 1 + (2*cf+3*s0-1)/(2*s0)
	case 5*cf > s0:
		return 2
	}
	return 1
}

// update teaches the contexts the symbol that was found.
func (m *Model) update() {
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
		if !m.addSymbol(c, ns, s0, symbol, successor) {
			m.restart()
			return
		}
	}
	m.min, m.max = next, next
}

// updateSuffix counts the symbol in the next shorter context.
func (m *Model) updateSuffix(c ref, symbol byte) {
	if m.numStats(c) == 1 {
		if s := m.one(c); m.freq(s) < 32 {
			m.mem[s+1]++
		}
		return
	}
	s := m.stats(c)
	if m.symbol(s) != symbol {
		for s += stateBytes; m.symbol(s) != symbol; s += stateBytes {
		}
		if m.freq(s) >= m.freq(s-stateBytes) {
			m.swapStates(s, s-stateBytes)
			s -= stateBytes
		}
	}
	if m.freq(s) < maxFreq-9 {
		m.mem[s+1] += 2
		m.setSumm(c, m.summFreq(c)+2)
	}
}

// addSymbol adds the found symbol to a context that does not have it; false if
// the arena is full.
func (m *Model) addSymbol(c ref, ns, s0 int, symbol byte, successor ref) bool {
	ns1 := m.numStats(c)
	if ns1 != 1 {
		if ns1&1 == 0 && !m.grow(c, uint32(ns1>>1)) {
			return false
		}
		summ, add := m.summFreq(c), 0
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
		m.copyState(s, m.one(c))
		m.put32(c+4, s)
		f := m.freq(s)
		if f < maxFreq/4-1 {
			f *= 2
		} else {
			f = maxFreq - 4
		}
		m.setFreq(s, f)
		summ := f + m.initEsc
		if ns > 3 {
			summ++
		}
		m.setSumm(c, summ)
	}
	summ := m.summFreq(c)
	cf, sf := 2*m.freq(m.found)*(summ+6), s0+summ
	freq := 0
	if cf < 6*sf {
		freq = 1 + atLeast(cf, sf+1) + atLeast(cf, 4*sf)
		summ += 3
	} else {
		freq = 4 + atLeast(cf, 9*sf) + atLeast(cf, 12*sf) + atLeast(cf, 15*sf)
		summ += freq
	}
	m.setSumm(c, summ)
	s := m.stats(c) + ref(ns1)*stateBytes
	m.mem[s], m.mem[s+1] = symbol, byte(freq)
	m.setSucc(s, successor)
	m.put16(c, uint16(ns1+1))
	return true
}

func atLeast(a, b int) int {
	if a >= b {
		return 1
	}
	return 0
}

// rescale halves the frequencies of the context, and drops symbols that come to
// zero.
func (m *Model) rescale() {
	c := m.min
	stats, s := m.stats(c), m.found
	if s != stats {
		m.moveUp(s, stats)
		s = stats
	}
	adder := 0
	if m.orderFall != 0 {
		adder = 1
	}
	esc := m.summFreq(c) - m.freq(s)
	f := (m.freq(s) + 4 + adder) >> 1
	m.setFreq(s, f)
	sum := f
	n := m.numStats(c)
	for range n - 1 {
		s += stateBytes
		esc -= m.freq(s)
		f := (m.freq(s) + adder) >> 1
		m.setFreq(s, f)
		sum += f
		if f > m.freq(s-stateBytes) {
			to := s - stateBytes
			for to != stats && f > m.freq(to-stateBytes) {
				to -= stateBytes
			}
			m.moveUp(s, to)
		}
	}
	if m.freq(s) == 0 {
		gone := 0
		for m.freq(s) == 0 {
			gone++
			s -= stateBytes
		}
		esc += gone
		m.put16(c, uint16(n-gone))
		before, after := uint32(n+1)>>1, uint32(n-gone+1)>>1
		if n-gone == 1 {
			var t [stateBytes]byte
			copy(t[:], m.mem[stats:])
			for {
				t[1] -= t[1] >> 1
				if esc >>= 1; esc <= 1 {
					break
				}
			}
			m.insert(stats, int(indexOf[before-1]))
			m.found = m.one(c)
			copy(m.mem[m.found:], t[:])
			return
		}
		if before != after {
			m.put32(c+4, m.shrink(stats, before, after))
		}
	}
	m.setSumm(c, sum+esc-esc>>1)
	m.found = m.stats(c)
}

// moveUp moves a state to an earlier place and those between one place back.
func (m *Model) moveUp(from, to ref) {
	var t [stateBytes]byte
	copy(t[:], m.mem[from:])
	copy(m.mem[to+stateBytes:from+stateBytes], m.mem[to:from])
	copy(m.mem[to:], t[:])
}
