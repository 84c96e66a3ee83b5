package zip

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

var errPPMd = errors.New("impossible PPMd code")

// ppmdDecoder decodes a stream of PPMd variant I, revision 1.
type ppmdDecoder struct {
	m         *ppmdModel
	in        *input.Bytes
	low       uint32
	code, rng uint32
	masked    [256]bool
	err       error
	clamped   bool // the memory is smaller than the stream's
	declared  int64
}

// Range coder, carry-less.
const (
	ppmdTop = 1 << 24
	ppmdBot = 1 << 15
)

func (d *ppmdDecoder) start() error {
	d.rng = 0xffffffff
	for range 4 {
		if err := d.shift(); err != nil {
			return err
		}
	}
	if d.code == 0xffffffff {
		return errPPMd
	}
	return nil
}

func (d *ppmdDecoder) shift() error {
	c, err := d.in.ReadByte()
	d.code = d.code<<8 | uint32(c)
	return input.NoEOF(err)
}

// threshold scales the code to a total.
func (d *ppmdDecoder) threshold(total uint32) (uint32, error) {
	if d.rng /= total; d.rng == 0 {
		return 0, errPPMd
	}
	return d.code / d.rng, nil
}

// take narrows the range down.
func (d *ppmdDecoder) take(start, size uint32) error {
	start *= d.rng
	d.low += start
	d.code -= start
	d.rng *= size
	for {
		if (d.low ^ (d.low + d.rng)) >= ppmdTop {
			if d.rng >= ppmdBot {
				return nil
			}
			d.rng = -d.low & (ppmdBot - 1)
		}
		if err := d.shift(); err != nil {
			return err
		}
		d.rng <<= 8
		d.low <<= 8
	}
}

