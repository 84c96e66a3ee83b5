package ppmd

import (
	"errors"
	"io"
)

// Errors of decoding. ErrEnd is the escape from the shortest context, which some
// containers use as an end mark.
var (
	ErrCorrupt = errors.New("corrupt PPMd stream")
	ErrEnd     = errors.New("end of PPMd stream")
)

// Coder is a range decoder.
type Coder struct {
	in       io.ByteReader
	rar      bool // RAR's, which has no carry and a lower bound
	rng, low uint32
	code     uint32
	err      error
}

// Start7z begins the stream of a 7z coder.
func (c *Coder) Start7z(in io.ByteReader) error {
	*c = Coder{in: in, rng: 0xffffffff}
	if first := c.next(); first != 0 && c.err == nil {
		return ErrCorrupt
	}
	return c.fill()
}

// StartRAR begins a block of RAR 3.
func (c *Coder) StartRAR(in io.ByteReader) error {
	*c = Coder{in: in, rng: 0xffffffff, rar: true}
	return c.fill()
}

func (c *Coder) fill() error {
	for range 4 {
		c.code = c.code<<8 | uint32(c.next())
	}
	return c.err
}

func (c *Coder) next() byte {
	b, err := c.in.ReadByte()
	if err != nil && c.err == nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		c.err = err
	}
	return b
}

// threshold divides the range into total parts and says in which the code is.
func (c *Coder) threshold(total int) int {
	if c.rng /= uint32(max(total, 1)); c.rng == 0 {
		c.err = ErrCorrupt
		c.rng = 1
	}
	return int(c.code / c.rng)
}

// decode takes size parts from start on.
func (c *Coder) decode(start, size int) {
	from := uint32(start) * c.rng
	c.low += from
	c.code -= from
	c.rng *= uint32(size)
	c.normalize()
}

func (c *Coder) normalize() {
	if !c.rar {
		for c.rng < 1<<24 && c.err == nil {
			c.code = c.code<<8 | uint32(c.next())
			c.rng <<= 8
		}
		return
	}
	for c.err == nil {
		if c.low^(c.low+c.rng) >= 1<<24 {
			if c.rng >= 1<<15 {
				return
			}
			c.rng = -c.low & (1<<15 - 1)
		}
		c.code = c.code<<8 | uint32(c.next())
		c.rng <<= 8
		c.low <<= 8
	}
}

// bit decodes a bit that is 0 in size of the binScale parts.
func (c *Coder) bit(size int) bool {
	if c.rar {
		if c.threshold(binScale) < size {
			c.decode(0, size)
			return false
		}
		c.decode(size, binScale-size)
		return true
	}
	bound := c.rng / binScale * uint32(size)
	one := c.code >= bound
	if one {
		c.code -= bound
		c.rng -= bound
	} else {
		c.rng = bound
	}
	c.normalize()
	return one
}

// Decode returns the next symbol.
func (m *Model) Decode(c *Coder) (byte, error) {
	if c.err != nil {
		return 0, c.err
	}
	var s byte
	var err error
	if m.numStats(m.min) != 1 {
		var done bool
		if s, done, err = m.decodeFirst(c); done {
			return s, err
		}
	} else if m.decodeBinary(c) {
		s = m.symbol(m.found)
		m.mem[m.found+1] += byte(1 - m.freq(m.found)>>7)
		m.prevOK = 1
		m.runLength++
		m.nextContext()
		return s, c.err
	}
	for c.err == nil {
		masked := m.numStats(m.min)
		for {
			m.orderFall++
			if m.suffix(m.min) == 0 {
				return 0, ErrEnd
			}
			m.min = m.suffix(m.min)
			if m.numStats(m.min) != masked {
				break
			}
		}
		if s, done, err := m.decodeMasked(c, masked); done {
			return s, err
		}
	}
	return 0, c.err
}

// decodeFirst decodes in the longest context; not done is an escape.
func (m *Model) decodeFirst(c *Coder) (symbol byte, done bool, err error) {
	s := m.stats(m.min)
	summ := m.summFreq(m.min)
	count := c.threshold(summ)
	high := m.freq(s)
	if count < high {
		c.decode(0, high)
		m.found = s
		symbol = m.symbol(s)
		m.prevOK = 0
		if 2*high > summ {
			m.prevOK = 1
		}
		m.runLength += int32(m.prevOK)
		m.setSumm(m.min, summ+4)
		m.raise(s)
		m.nextContext()
		return symbol, true, c.err
	}
	m.prevOK = 0
	n := m.numStats(m.min)
	for range n - 1 {
		s += stateBytes
		f := m.freq(s)
		if high += f; high > count {
			c.decode(high-f, f)
			m.found = s
			symbol = m.symbol(s)
			m.setSumm(m.min, summ+4)
			m.setFreq(s, f+4)
			if f+4 > m.freq(s-stateBytes) {
				m.swapStates(s, s-stateBytes)
				m.found = s - stateBytes
				if f+4 > maxFreq {
					m.rescale()
				}
			}
			m.nextContext()
			return symbol, true, c.err
		}
	}
	if count >= summ {
		return 0, true, ErrCorrupt
	}
	m.highBits = highFlag(m.symbol(m.found))
	c.decode(high, summ-high)
	m.unmask()
	for range n {
		m.masked[m.symbol(s)] = m.mark
		s -= stateBytes
	}
	return 0, false, nil
}

