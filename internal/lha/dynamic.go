package lha

import "github.com/fivefifty/fivefifty/internal/huffman"

// Numbers of the dynamic code.
const (
	dynChars = 314            // literals, and lengths from 3 to 60
	dynNodes = 2*dynChars - 1 // of the tree
	dynRoot  = dynNodes - 1
	dynMax   = 0x8000 // frequency of the root at which all are halved
)

// dynamic decodes literals and lengths with a Huffman tree that follows their
// frequencies, and the upper six bits of a position with a fixed code.
//
// Nodes are sorted by frequency. son is a node's left child, the right one stands
// behind it; a leaf has its symbol plus dynNodes.
type dynamic struct {
	in     *huffman.Bits
	freq   [dynNodes + 1]uint16
	parent [dynNodes + dynChars]int16
	son    [dynNodes]int16
	upper  huffman.Decoder
}

func newDynamic(in *huffman.Bits) *dynamic {
	d := &dynamic{in: in}
	for i := range dynChars {
		d.freq[i] = 1
		d.son[i] = int16(i + dynNodes)
		d.parent[i+dynNodes] = int16(i)
	}
	for i, j := 0, dynChars; j <= dynRoot; i, j = i+2, j+1 {
		d.freq[j] = d.freq[i] + d.freq[i+1]
		d.son[j] = int16(i)
		d.parent[i], d.parent[i+1] = int16(j), int16(j)
	}
	d.freq[dynNodes] = 0xffff
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

func (d *dynamic) step() (byte, int, int, bool) {
	c := d.son[dynRoot]
	for c < dynNodes {
		c = d.son[c+int16(d.in.Take(1))]
	}
	c -= dynNodes
	d.update(int(c))
	if c < 256 {
		return byte(c), 0, 0, true
	}
	upper, ok := d.in.Symbol(&d.upper)
	if !ok {
		return 0, 0, 0, false
	}
	return 0, int(c) - 256 + minMatch, upper<<6 + int(d.in.Take(6)) + 1, true
}

// update counts a symbol and moves the nodes above it to where they belong now.
func (d *dynamic) update(symbol int) {
	if d.freq[dynRoot] == dynMax {
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
	for i := range dynNodes {
		if d.son[i] >= dynNodes {
			d.freq[j] = (d.freq[i] + 1) / 2
			d.son[j] = d.son[i]
			j++
		}
	}
	for i, j := 0, dynChars; j < dynNodes; i, j = i+2, j+1 {
		f := d.freq[i] + d.freq[i+1]
		k := j
		for k > 0 && f < d.freq[k-1] {
			k--
		}
		copy(d.freq[k+1:j+1], d.freq[k:j])
		copy(d.son[k+1:j+1], d.son[k:j])
		d.freq[k], d.son[k] = f, int16(i)
	}
	for i := range dynNodes {
		d.adopt(d.son[i], int16(i))
	}
}
