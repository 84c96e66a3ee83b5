// Package quantum decodes Quantum as cabinets hold it: frames of 32 KiB, each with
// an arithmetic coder of its own, over models and a window that go on.
//
// The source is M. Russotto's description of the format, and what libmspack's
// comments say of it.
//
// # Security
//
// All input is hostile. The window is at most 2 MiB, checked before it is
// allocated. What was decoded before an error is returned. A Decoder is for one
// goroutine.
package quantum

import (
	"bytes"
	"errors"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// ErrCorrupt is any fault of the data.
var ErrCorrupt = errors.New("corrupt Quantum stream")

// FrameSize is the number of bytes in a frame but the last.
const FrameSize = 32 << 10

// Bounds of the window's logarithm.
const (
	MinBits = 10
	MaxBits = 21
)

// count is a symbol and the sum of the frequencies from it on.
type count struct {
	symbol, sum uint16
}

// model is the statistics of one kind of symbols. Behind its entries there is one
// more whose sum is 0.
type model struct {
	counts  []count
	toSort  int // halvings until the symbols are sorted
	scratch [65]count
}

// Numbers of the models.
const (
	step      = 8    // what a symbol's frequency gains
	most      = 3800 // sum at which all are halved
	firstSort = 4
	laterSort = 50
)

func (m *model) init(start, n int) {
	m.counts = m.scratch[:n+1]
	m.toSort = firstSort
	for i := range m.counts {
		m.counts[i] = count{uint16(start + i), uint16(n - i)}
	}
}

// halve halves the frequencies, and sorts the symbols now and then.
func (m *model) halve() {
	c := m.counts
	n := len(c) - 1
	if m.toSort--; m.toSort > 0 {
		for i := n - 1; i >= 0; i-- {
			c[i].sum >>= 1
			c[i].sum = max(c[i].sum, c[i+1].sum+1)
		}
		return
	}
	m.toSort = laterSort
	for i := range n {
		c[i].sum = (c[i].sum - c[i+1].sum + 1) >> 1
	}
	// The order of equals matters: this is the packer's way to sort.
	for i := range n {
		for j := i + 1; j < n; j++ {
			if c[i].sum < c[j].sum {
				c[i], c[j] = c[j], c[i]
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		c[i].sum += c[i+1].sum
	}
}

// Decoder keeps what goes on from frame to frame.
type Decoder struct {
	win  []byte
	bits int // window's logarithm
	w    int
	seen int64

	selector       model
	literals       [4]model
	three, four    model // positions of matches of these lengths
	lengths, other model // lengths above, and their positions

	pending, distance int // a match that did not fit into the frame

	in             huffman.Bits
	high, low, cur uint16
}

// New returns a decoder for a window of 1<<bits bytes.
func New(bits int) (*Decoder, error) {
	if bits < MinBits || bits > MaxBits {
		return nil, ErrCorrupt
	}
	d := &Decoder{win: make([]byte, 1<<bits), bits: bits}
	d.Reset()
	return d, nil
}

// Reset forgets all but the allocations.
func (d *Decoder) Reset() {
	d.w, d.seen, d.pending = 0, 0, 0
	d.selector.init(0, 7)
	for i := range d.literals {
		d.literals[i].init(64*i, 64)
	}
	d.three.init(0, min(2*d.bits, 24))
	d.four.init(0, min(2*d.bits, 36))
	d.other.init(0, 2*d.bits)
	d.lengths.init(0, len(lengthBase))
}

// Lengths above four: base values less five, and how many bits follow.
var (
	lengthBase = [27]int{0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 18, 22, 26, 30, 38, 46, 54, 62, 78, 94, 110, 126, 158, 190, 222, 254}
	lengthBits = [27]uint{6: 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// Frame decodes one frame from in to out, whose length is that of the decoded
// frame. It returns how many bytes were decoded.
func (d *Decoder) Frame(out, in []byte) (int, error) {
	d.in.Reset(bytes.NewReader(in))
	d.high, d.low = 0xffff, 0
	d.cur = uint16(d.in.Take(16))
	for n := range out {
		if d.pending == 0 {
			b, literal, err := d.next()
			if err != nil {
				return n, err
			}
			if literal {
				out[n] = d.put(b)
				continue
			}
		}
		d.pending--
		out[n] = d.put(d.win[(d.w-d.distance)&(len(d.win)-1)])
	}
	return len(out), nil
}

func (d *Decoder) put(b byte) byte {
	d.win[d.w] = b
	d.w = (d.w + 1) & (len(d.win) - 1)
	d.seen++
	return b
}

// next decodes a literal or a match.
func (d *Decoder) next() (b byte, literal bool, err error) {
	selector := d.symbol(&d.selector)
	if selector < 4 {
		b = byte(d.symbol(&d.literals[selector]))
		return b, true, d.fault()
	}
	length, positions := 3, &d.three
	switch selector {
	case 5:
		length, positions = 4, &d.four
	case 6:
		s := d.symbol(&d.lengths)
		length = lengthBase[s] + 5 + int(d.in.Take(lengthBits[s]))
		positions = &d.other
	}
	s := d.symbol(positions)
	d.distance = s + 1
	if s >= 4 {
		bits := uint(s/2 - 1)
		d.distance = (2|s&1)<<bits + int(d.in.Take(bits)) + 1
	}
	if int64(d.distance) > min(d.seen, int64(len(d.win))) {
		return 0, false, ErrCorrupt
	}
	d.pending = length
	return 0, false, d.fault()
}

// fault says that the input ended long ago: the coder looks 16 bits ahead, and
// packers cut zeros off.
func (d *Decoder) fault() error {
	if d.in.Over() > 64 {
		return ErrCorrupt
	}
	return nil
}

// symbol decodes a symbol and counts it.
func (d *Decoder) symbol(m *model) int {
	c := m.counts
	size := uint32(d.high-d.low) + 1
	total := uint32(c[0].sum)
	at := ((uint32(d.cur-d.low)+1)*total - 1) / size
	i := 1
	for i < len(c)-1 && uint32(c[i].sum) > at {
		i++
	}
	s := int(c[i-1].symbol)
	d.high = d.low + uint16(uint32(c[i-1].sum)*size/total) - 1
	d.low += uint16(uint32(c[i].sum) * size / total)
	for i--; i >= 0; i-- {
		c[i].sum += step
	}
	if c[0].sum > most {
		m.halve()
	}
	for range 1 << 16 { // ends when the bounds differ in their first bits
		if (d.low^d.high)&0x8000 != 0 {
			if d.low&0x4000 == 0 || d.high&0x4000 != 0 {
				break
			}
			d.cur ^= 0x4000
			d.low &= 0x3fff
			d.high |= 0x4000
		}
		d.low <<= 1
		d.high = d.high<<1 | 1
		d.cur = d.cur<<1 | uint16(d.in.Take(1))
		if d.low == 0 && d.high == 0xffff {
			break
		}
	}
	return s
}
