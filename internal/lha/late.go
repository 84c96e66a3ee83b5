package lha

import "github.com/fivefifty/fivefifty/internal/huffman"

// lateLength is the length that a symbol of the second and third methods stands for,
// with what follows the last symbol.
func lateLength(in *huffman.Bits, c int) int {
	if c == lateChars-1 {
		c += int(in.Take(8))
	}
	return c - 256 + minMatch
}

// lh2 has dynamic codes for literals and lengths, and for positions. Of those it knows
// as many as the bytes that were decoded make possible.
type lh2 struct {
	*dynamic
	z      *Reader
	places growing
	known  int64 // bytes decoded at which the next is new
}

const (
	placeBytes = 64  // of the dictionary share a symbol
	placeCount = 128 // symbols
)

func newLH2(z *Reader) *lh2 {
	d := &lh2{dynamic: newDynamic(&z.in, lateChars), z: z, known: placeBytes}
	d.places.start()
	return d
}

func (d *lh2) step() (byte, int, int, bool) {
	c := d.symbol()
	if c < 256 {
		return byte(c), 0, 0, true
	}
	n := lateLength(d.in, c)
	for ; d.z.seen > d.known && d.known < placeCount*placeBytes; d.known += placeBytes {
		d.places.add(int(d.known / placeBytes))
	}
	upper := d.places.symbol(d.in)
	return 0, n, upper<<6 + int(d.in.Take(6)) + 1, true
}

// growing is a Huffman tree that follows the frequencies of its symbols, of which
// new ones come. Its nodes are sorted by falling frequency; the root is the first. sons
// of a node are a pair: son is the second, which a zero leads to. A leaf has its symbol's
// complement.
type growing struct {
	last   int // node
	total  int
	freq   [2 * placeCount]uint16
	son    [2 * placeCount]int16
	parent [2 * placeCount]int16
	leaf   [placeCount]int16
}

// rootFreq keeps the root apart from all others.
const rootFreq = 0xffff

func (g *growing) start() {
	g.freq[0], g.son[0] = 1, ^0
}

func (g *growing) symbol(in *huffman.Bits) int {
	c := g.son[0]
	for c > 0 {
		c = g.son[c-int16(in.Take(1))]
	}
	g.update(int(^c))
	return int(^c)
}

// add makes the rarest leaf a pair of it and a new symbol, and counts that.
func (g *growing) add(symbol int) {
	old, fresh := g.last+1, g.last+2
	g.son[old] = g.son[g.last]
	g.leaf[^g.son[old]] = int16(old)
	g.son[fresh] = int16(^symbol)
	g.leaf[symbol] = int16(fresh)
	g.son[g.last] = int16(fresh)
	g.freq[old], g.freq[fresh] = g.freq[g.last], 0
	if g.last == 0 {
		g.freq[0] = rootFreq
	}
	g.parent[old], g.parent[fresh] = int16(g.last), int16(g.last)
	g.last = fresh
	g.update(symbol)
}

// update counts a symbol, and moves the nodes above it to where they belong now.
func (g *growing) update(symbol int) {
	if g.total == dynMax {
		g.halve()
		g.total = int(g.freq[0])
		g.freq[0] = rootFreq
	}
	for at := int(g.leaf[symbol]); at > 0; at = int(g.parent[at]) {
		first := at
		for first > 1 && g.freq[first-1] == g.freq[at] {
			first--
		}
		if first != at {
			g.son[first], g.son[at] = g.son[at], g.son[first]
			g.adopt(first)
			g.adopt(at)
			at = first
		}
		g.freq[at]++
	}
	g.total++
}

// adopt tells a node's sons, or its symbol, where it is.
func (g *growing) adopt(at int) {
	if s := g.son[at]; s < 0 {
		g.leaf[^s] = int16(at)
	} else {
		g.parent[s], g.parent[s-1] = int16(at), int16(at)
	}
}

// halve halves all frequencies and builds the tree anew, from its end.
func (g *growing) halve() {
	leaves := 0
	for i := range g.last + 1 {
		if g.son[i] < 0 {
			g.freq[leaves], g.son[leaves] = (g.freq[i]+1)/2, g.son[i]
			leaves++
		}
	}
	j, pair := leaves-1, g.last-1
	move := func(i int) {
		g.freq[i], g.son[i] = g.freq[j], g.son[j]
		j--
	}
	for i := g.last; i >= 0; {
		for ; i >= max(pair, 0); i-- {
			if j < 0 {
				return
			}
			move(i)
		}
		if pair < 0 {
			break
		}
		f := g.freq[pair] + g.freq[pair+1]
		k := 0
		for f < g.freq[k] {
			k++
		}
		for ; j >= k; i-- {
			move(i)
		}
		g.freq[i], g.son[i] = f, int16(pair+1)
		i--
		pair -= 2
	}
	for i := range g.last + 1 {
		g.adopt(i)
	}
}

// lh3 has blocks with codes of their own: literals and lengths, and positions, for
// which there is a code that is known as well.
type lh3 struct {
	in     *huffman.Bits
	left   int
	chars  huffman.Decoder
	places huffman.Decoder
}

func (s *lh3) step() (byte, int, int, bool) {
	if s.left == 0 && !s.block() {
		return 0, 0, 0, false
	}
	s.left--
	c, ok := s.in.Symbol(&s.chars)
	if !ok || c < 256 {
		return byte(c), 0, 0, ok
	}
	n := lateLength(s.in, c)
	upper, ok := s.in.Symbol(&s.places)
	return 0, n, upper<<6 + int(s.in.Take(6)) + 1, ok
}

func (s *lh3) block() bool {
	s.left = int(s.in.Take(16))
	if s.left == 0 {
		s.left = 1 << 16
	}
	if s.in.Short() {
		return false
	}
	length := func() byte { // of a literal
		if s.in.Take(1) == 0 {
			return 0
		}
		return byte(s.in.Take(4)) + 1
	}
	if !s.code(&s.chars, lateChars, 9, length) {
		return false
	}
	if s.in.Take(1) == 0 {
		return s.places.Init(knownPlaces[:]) == nil
	}
	return s.code(&s.places, placeCount, 7, func() byte { return byte(s.in.Take(4)) })
}

// code reads a code. Where the first three lengths are one, it is that of a single
// symbol.
func (s *lh3) code(d *huffman.Decoder, symbols int, bits uint, length func() byte) bool {
	var lengths [lateChars]byte
	for i := range symbols {
		lengths[i] = length()
		if i == 2 && lengths[0] == 1 && lengths[1] == 1 && lengths[2] == 1 {
			c := int(s.in.Take(bits))
			d.InitSingle(c)
			return c < symbols
		}
	}
	return d.Init(lengths[:symbols]) == nil
}

// knownPlaces are the lengths of the code that needs not be read.
var knownPlaces = func() (lengths [placeCount]byte) {
	length := byte(2)
	longer := map[int]byte{1: 2, 3: 1, 6: 1, 0x0d: 1, 0x1f: 1, 0x4e: 1}
	for i := range lengths {
		length += longer[i]
		lengths[i] = length
	}
	return lengths
}()
