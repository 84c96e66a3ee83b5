package rar15

import "github.com/fivefifty/fivefifty/internal/huffman"

// codeBits is the longest code.
const codeBits = 12

// code is how many codes there are of each length.
type code [codeBits + 1]int

// The codes: of lengths, and of places.
var (
	codeL = code{2: 2, 1, 2, 2, 4, 5, 4, 4, 8, 0, 224}
	codeM = code{3: 5, 2, 2, 4, 5, 4, 4, 8, 2, 220}
	codeA = code{4: 8, 8, 8, 9, 0, 0, 0, 0, 224}
	codeB = code{5: 4, 40, 16, 16, 4, 0, 47, 130}
	codeC = code{5: 2, 5, 46, 64, 116, 24}
	codeD = code{6: 2, 14, 202, 33, 6}
	codeE = code{8: 255, 2}
)

func (c *code) read(in *huffman.Bits) int {
	next, symbol := int(in.Peek(codeBits)), 0
	for length, n := range c {
		if part := n << (codeBits - length); next >= part {
			next -= part
			symbol += n
			continue
		}
		in.Take(uint(length))
		return symbol + next>>(codeBits-length)
	}
	return symbol // the codes are whole
}

// ranked are 256 bytes, those that are used often to the front. The lower half of each
// is its rank: how often it was used, about.
type ranked struct {
	set  [256]uint16
	next [256]uint8 // by rank, the place that the next byte of it takes
}

// use returns the byte at a place and moves it forward. Behind most uses all ranks
// are given anew.
func (r *ranked) use(place int, most uint16) byte {
	b := byte(r.set[place] >> 8)
	for {
		v := r.set[place]
		to := r.next[v&0xff]
		r.next[v&0xff]++
		if v&0xff < most {
			r.set[place] = r.set[to]
			r.set[to] = v + 1
			return b
		}
		r.regroup()
	}
}

// regroup gives ranks by place.
func (r *ranked) regroup() {
	for i := range r.set {
		r.set[i] = r.set[i]&^0xff | uint16(7-i/32)
	}
	r.next = [256]uint8{}
	for i := range 7 {
		r.next[i] = uint8(7-i) * 32
	}
}
