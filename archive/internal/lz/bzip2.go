package lz

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Bzip2 decodes bzip2 as other formats than its own have it: without the stream's
// header, with blocks that begin with another mark, and without checksums or
// randomised blocks. Its memory grows with a block, not with what a header says.
type Bzip2 struct {
	marks  Bzip2Marks
	bits   huffman.Bits
	codes  [bzGroups]bzCode
	choice []byte   // which of codes is for each run of symbols
	block  []uint32 // the bytes, and above them the way through the block
	at     uint32   // next place of block
	left   int      // places of block that are not used yet
	last   byte     // byte of the present run
	run    int      // bytes of it so far; after four a count follows
	repeat int      // of last, still to be written
	err    error
}

// Bounds of bzip2.
const (
	bzBlock     = 900_000 // bytes of a block
	bzGroups    = 6       // codes of a block
	bzGroupRun  = 50      // symbols by one code
	bzSelectors = 18_002  // that a block can use
	bzMaxLength = 20      // bits of a code
)

var errBzip2 = errors.New("bzip2: corrupt block")

// Bzip2Marks are what a block and the end of a stream begin with.
type Bzip2Marks struct {
	Block, End string
	Framed     bool // as in bzip2's own format: a header, and a checksum and one bit more for each block
}

// Marks in the field: of NSIS (Source/bzip2/decompress.c there), and of ALZip.
var (
	Bzip2NSIS  = Bzip2Marks{Block: "\x31", End: "\x17"}
	Bzip2ALZip = Bzip2Marks{Block: "DLZ\x01", End: "DLZ\x02"}
	Bzip2Plain = Bzip2Marks{Block: "1AY&SY", End: "\x17\x72\x45\x38\x50\x90", Framed: true}
)

// NewBzip2 decodes one stream.
func NewBzip2(r io.ByteReader, marks Bzip2Marks) *Bzip2 {
	d := &Bzip2{marks: marks}
	d.bits.R = r
	if marks.Framed && (d.bits.Take(24) != 'B'<<16|'Z'<<8|'h' || d.bits.Take(8) == 0) {
		d.err = errBzip2
	}
	return d
}