// raise counts a symbol.
func (m *Model) raise(s ref) {
	m.mem[s+1] += 4
	if m.freq(s) > maxFreq {
		m.rescale()
	}
}

// nextContext goes to the context that the found symbol leads to.
func (m *Model) nextContext() {
	if c := m.successor(m.found); m.orderFall == 0 && c > m.text {
		m.min, m.max = c, c
		return
	}
	m.update()
}

func highFlag(symbol byte) int {
	if symbol >= 0x40 {
		return 8
	}
	return 0
}

// unmask makes all symbols count.
func (m *Model) unmask() {
	if m.mark++; m.mark == 0 {
		clear(m.masked[:])
		m.mark = 1
	}
}

// decodeBinary decodes in a context with one symbol, and says whether it is that.
func (m *Model) decodeBinary(c *Coder) bool {
	s := m.one(m.min)
	m.highBits = highFlag(m.symbol(m.found))
	k := m.prevOK + int(binIndex[m.numStats(m.suffix(m.min))-1]) + m.highBits + 2*highFlag(m.symbol(s)) + int(m.runLength>>26&0x20)
	prob := &m.binary[m.freq(s)-1][k]
	mean := (*prob + 1<<(periodBits-2)) >> periodBits
	if !c.bit(int(*prob)) {
		*prob += 1<<intBits - mean
		m.found = s
		return true
	}
	*prob -= mean
	m.initEsc = int(expEscape[*prob>>10])
	m.unmask()
	m.masked[m.symbol(s)] = m.mark
	m.prevOK = 0
	return false
}

// decodeMasked decodes behind an escape; not done is another one.
func (m *Model) decodeMasked(c *Coder, masked int) (symbol byte, done bool, err error) {
	high, n := 0, 0
	left := m.numStats(m.min) - masked
	for s := m.stats(m.min); n < left; s += stateBytes {
		if m.masked[m.symbol(s)] != m.mark {
			high += m.freq(s)
			m.candidates[n] = s
			n++
		}
	}
	e, esc := m.escape(masked, left)
	total := esc + high
	count := c.threshold(total)
	if count >= total {
		return 0, true, ErrCorrupt
	}
	if count >= high {
		c.decode(high, total-high)
		e.summ += uint16(total)
		for _, s := range m.candidates[:n] {
			m.masked[m.symbol(s)] = m.mark
		}
		return 0, false, nil
	}
	i, sum := 0, m.freq(m.candidates[0])
	for sum <= count {
		i++
		sum += m.freq(m.candidates[i])
	}
	s := m.candidates[i]
	c.decode(sum-m.freq(s), m.freq(s))
	if e.shift < periodBits {
		if e.count--; e.count == 0 {
			e.summ <<= 1
			e.count = 3 << e.shift
			e.shift++
		}
	}
	m.found = s
	symbol = m.symbol(s)
	m.setSumm(m.min, m.summFreq(m.min)+4)
	m.raise(s)
	m.runLength = m.initRL
	m.update()
	return symbol, true, c.err
}

// escape estimates how likely an escape is.
func (m *Model) escape(masked, left int) (*see, int) {
	n := m.numStats(m.min)
	if n == 256 {
		return &m.dummy, 1
	}
	k := m.highBits
	if left < m.numStats(m.suffix(m.min))-n {
		k++
	}
	if m.summFreq(m.min) < 11*n {
		k += 2
	}
	if masked > left {
		k += 4
	}
	e := &m.seen[seeIndex[left-1]][k]
	r := e.summ >> e.shift
	e.summ -= r
	return e, max(1, int(r))
}

// Reader decodes a stream whose size is known, or up to its end mark.
type Reader struct {
	m    *Model
	c    Coder
	left int64
	err  error // sticky
}

// NewReader7z returns a reader of size bytes, -1 for as many as there are, of a
// 7z coder.
func NewReader7z(in io.ByteReader, m *Model, order int, size int64) *Reader {
	z := &Reader{m: m, left: size}
	z.err = z.c.Start7z(in)
	m.Reset(order)
	return z
}

func (z *Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil && z.left != 0 {
		var b byte
		if b, z.err = z.m.Decode(&z.c); z.err == nil {
			p[n] = b
			n++
			if z.left > 0 {
				z.left--
			}
		}
	}
	switch {
	case n > 0:
		return n, nil
	case z.left == 0 || z.err == ErrEnd && z.left < 0:
		return 0, io.EOF
	case z.err == ErrEnd:
		return 0, io.ErrUnexpectedEOF
	}
	return 0, z.err
}
