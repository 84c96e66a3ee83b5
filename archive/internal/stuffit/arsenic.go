package stuffit

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// model is an adaptive model of symbols for the arithmetic decoder.
type model struct {
	first  int // symbol
	step   int // of a frequency
	limit  int // of the sum
	sum    int
	counts []int
}

func newModel(first, last, step, limit int) *model {
	m := &model{first: first, step: step, limit: limit, counts: make([]int, last-first+1)}
	m.reset()
	return m
}

func (m *model) reset() {
	m.sum = m.step * len(m.counts)
	for i := range m.counts {
		m.counts[i] = m.step
	}
}

// met counts a symbol.
func (m *model) met(i int) {
	m.counts[i] += m.step
	if m.sum += m.step; m.sum <= m.limit {
		return
	}
	m.sum = 0
	for i := range m.counts {
		m.counts[i] = (m.counts[i] + 1) >> 1
		m.sum += m.counts[i]
	}
}

// Numbers of the arithmetic decoder.
const (
	codeBits = 26
	codeOne  = 1 << (codeBits - 1)
	codeHalf = 1 << (codeBits - 2)
)

// Symbols of the selector.
const (
	selTwice = 1  // and 0: the length of a run, in a number of base two without zeros
	selOne   = 2  // the byte behind the first of the list
	selEnd   = 10 // of a block; those before choose the model of a place in the list
)

// unarsenic decodes method 15: a transform of Burrows and Wheeler, its output moved to
// the front of a list, and an arithmetic coder.
type unarsenic struct {
	bits     huffman.Bits
	code     int
	scale    int
	initial  *model // of flags and numbers
	selector *model
	places   [7]*model
	most     int              // bytes of a block that may be held
	ended    func(crc uint32) // takes the checksum of all bytes, at the end

	width  int      // bits of a place in a block
	block  []uint32 // the bytes, and above them the way through the block
	at     uint32
	left   int // bytes of the block to come
	last   bool
	random bool
	place  int // of the next byte that was changed
	index  int // in shuffle
	done   int // bytes of the block
	byte   byte
	run    int
	repeat int
	err    error
}

// newArsenic decodes one stream. No more than so many bytes are held at once.
func newArsenic(r io.ByteReader, memory int64, ended func(crc uint32)) *unarsenic {
	z := &unarsenic{most: int(min(memory/4, 1<<24)), ended: ended, scale: codeOne}
	z.bits.R = r
	z.code = int(z.bits.Take(codeBits-8))<<8 | int(z.bits.Take(8))
	z.initial, z.selector = newModel(0, 1, 1, 256), newModel(0, selEnd, 8, 1024)
	for i, step := range [...]int{8, 4, 4, 4, 2, 2, 1} {
		z.places[i] = newModel(2<<i, 4<<i-1, step, 1024)
	}
	if z.number(8) != 'A' || z.number(8) != 's' {
		z.fail()
		return z
	}
	z.width = z.number(4) + 9
	z.last = z.symbol(z.initial) == 1
	return z
}

func (z *unarsenic) fail() {
	if z.err == nil {
		z.err = z.bits.Fault(errStream)
	}
}

// symbol decodes the next symbol of a model.
func (z *unarsenic) symbol(m *model) int {
	unit := z.scale / m.sum
	want, low, i := z.code/unit, 0, 0
	for ; i < len(m.counts)-1 && low+m.counts[i] <= want; i++ {
		low += m.counts[i]
	}
	z.code -= unit * low
	if low+m.counts[i] == m.sum {
		z.scale -= unit * low
	} else {
		z.scale = unit * m.counts[i]
	}
	for z.scale <= codeHalf {
		z.scale <<= 1
		z.code = z.code<<1 | int(z.bits.Take(1))
	}
	m.met(i)
	return m.first + i
}

// number decodes some bits, the lowest first.
func (z *unarsenic) number(bits int) (n int) {
	for i := range bits {
		n |= z.symbol(z.initial) << i
	}
	return n
}

func (z *unarsenic) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if z.repeat > 0 {
			p[n] = z.byte
			n++
			z.repeat--
			continue
		}
		if z.left == 0 {
			if n > 0 || z.err != nil {
				break
			}
			z.next()
			continue
		}
		b := z.step()
		switch {
		case z.run == 4:
			z.run, z.repeat = 0, int(b)
			continue
		case b == z.byte:
			z.run++
		default:
			z.byte, z.run = b, 1
		}
		p[n] = b
		n++
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}

// next decodes the next block, or ends.
func (z *unarsenic) next() {
	switch {
	case z.last:
		z.err = io.EOF
	case !z.readBlock():
		z.fail()
	}
}

// step returns the next byte of the block.
func (z *unarsenic) step() byte {
	z.at = z.block[z.at] >> 8
	b := byte(z.block[z.at])
	if z.random && z.place == z.done {
		b ^= 1
		z.index = (z.index + 1) & 0xff
		z.place += int(shuffle[z.index])
	}
	z.done++
	z.left--
	return b
}

