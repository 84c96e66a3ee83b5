package lha

import "github.com/fivefifty/fivefifty/internal/huffman"

// Numbers of the dynamic code.
const (
	dynChars = 314            // literals, and lengths from 3 to 60
	dynNodes = 2*dynChars - 1 // of the largest tree
	dynMax   = 0x8000         // frequency of the root at which all are halved

	// lateChars are the literals and lengths of LHA's second and third methods. The last
	// one is followed by eight bits of what is above.
	lateChars = 286
)

// dynamic decodes literals and lengths with a Huffman tree that follows their
// frequencies.
//
// Nodes are sorted by frequency. son is a node's left child, the right one stands
// behind it; a leaf has its symbol plus dynNodes.
type dynamic struct {
	in     *huffman.Bits
	chars  int
	root   int16
	freq   [dynNodes + 1]uint16
	parent [dynNodes + dynChars]int16
	son    [dynNodes]int16
}

func newDynamic(in *huffman.Bits, chars int) *dynamic {
	d := &dynamic{in: in, chars: chars, root: int16(2*chars - 2)}
	for i := range chars {
		d.freq[i] = 1
		d.son[i] = int16(i + dynNodes)
		d.parent[i+dynNodes] = int16(i)
	}
	for i, j := 0, chars; j <= int(d.root); i, j = i+2, j+1 {
		d.freq[j] = d.freq[i] + d.freq[i+1]
		d.son[j] = int16(i)
		d.parent[i], d.parent[i+1] = int16(j), int16(j)
	}
	d.freq[d.root+1] = 0xffff
	return d
}

// lh1 decodes the upper six bits of a position with a fixed code.
type lh1 struct {
	*dynamic
	upper huffman.Decoder
}

func newLH1(in *huffman.Bits) *lh1 {
	d := &lh1{dynamic: newDynamic(in, dynChars)}
	var lengths [64]byte
	for i := range lengths {
		switch {
		case i < 1:
			lengths[i] = 3
		case i < 4:
			lengths[i] = 4
		case i < 12:
			lengths[i] = 5
		case i < 24:
			lengths[i] = 6
		case i < 48:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	_ = d.upper.Init(lengths[:]) // a complete code
	return d
}

// symbol decodes a literal or a length.
func (d *dynamic) symbol() int {
	c := d.son[d.root]
	for c < dynNodes {
		c = d.son[c+int16(d.in.Take(1))]
	}
	c -= dynNodes
	d.update(int(c))
	return int(c)
}

func (d *lh1) step() (byte, int, int, bool) {
	c := d.symbol()
	if c < 256 {
		return byte(c), 0, 0, true
	}
	upper, ok := d.in.Symbol(&d.upper)
	if !ok {
		return 0, 0, 0, false
	}
	return 0, c - 256 + minMatch, upper<<6 + int(d.in.Take(6)) + 1, true
}

// update counts a symbol and moves the nodes above it to where they belong now.
func (d *dynamic) update(symbol int) {
	if d.freq[d.root] == dynMax {
		d.halve()
	}
	c := d.parent[symbol+dynNodes]
	for {
		d.freq[c]++
		k := d.freq[c]
		if l := c + 1; k > d.freq[l] {
			for k > d.freq[l+1] {
				l++
			}
			d.freq[c], d.freq[l] = d.freq[l], k
			i, j := d.son[c], d.son[l]
			d.adopt(i, l)
			d.adopt(j, c)
			d.son[l], d.son[c] = i, j
			c = l
		}
		if c = d.parent[c]; c == 0 {
			return
		}
	}
}

// adopt makes a node the parent of the pair or the leaf son.
func (d *dynamic) adopt(son, parent int16) {
	d.parent[son] = parent
	if son < dynNodes {
		d.parent[son+1] = parent
	}
}

// halve halves all frequencies and builds the tree anew.
func (d *dynamic) halve() {
	j := 0
	nodes := int(d.root) + 1
	for i := range nodes {
		if d.son[i] >= dynNodes {
			d.freq[j] = (d.freq[i] + 1) / 2
			d.son[j] = d.son[i]
			j++
		}
	}
	for i, j := 0, d.chars; j < nodes; i, j = i+2, j+1 {
		f := d.freq[i] + d.freq[i+1]
		k := j
		for k > 0 && f < d.freq[k-1] {
			k--
		}
		copy(d.freq[k+1:j+1], d.freq[k:j])
		copy(d.son[k+1:j+1], d.son[k:j])
		d.freq[k], d.son[k] = f, int16(i)
	}
	for i := range nodes {
		d.adopt(d.son[i], int16(i))
	}
}
