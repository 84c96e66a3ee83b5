package ppmd

// Numbers of both variants.
const (
	stateBytes = 6
	maxFreq    = 124
	intBits    = 7
	periodBits = 7
	binScale   = 1 << (intBits + periodBits)
)

// What decoding takes, in units of about 10 ns, measured where memory is slowest:
// with arenas that no cache holds.
const (
	workSymbol  = 4 // a byte of output
	workContext = 8 // a context that is gone through, or made
	workRestart = 400
	statesAUnit = 4 // states that are looked at
)

// model is what the variants share. A context is a unit: the number of its symbols
// and flags (2 bytes, as the variant has it), the sum of frequencies (2), the place of
// its states (4) and of the next shorter context (4). A state is a symbol (1), its
// frequency (1) and the place of the context or text that follows (4). A context with
// one symbol holds its state in place of sum and place.
type model struct {
	arena
	order      int
	min, max   ref // contexts
	found      ref // the state of the last symbol
	orderFall  int
	prevOK     uint32
	runLength  int32
	initRL     int32
	initEsc    uint32
	dummy      see
	masked     [256]byte // symbols that do not count, marked with mark
	mark       byte
	candidates [256]ref
}

// see is an estimate of how likely an escape is.
type see struct {
	summ  uint16
	shift uint8
	count uint8
}

func (e *see) update() {
	if e.shift < periodBits {
		if e.count--; e.count == 0 {
			e.summ <<= 1
			e.count = 3 << e.shift
			e.shift++
		}
	}
}

// estimate takes the estimate's share out of it.
func (e *see) estimate() uint32 {
	r := e.summ >> e.shift
	e.summ -= r
	return max(1, uint32(r))
}

// Where probabilities begin, and the next escape's by how improbable one was.
var (
	initBinary = [8]uint16{0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051}
	expEscape  = [16]uint8{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}
)

// Fields of contexts and states.
func (m *model) summFreq(c ref) uint32   { return m.u16(c + 2) }
func (m *model) stats(c ref) ref         { return m.u32(c + 4) }
func (m *model) suffix(c ref) ref        { return m.u32(c + 8) }
func (m *model) setSumm(c ref, f uint32) { m.put16(c+2, f) }
func (m *model) addSumm(c ref, f uint32) { m.put16(c+2, m.summFreq(c)+f) }
func (m *model) setStats(c, s ref)       { m.put32(c+4, s) }
func one(c ref) ref                      { return c + 2 } // the state of a context with one symbol

func (m *model) symbol(s ref) byte       { return m.mem[s] }
func (m *model) freq(s ref) uint32       { return uint32(m.mem[s+1]) }
func (m *model) successor(s ref) ref     { return m.u32(s + 2) }
func (m *model) setFreq(s ref, f uint32) { m.mem[s+1] = byte(f) }
func (m *model) setSucc(s, v ref)        { m.put32(s+2, v) }

// state is a state that is on its way.
type state [stateBytes]byte

func (m *model) load(s ref) (t state)   { copy(t[:], m.mem[s:]); return t }
func (m *model) store(s ref, t state)   { copy(m.mem[s:], t[:]) }
func (m *model) copyState(to, from ref) { copy(m.mem[to:to+stateBytes], m.mem[from:from+stateBytes]) }
func (m *model) swapStates(a, b ref)    { t := m.load(a); m.copyState(a, b); m.store(b, t) }

// moveState moves a state to an earlier place and those between one place back.
func (m *model) moveState(from, to ref) {
	t := m.load(from)
	copy(m.mem[to+stateBytes:from+stateBytes], m.mem[to:from])
	m.store(to, t)
}

// sink moves a state up the list as far as its frequency is higher.
func (m *model) sink(first, s ref) {
	to := s
	for f := m.freq(s); to != first && f > m.freq(to-stateBytes); {
		to -= stateBytes
	}
	if to != s {
		m.work += int64(s-to) / (stateBytes * statesAUnit)
		m.moveState(s, to)
	}
}

// find returns the state of a symbol in a context that has it among several.
func (m *model) find(c ref, symbol byte) ref {
	first := m.stats(c)
	s := first
	for m.symbol(s) != symbol {
		s += stateBytes
	}
	m.work += int64(s-first) / (stateBytes * statesAUnit)
	return s
}

// begin forgets all but the text's alphabet. The root context is all that is left.
func (m *model) begin() {
	m.clear()
	m.orderFall = m.order
	m.initRL = -int32(min(m.order, 12)) - 1
	m.runLength = m.initRL
	m.prevOK = 0

	m.hi -= unit
	m.min, m.max = m.hi, m.hi
	m.found = m.lo
	m.lo += 128 * unit
	m.setSumm(m.min, 257)
	m.setStats(m.min, m.found)
	m.put32(m.min+8, 0)
	for i := range ref(256) {
		m.store(m.found+i*stateBytes, state{byte(i), 1})
	}
}

// unmask makes all symbols count.
func (m *model) unmask() {
	if m.mark++; m.mark == 0 {
		clear(m.masked[:])
		m.mark = 1
	}
}

// maskDown makes the symbols of n states not count, of which s is the last.
func (m *model) maskDown(s ref, n uint32) {
	m.work += int64(n / statesAUnit)
	for range n {
		m.masked[m.symbol(s)] = m.mark
		s -= stateBytes
	}
}

// maskCandidates makes the first n candidates' symbols not count.
func (m *model) maskCandidates(n int) {
	for _, s := range m.candidates[:n] {
		m.masked[m.symbol(s)] = m.mark
	}
}

// gather makes candidates of those of all states from s on whose symbols count, of
// which there are left, and says how many there are and how frequent together.
func (m *model) gather(s ref, all, left uint32) (n int, high uint32) {
	m.work += int64(all/statesAUnit) + workContext
	for range all {
		if m.masked[m.symbol(s)] != m.mark {
			high += m.freq(s)
			m.candidates[n] = s
			if n++; n == int(left) {
				break
			}
		}
		s += stateBytes
	}
	return n, high
}

// candidate is the one of the first n in whose share count is, and where that ends.
func (m *model) candidate(n int, count uint32) (s ref, high uint32) {
	for _, s = range m.candidates[:n] {
		if high += m.freq(s); high > count {
			break
		}
	}
	return s, high
}

// yes is 1 for true.
func yes(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