// readBlock decodes a block, up to its transform.
func (z *unarsenic) readBlock() bool {
	z.random = z.symbol(z.initial) == 1
	z.at = uint32(z.number(z.width))
	z.block = z.block[:0]
	var list [256]byte
	for i := range list {
		list[i] = byte(i)
	}
	for {
		s := z.symbol(z.selector)
		for weight := 1; s <= selTwice; weight *= 2 {
			run := weight << s
			if !z.room(run) {
				return false
			}
			for range run {
				z.block = append(z.block, uint32(list[0]))
			}
			s = z.symbol(z.selector)
		}
		at := 1
		switch {
		case z.bits.Short():
			return false
		case s == selEnd:
			return z.finish()
		case s > selOne:
			at = z.symbol(z.places[s-selOne-1])
		}
		if !z.room(1) {
			return false
		}
		b := list[at]
		copy(list[1:at+1], list[:at])
		list[0] = b
		z.block = append(z.block, uint32(b))
	}
}

// room says whether a block can take some more bytes.
func (z *unarsenic) room(n int) bool {
	switch have := len(z.block); {
	case z.bits.Short() || have+n > 1<<z.width:
		return false
	case have+n > z.most:
		z.err = fmt.Errorf("block: %w", level.ErrLimit)
		return false
	}
	return true
}

// finish reads what follows a block, and makes the way through it.
func (z *unarsenic) finish() bool {
	if int(z.at) >= len(z.block) {
		return false
	}
	z.selector.reset()
	for _, m := range z.places {
		m.reset()
	}
	if z.symbol(z.initial) == 1 {
		z.last = true
		z.ended(uint32(z.number(32)))
	}
	var from [256]int
	for _, b := range z.block {
		from[b]++
	}
	sum := 0
	for i, n := range from {
		from[i] = sum
		sum += n
	}
	for i, v := range z.block {
		b := byte(v)
		z.block[from[b]] |= uint32(i) << 8
		from[b]++
	}
	z.left, z.done, z.byte, z.run = len(z.block), 0, 0, 0
	z.index, z.place = 0, int(shuffle[0])
	return !z.bits.Short()
}

// shuffle has the distances of the bytes that a randomised block changes.
var shuffle = [256]uint16{
	0xee, 0x56, 0xf8, 0xc3, 0x9d, 0x9f, 0xae, 0x2c, 0xad, 0xcd, 0x24, 0x9d, 0xa6, 0x101, 0x18, 0xb9,
	0xa1, 0x82, 0x75, 0xe9, 0x9f, 0x55, 0x66, 0x6a, 0x86, 0x71, 0xdc, 0x84, 0x56, 0x96, 0x56, 0xa1,
	0x84, 0x78, 0xb7, 0x32, 0x6a, 0x3, 0xe3, 0x2, 0x11, 0x101, 0x8, 0x44, 0x83, 0x100, 0x43, 0xe3,
	0x1c, 0xf0, 0x86, 0x6a, 0x6b, 0xf, 0x3, 0x2d, 0x86, 0x17, 0x7b, 0x10, 0xf6, 0x80, 0x78, 0x7a,
	0xa1, 0xe1, 0xef, 0x8c, 0xf6, 0x87, 0x4b, 0xa7, 0xe2, 0x77, 0xfa, 0xb8, 0x81, 0xee, 0x77, 0xc0,
	0x9d, 0x29, 0x20, 0x27, 0x71, 0x12, 0xe0, 0x6b, 0xd1, 0x7c, 0xa, 0x89, 0x7d, 0x87, 0xc4, 0x101,
	0xc1, 0x31, 0xaf, 0x38, 0x3, 0x68, 0x1b, 0x76, 0x79, 0x3f, 0xdb, 0xc7, 0x1b, 0x36, 0x7b, 0xe2,
	0x63, 0x81, 0xee, 0xc, 0x63, 0x8b, 0x78, 0x38, 0x97, 0x9b, 0xd7, 0x8f, 0xdd, 0xf2, 0xa3, 0x77,
	0x8c, 0xc3, 0x39, 0x20, 0xb3, 0x12, 0x11, 0xe, 0x17, 0x42, 0x80, 0x2c, 0xc4, 0x92, 0x59, 0xc8,
	0xdb, 0x40, 0x76, 0x64, 0xb4, 0x55, 0x1a, 0x9e, 0xfe, 0x5f, 0x6, 0x3c, 0x41, 0xef, 0xd4, 0xaa,
	0x98, 0x29, 0xcd, 0x1f, 0x2, 0xa8, 0x87, 0xd2, 0xa0, 0x93, 0x98, 0xef, 0xc, 0x43, 0xed, 0x9d,
	0xc2, 0xeb, 0x81, 0xe9, 0x64, 0x23, 0x68, 0x1e, 0x25, 0x57, 0xde, 0x9a, 0xcf, 0x7f, 0xe5, 0xba,
	0x41, 0xea, 0xea, 0x36, 0x1a, 0x28, 0x79, 0x20, 0x5e, 0x18, 0x4e, 0x7c, 0x8e, 0x58, 0x7a, 0xef,
	0x91, 0x2, 0x93, 0xbb, 0x56, 0xa1, 0x49, 0x1b, 0x79, 0x92, 0xf3, 0x58, 0x4f, 0x52, 0x9c, 0x2,
	0x77, 0xaf, 0x2a, 0x8f, 0x49, 0xd0, 0x99, 0x4d, 0x98, 0x101, 0x60, 0x93, 0x100, 0x75, 0x31, 0xce,
	0x49, 0x20, 0x56, 0x57, 0xe2, 0xf5, 0x26, 0x2b, 0x8a, 0xbf, 0xde, 0xd0, 0x83, 0x34, 0xf4, 0x17,
}
