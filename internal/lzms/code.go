package lzms

import (
	"encoding/binary"
	"slices"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// slot is a range of values: a symbol stands for its begin, and plain bits follow.
type slot struct {
	base uint32
	bits uint8
}

// run is a number of slots with as many bits each.
type run struct{ n, bits int }

// slotsOf makes slots from how many there are with each number of bits.
func slotsOf(runs ...run) []slot {
	var all []slot
	base := uint32(1)
	for _, r := range runs {
		for range r.n {
			all = append(all, slot{base, uint8(r.bits)})
			base += 1 << r.bits
		}
	}
	return all
}

var (
	offsetSlots = slotsOf(run{8, 0}, run{9, 2}, run{7, 3}, run{10, 4}, run{15, 5}, run{15, 6}, run{20, 7}, run{20, 8}, run{30, 9}, run{33, 10}, run{40, 11}, run{42, 12}, run{45, 13}, run{60, 14}, run{73, 15}, run{80, 16}, run{85, 17}, run{95, 18}, run{105, 19}, run{6, 20}, run{1, 30})
	lengthSlots = slotsOf(run{26, 0}, run{4, 1}, run{6, 2}, run{4, 3}, run{5, 4}, run{2, 5}, run{1, 6}, run{1, 7}, run{1, 8}, run{1, 9}, run{1, 10}, run{1, 16}, run{1, 30})
)

// maxSymbols is the most symbols that a code has.
const maxSymbols = 799

// bits are read backward, in units of 16, the highest bit of each first.
type bits struct {
	in   []byte
	acc  uint64
	n    uint // bits in acc, at its top
	over int  // units before the begin
}

// fill makes it 32 bits at least.
func (b *bits) fill() {
	for b.n <= 48 {
		if last := len(b.in) - 2; last >= 0 {
			b.acc |= uint64(binary.LittleEndian.Uint16(b.in[last:])) << (48 - b.n)
			b.in = b.in[:last]
		} else if b.n < 32 {
			b.over++
		} else {
			return
		}
		b.n += 16
	}
}

func (b *bits) take(n uint) uint32 {
	if b.n < 32 {
		b.fill()
	}
	v := uint32(b.acc >> 32 >> (32 - n))
	b.acc <<= n
	b.n -= n
	return v
}

// slot reads a value.
func (b *bits) slot(c *code, slots []slot) (uint32, bool) {
	s, ok := c.symbol(b)
	if !ok {
		return 0, false
	}
	return slots[s].base + b.take(uint(slots[s].bits)), true
}

// code is a Huffman code that follows what is met.
type code struct {
	symbols, every int // it is built anew after that many symbols
	left           int // until then
	seen           [maxSymbols]uint32
	decoder        huffman.Decoder

	// What building takes.
	sorted  [maxSymbols]uint32
	nodes   [maxSymbols]uint32 // their weights
	parents [maxSymbols]uint16
	depths  [maxSymbols]uint8
	lengths [maxSymbols]uint8
}

func (c *code) start(symbols, every int) {
	c.symbols, c.every = symbols, every
	for i := range symbols {
		c.seen[i] = 1
	}
	c.build()
}

func (c *code) symbol(b *bits) (int, bool) {
	if b.n < 32 {
		b.fill()
	}
	s, n := c.decoder.Decode(uint32(b.acc >> 48))
	if s < 0 {
		return 0, false
	}
	b.acc <<= n
	b.n -= uint(n)
	c.seen[s]++
	if c.left--; c.left == 0 {
		c.build()
		for i := range c.seen[:c.symbols] {
			c.seen[i] = c.seen[i]>>1 + 1
		}
	}
	return s, true
}

// symbolBits is the width of a symbol in sorted, below its frequency.
const symbolBits = 10

// build makes the code that Huffman's algorithm gives if of two that weigh the same a
// leaf goes first. Shorter codes go to symbols that were met more often, and of those
// that were met as often to higher ones.
func (c *code) build() {
	c.left = c.every
	n := c.symbols
	for s, f := range c.seen[:n] {
		c.sorted[s] = f<<symbolBits | uint32(s)
	}
	slices.Sort(c.sorted[:n])
	clear(c.lengths[:])
	if n == 1 {
		c.lengths[0], c.lengths[1] = 1, 1
	} else if n > 1 {
		c.measure(n)
	}
	// The lengths are those of a tree, so there is no code that is refused.
	_ = c.decoder.Init(c.lengths[:max(n, 2)])
}

// measure finds the lengths of n codes.
func (c *code) measure(n int) {
	leaf, node := 0, 0
	var ofLeaves [maxSymbols]uint16 // how many leaves a node has
	for made := range n - 1 {
		weight := uint32(0)
		ofLeaves[made] = 0
		for range 2 {
			if leaf < n && (node == made || c.sorted[leaf]>>symbolBits <= c.nodes[node]) {
				weight += c.sorted[leaf] >> symbolBits
				ofLeaves[made]++
				leaf++
			} else {
				weight += c.nodes[node]
				c.parents[node] = uint16(made)
				node++
			}
		}
		c.nodes[made] = weight
	}
	var counts [huffman.MaxLength + 1]int
	c.depths[n-2] = 0
	for i := n - 2; i >= 0; i-- {
		if i < n-2 {
			c.depths[i] = c.depths[c.parents[i]] + 1
		}
		counts[min(c.depths[i]+1, huffman.MaxLength)] += int(ofLeaves[i])
	}
	at := 0
	for length := huffman.MaxLength; length > 0; length-- {
		for range counts[length] {
			c.lengths[c.sorted[at]&(1<<symbolBits-1)] = uint8(length)
			at++
		}
	}
}