func (d *ppmdDecoder) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil { // an offset outside of the memory
			n, err = 0, fmt.Errorf("%w: %v", errPPMd, v)
			d.err = err
		}
	}()
	for n < len(p) && d.err == nil {
		var c byte
		if c, d.err = d.symbol(); d.err == nil {
			p[n] = c
			n++
		}
		if d.clamped && d.m.exhausted {
			d.err = fmt.Errorf("memory of %d bytes: %w", d.declared, level.ErrLimit)
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

// symbol decodes one byte; io.EOF at the end mark.
func (d *ppmdDecoder) symbol() (byte, error) {
	m := d.m
	var symbol byte
	var found bool
	var err error
	d.masked = [256]bool{}
	if m.numStats(m.minContext) != 0 {
		symbol, found, err = d.listed()
	} else {
		symbol, found, err = d.single()
	}
	for !found && err == nil {
		symbol, found, err = d.escaped()
	}
	return symbol, err
}

// listed decodes in a context of several symbols.
func (d *ppmdDecoder) listed() (byte, bool, error) {
	m := d.m
	c := m.minContext
	s, total := m.stats(c), m.summ(c)
	count, err := d.threshold(total)
	if err != nil {
		return 0, false, err
	}
	high := m.freq(s)
	if count < high {
		err := d.take(0, high)
		m.found = s
		symbol := m.symbol(s)
		m.updateFirst()
		return symbol, true, err
	}
	m.prevSuccess = 0
	for range m.numStats(c) {
		s += ppmdState
		if high += m.freq(s); high > count {
			err := d.take(high-m.freq(s), m.freq(s))
			m.found = s
			symbol := m.symbol(s)
			m.updateLater()
			return symbol, true, err
		}
	}
	if count >= total {
		return 0, false, errPPMd
	}
	err = d.take(high, total-high)
	for range m.numStats(c) + 1 {
		d.masked[m.symbol(s)] = true
		s -= ppmdState
	}
	return 0, false, err
}

// single decodes in a context of one symbol.
func (d *ppmdDecoder) single() (byte, bool, error) {
	m := d.m
	c := m.minContext
	s := oneState(c)
	prob := &m.binSumm[m.nsIndex[m.freq(s)-1]][uint32(m.nsBSIndex[m.numStats(m.suffix(c))])+
		m.prevSuccess+m.flags(c)+uint32(m.runLength>>26)&0x20]
	mean := (*prob + 1<<(ppmdPeriodBits-2)) >> ppmdPeriodBits
	d.rng >>= ppmdIntBits + ppmdPeriodBits
	if d.rng == 0 {
		return 0, false, errPPMd
	}
	if d.code/d.rng < uint32(*prob) {
		err := d.take(0, uint32(*prob))
		*prob += 1<<ppmdIntBits - mean
		m.found = s
		symbol := m.symbol(s)
		m.updateSingle()
		return symbol, true, err
	}
	err := d.take(uint32(*prob), ppmdBinScale-uint32(*prob))
	*prob -= mean
	m.initEsc = uint32(ppmdExpEscape[*prob>>10])
	d.masked[m.symbol(s)] = true
	m.prevSuccess = 0
	return 0, false, err
}

// escaped decodes in the next shorter context that has further symbols.
func (d *ppmdDecoder) escaped() (byte, bool, error) {
	m := d.m
	before := m.numStats(m.minContext)
	for m.numStats(m.minContext) == before {
		m.orderFall++
		if m.suffix(m.minContext) == 0 {
			return 0, false, io.EOF
		}
		m.minContext = m.suffix(m.minContext)
	}
	c := m.minContext
	high := uint32(0)
	for i := range m.numStats(c) + 1 {
		if s := m.stats(c) + i*ppmdState; !d.masked[m.symbol(s)] {
			high += m.freq(s)
		}
	}
	see, total := m.escape(before)
	total += high
	count, err := d.threshold(total)
	switch {
	case err != nil:
		return 0, false, err
	case count >= total:
		return 0, false, errPPMd
	case count >= high:
		err := d.take(high, total-high)
		see.summ += uint16(total)
		for i := range m.numStats(c) + 1 {
			d.masked[m.symbol(m.stats(c)+i*ppmdState)] = true
		}
		return 0, false, err
	}
	s := m.stats(c)
	for high = 0; ; s += ppmdState {
		if d.masked[m.symbol(s)] {
			continue
		}
		if high += m.freq(s); high > count {
			break
		}
	}
	err = d.take(high-m.freq(s), m.freq(s))
	see.update()
	m.found = s
	symbol := m.symbol(s)
	m.updateEscaped()
	return symbol, true, err
}

// escape returns the estimate of an escape from the present context, and its
// frequency; before is how many symbols the context before has, less one.
func (m *ppmdModel) escape(before uint32) (*ppmdSee, uint32) {
	c := m.minContext
	n := m.numStats(c)
	if n == 255 {
		return &m.dummySee, 1
	}
	see := &m.see[m.nsIndex[n+2]-3][ppmdOne(m.summ(c) > 11*(n+1))+
		2*ppmdOne(2*n < m.numStats(m.suffix(c))+before)+m.flags(c)]
	r := see.summ >> see.shift
	see.summ -= r
	return see, uint32(r) + ppmdOne(r == 0)
}

// ppmdPerByte is more memory than the model needs for one byte of output.
const ppmdPerByte = 1 << 10

// openPPMd reads the two bytes before the stream, APPNOTE.TXT section 5.10.
// No more memory is taken than the output needs, whatever they say: what lies
// where matters only once the memory is exhausted.
func openPPMd(d *decoders, in *input.Bytes, h bodyHints) (bodyDecoder, error) {
	var own [2]byte
	if _, err := io.ReadFull(in, own[:]); err != nil {
		return nil, level.BodyError(input.NoEOF(err))
	}
	v := uint32(le.Uint16(own[:]))
	order, declared, restore := v&15+1, (int64(v>>4&0xff)+1)<<20, v>>12
	if order < 2 || restore > ppmdCutOff {
		return nil, fmt.Errorf("ppmd parameters %#04x: %w", v, level.ErrUnsupported)
	}
	size := min(declared, max(d.dictionary&^3, 1<<20))
	if h.limit >= 0 && h.limit < size/ppmdPerByte {
		size = min(size, h.limit*ppmdPerByte+1<<20)
	}
	m := ppmdModels.Get().(*ppmdModel)
	if need := size + ppmdBase + ppmdUnit; int64(len(m.mem)) < need {
		m.mem = make([]byte, need)
	}
	m.size = uint32(size)
	m.init(order, uint8(restore))
	dec := &ppmdDecoder{m: m, in: in, clamped: size < declared, declared: declared}
	if err := dec.start(); err != nil {
		ppmdModels.Put(m)
		return nil, level.BodyError(err)
	}
	return dec, nil
}

// ppmdModels are shared by all files, for none keeps its memory longer than one
// body takes: an archive in an archive must not hold what its folder holds too.
var ppmdModels = sync.Pool{New: func() any { return new(ppmdModel) }}

func (d *ppmdDecoder) Consumed() int64 { return d.in.At() }

func (d *ppmdDecoder) Release() {
	ppmdModels.Put(d.m)
	d.m = nil
	d.in.Release()
}
