package unace

import "github.com/fivefifty/fivefifty/internal/huffman"

// Numbers of Huffman codes.
const (
	maxSymbols   = 290
	maxWidth     = 11 // of any code
	widthsWidth  = 7  // of the code of widths
	maxWidths    = 16 // its symbols
	noSymbol     = 0xffff
	symbolShift  = 4 // an entry of the table is symbol<<4 | width
	minZeroWidth = 4 // the shortest run of symbols without a code
)

// code is a Huffman code as a table of what begins with each maximal code.
type code struct {
	table [1 << maxWidth]uint16
	width uint // of the longest code, as far as the table goes
}

// read returns the next symbol, not ok for bits that have none.
func (c *code) read(in *huffman.Bits) (symbol int, ok bool) {
	e := c.table[in.Peek(c.width)]
	if e == noSymbol {
		return 0, false
	}
	in.Take(uint(e & (1<<symbolShift - 1)))
	return int(e >> symbolShift), !in.Short()
}

// build makes the table from each symbol's width, 0 for none.
//
// QUIRK: a code of one symbol takes one bit, whatever its width says, but only the
// part of the table that the width says belongs to it.
func (c *code) build(widths []byte, longest uint) bool {
	var keys [maxSymbols]byte
	var symbols [maxSymbols]uint16
	n := copy(keys[:], widths)
	for i := range n {
		symbols[i] = uint16(i)
	}
	sortDown(keys[:n], symbols[:n])
	used := 0
	for used < n && keys[used] != 0 {
		used++
	}
	single := used < 2
	used = max(used, 1)
	c.width = longest
	at := 0
	for i := used - 1; i >= 0; i-- {
		if uint(keys[i]) > longest {
			return false
		}
		bits := uint16(keys[i])
		if single {
			bits = 1
		}
		end := at + 1<<(longest-uint(keys[i]))
		if end > 1<<longest {
			return false
		}
		for ; at < end; at++ {
			c.table[at] = symbols[i]<<symbolShift | bits
		}
	}
	for ; at < 1<<longest; at++ {
		c.table[at] = noSymbol
	}
	return true
}

// sortDown sorts symbols by descending key. Which of two symbols with one key comes
// first is part of the format: it is what this very quicksort makes of them.
func sortDown(keys []byte, symbols []uint16) {
	type span struct{ left, right int }
	var stack [maxSymbols]span // each span is shorter than the one that it is a part of
	top := 1
	stack[0] = span{0, len(keys) - 1}
	swap := func(i, j int) {
		keys[i], keys[j] = keys[j], keys[i]
		symbols[i], symbols[j] = symbols[j], symbols[i]
	}
	for whole := true; top > 0; whole = false {
		top--
		s := stack[top]
		if s.left+1 == s.right && !whole {
			if keys[s.left] < keys[s.right] {
				swap(s.left, s.right)
			}
			continue
		}
		i, j, pivot := s.left, s.right, keys[s.right]
		for {
			for keys[i] > pivot {
				i++
			}
			for keys[j] < pivot {
				j--
			}
			if i <= j {
				swap(i, j)
				i++
				j--
			}
			if i >= j {
				break
			}
		}
		// The parts may have a symbol in common: the left one comes first.
		for _, part := range [...]span{{i, s.right}, {s.left, j}} {
			if part.left < part.right {
				stack[top] = part
				top++
			}
		}
	}
}

// readCode reads a code of some symbols: the widths are packed with a code of their
// own, as differences.
func (r *Reader) readCode(c *code, symbols int) bool {
	in := &r.in
	n := min(int(in.Take(9))+1, symbols+1)
	lower, upper := byte(in.Take(4)), byte(in.Take(4))
	if r.d.work -= codeWork; r.d.work < 0 {
		r.err = ErrWork
		return false
	}
	var pre [maxWidths]byte
	for i := range int(upper) + 1 {
		pre[i] = byte(in.Take(3))
	}
	// The code of widths is read before the other takes its place in the table.
	if in.Short() || !c.build(pre[:int(upper)+1], widthsWidth) {
		return false
	}
	var widths [maxSymbols]byte
	for i := 0; i < n; {
		w, ok := c.read(in)
		switch {
		case !ok:
			return false
		case w < int(upper):
			widths[i] = byte(w)
			i++
		default:
			i += int(in.Take(4)) + minZeroWidth
		}
	}
	for i := 1; i < n && upper > 0; i++ {
		widths[i] = (widths[i] + widths[i-1]) % upper
	}
	for i := range n {
		if widths[i] > 0 {
			widths[i] += lower
		}
	}
	return !in.Short() && c.build(widths[:n], r.longest)
}
