// Package huffman reads bits, and canonical Huffman codes of them: the highest bit
// of a byte first, as LHA, ARJ and RAR have them, or the lowest, as deflate has.
//
// # Security
//
// Lengths come from the input. A code that is over-subscribed is refused; one that
// is incomplete is taken, and the bits that no symbol has decode to nothing.
// Building costs time in proportion to the symbols, not to the longest code.
package huffman

import "errors"

// ErrLengths says that more codes were given than there can be.
var ErrLengths = errors.New("over-subscribed Huffman code")

// MaxLength is the longest code, MaxSymbols the most symbols.
const (
	MaxLength  = 16
	MaxSymbols = 1 << 12
)

// fast is the length up to which a code is found by one look.
const fast = 9

// Decoder is one code. The zero value decodes nothing.
type Decoder struct {
	table  [1 << fast]uint16 // symbol<<4 | length; 0: longer or none
	first  [MaxLength + 2]uint32
	count  [MaxLength + 2]uint32
	offset [MaxLength + 2]uint32
	sorted []uint16 // symbols by length, then by value
	single int      // one more than the symbol of a code without bits, 0 if it is not one
}

// Init builds the code from the length of each symbol's code, 0 for none. It may
// fail with ErrLengths; if there are no more than MaxSymbols lengths and none above
// MaxLength, the shorter ones of the codes that are too many can be decoded even so.
func (d *Decoder) Init(lengths []byte) error {
	d.single = 0
	d.sorted = d.sorted[:0]
	clear(d.count[:])
	if len(lengths) > MaxSymbols {
		return ErrLengths
	}
	for _, n := range lengths {
		if n > MaxLength {
			return ErrLengths
		}
		d.count[n]++
	}
	d.count[0] = 0
	var err error
	code, total := uint32(0), uint32(0)
	for n := 1; n <= MaxLength; n++ {
		code <<= 1
		d.first[n], d.offset[n] = code, total
		code += d.count[n]
		total += d.count[n]
		if code > 1<<n {
			err = ErrLengths
		}
	}
	d.sort(lengths, int(total))
	d.fill()
	return err
}

// sort puts the symbols in the order of their codes.
func (d *Decoder) sort(lengths []byte, total int) {
	if cap(d.sorted) < total {
		d.sorted = make([]uint16, total)
	}
	d.sorted = d.sorted[:total]
	next := d.offset
	for s, n := range lengths {
		if n > 0 {
			d.sorted[next[n]] = uint16(s)
			next[n]++
		}
	}
}

// fill makes the table of the short codes, which come in order.
func (d *Decoder) fill() {
	at := 0
	for n := 1; n <= fast; n++ {
		for _, s := range d.sorted[d.offset[n] : d.offset[n]+d.count[n]] {
			end := min(at+1<<(fast-n), len(d.table))
			for ; at < end; at++ {
				d.table[at] = s<<4 | uint16(n)
			}
		}
	}
	clear(d.table[at:])
}

// InitSingle makes a code of one symbol that takes no bits.
func (d *Decoder) InitSingle(symbol int) {
	*d = Decoder{sorted: d.sorted[:0], single: symbol + 1}
}

// Decode returns the symbol that the next 16 bits begin with, and how many bits
// it takes; a negative symbol if there is none.
func (d *Decoder) Decode(next uint32) (symbol int, bits uint) {
	if e := d.table[next>>(16-fast)&(1<<fast-1)]; e != 0 {
		return int(e >> 4), uint(e & 15)
	}
	if len(d.sorted) == 0 {
		return d.single - 1, 0
	}
	for n := uint(fast + 1); n <= MaxLength; n++ {
		if i := next>>(16-n) - d.first[n]; i < d.count[n] {
			return int(d.sorted[d.offset[n]+i]), n
		}
	}
	return -1, 0
}