func (d *Bzip2) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if d.repeat > 0 {
			p[n] = d.last
			n, d.repeat = n+1, d.repeat-1
			continue
		}
		if d.left == 0 {
			if d.err == nil && n == 0 {
				d.err = d.readBlock()
			}
			if d.err != nil || n > 0 {
				break
			}
			continue
		}
		c := d.step()
		switch {
		case d.run == 4:
			d.repeat, d.run = int(c), 0
		case d.run > 0 && c == d.last:
			d.run++
			p[n] = c
			n++
		default:
			d.last, d.run = c, 1
			p[n] = c
			n++
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

// step takes the next byte of the block.
func (d *Bzip2) step() byte {
	v := d.block[d.at]
	d.at = v >> 8
	d.left--
	return byte(v)
}

// readBlock decodes the next block, up to the transform of Burrows and Wheeler.
func (d *Bzip2) readBlock() error {
	mark := make([]byte, 0, 8)
	for range len(d.marks.Block) {
		mark = append(mark, byte(d.bits.Take(8)))
	}
	switch {
	case d.bits.Short():
		return d.bits.Fault(errBzip2)
	case string(mark) == d.marks.End:
		return io.EOF
	case string(mark) != d.marks.Block:
		return errBzip2
	case d.marks.Framed:
		d.bits.Take(16) // of the checksum
		d.bits.Take(16)
		if d.bits.Take(1) != 0 {
			return errBzip2 // randomised, as no program has written since 1997
		}
	}
	origin := d.bits.Take(24)
	used := d.readUsed()
	if len(used) == 0 || !d.readChoice() || !d.readCodes(len(used)+2) {
		return d.bits.Fault(errBzip2)
	}
	var counts [256]uint32
	if !d.readSymbols(used, &counts) || d.bits.Short() || int(origin) >= len(d.block) {
		return d.bits.Fault(errBzip2)
	}
	d.invert(&counts)
	d.at, d.left, d.run = d.block[origin]>>8, len(d.block), 0
	return nil
}

// readUsed reads which bytes occur.
func (d *Bzip2) readUsed() (used []byte) {
	groups := d.bits.Take(16)
	for i := range 16 {
		if groups>>(15-i)&1 == 0 {
			continue
		}
		set := d.bits.Take(16)
		for k := range 16 {
			if set>>(15-k)&1 != 0 {
				used = append(used, byte(i*16+k))
			}
		}
	}
	return used
}

// readChoice reads the number of codes, and which of them is for each run.
func (d *Bzip2) readChoice() bool {
	groups, count := int(d.bits.Take(3)), int(d.bits.Take(15))
	if groups < 2 || groups > bzGroups || count == 0 {
		return false
	}
	order := [bzGroups]byte{0, 1, 2, 3, 4, 5}
	d.choice = d.choice[:0]
	for range count {
		k := 0
		for d.bits.Take(1) == 1 {
			if k++; k == groups {
				return false
			}
		}
		c := order[k]
		copy(order[1:k+1], order[:k])
		order[0] = c
		if len(d.choice) < bzSelectors {
			d.choice = append(d.choice, c)
		}
	}
	for i := range d.codes {
		d.codes[i].there = i < groups
	}
	return !d.bits.Short()
}

// readCodes reads the lengths of the codes, each as a difference to the one before.
func (d *Bzip2) readCodes(symbols int) bool {
	var lengths [258]byte
	for i := range d.codes {
		if !d.codes[i].there {
			break
		}
		n := int(d.bits.Take(5))
		for k := range symbols {
			for {
				if n < 1 || n > bzMaxLength {
					return false
				}
				if d.bits.Take(1) == 0 {
					break
				}
				n += 1 - 2*int(d.bits.Take(1))
			}
			lengths[k] = byte(n)
		}
		d.codes[i].init(lengths[:symbols])
	}
	return !d.bits.Short()
}

// readSymbols decodes the block's bytes: runs of the byte in front of the list, and
// places in it.
func (d *Bzip2) readSymbols(list []byte, counts *[256]uint32) bool {
	d.block = d.block[:0]
	end := len(list) + 1
	run, weight := 0, 1
	for n := 0; ; n++ {
		if n/bzGroupRun >= len(d.choice) {
			return false
		}
		s, ok := d.codes[d.choice[n/bzGroupRun]].next(&d.bits)
		if !ok || d.bits.Short() {
			return false
		}
		if s < 2 {
			run, weight = run+weight<<s, weight<<1
			if run > bzBlock {
				return false
			}
			continue
		}
		if len(d.block)+run > bzBlock {
			return false
		}
		d.room(run)
		for ; run > 0; run-- {
			d.block = append(d.block, uint32(list[0]))
			counts[list[0]]++
		}
		weight = 1
		if s == end {
			return true
		}
		if len(d.block) == bzBlock {
			return false
		}
		c := list[s-1]
		copy(list[1:s], list[:s-1])
		list[0] = c
		d.room(1)
		d.block = append(d.block, uint32(c))
		counts[c]++
	}
}

// room makes room for n more bytes of a block. One that is not small may be of any
// length: it gets all the room that there can be, and no steps in between.
func (d *Bzip2) room(n int) {
	const small = 16 << 10
	if need := len(d.block) + n; need > cap(d.block) {
		size := small
		if need > small {
			size = bzBlock
		}
		d.block = append(make([]uint32, 0, size), d.block...)
	}
}

// invert undoes the transform: above each byte comes the place of the one that
// follows it.
func (d *Bzip2) invert(counts *[256]uint32) {
	sum := uint32(0)
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
	for i, v := range d.block {
		c := byte(v)
		d.block[counts[c]] |= uint32(i) << 8
		counts[c]++
	}
}

// bzCode is a canonical prefix code with lengths up to 20.
type bzCode struct {
	there   bool
	limit   [bzMaxLength + 1]int32 // the last code of each length; -1 if there is none
	base    [bzMaxLength + 1]int32 // what to take off for a place in symbols
	symbols [258]uint16            // by code
	count   int32
}

func (c *bzCode) init(lengths []byte) {
	c.count = 0
	code := int32(0)
	for n := 1; n <= bzMaxLength; n++ {
		c.base[n] = code - c.count
		for s, l := range lengths {
			if int(l) == n {
				c.symbols[c.count] = uint16(s)
				c.count++
				code++
			}
		}
		c.limit[n] = code - 1
		code <<= 1
	}
}

func (c *bzCode) next(bits *huffman.Bits) (symbol int, ok bool) {
	v := int32(bits.Peek(bzMaxLength))
	for n := 1; n <= bzMaxLength; n++ {
		code := v >> (bzMaxLength - n)
		if code > c.limit[n] {
			continue
		}
		i := code - c.base[n]
		bits.Take(uint(n))
		if i < 0 || i >= c.count {
			return 0, false
		}
		return int(c.symbols[i]), true
	}
	return 0, false
}
