package lha

import (
	"bytes"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// recency is all bytes, the one that was put last first. PMarc's literals are places
// in it.
type recency [256]byte

func newRecency() *recency {
	r := new(recency)
	b := r[:0]
	for _, span := range [][2]int{{0x20, 0x7f}, {0x00, 0x1f}, {0xa0, 0xdf}, {0x80, 0x9f}, {0xe0, 0xff}} {
		for c := span[0]; c <= span[1]; c++ {
			b = append(b, byte(c))
		}
	}
	return r
}

// put takes a byte to the front.
func (r *recency) put(b byte) {
	i := bytes.IndexByte(r[:], b)
	copy(r[1:i+1], r[:i])
	r[0] = b
}

// span is a value that is coded as a base and plain bits.
type span struct {
	base int
	bits uint
}

func (s span) read(in *huffman.Bits) int { return s.base + int(in.Take(s.bits)) }

// pm1 decodes PMarc's first method: blocks of literals, and matches. No program that
// packs with it is known; Lhasa's source describes it.
type pm1 struct {
	z      *Reader
	recent *recency
	tree   string
	plain  int  // literals of the block that are still to come
	copies bool // a match follows the block
}

// pm1Trees are the codes of a literal's span: a dot is a branch, with what a zero
// and a one lead to behind it, and a letter is the span.
var pm1Trees = [32]string{
	"....abcd.ef", "...ab.cf.de", "...abc.d.ef", "..a.bc.d.ef", "..a.bd.c.ef", "..a.b.ef.cd", "..ab..cd.ef", "..ab..c.efd",
	"..ab.c.d.ef", ".a...bfc.de", ".a...b.efcd", ".a...bcd.ef", ".a..b.cf.de", ".a..bc.d.ef", ".a..b.d.efc", ".a.b..cd.ef",
	".a.b.c.d.ef", "...dec.de", "..a.be.cd", "..ab.c.de", ".a...becd", ".a..bc.de", ".a..b.dec", ".a.b.c.de",
	"...abcd", "..a.bdc", "..ab.cd", ".a..bdc", ".a.b.cd", ".a.bc", ".ab", "a",
}

var pm1Literals = [6]span{{0, 4}, {16, 4}, {32, 5}, {64, 6}, {128, 6}, {192, 6}}

// pm1Slack is how many bits of zeros are taken for the end of a stream, which there
// are archives that lack.
const pm1Slack = 64

// pm1MaxBlock is the longest block. No match needs to follow one of that length.
const pm1MaxBlock = 216

func (p *pm1) step() (byte, int, int, bool) {
	in := &p.z.in
	if p.tree == "" {
		p.tree = pm1Trees[in.Take(5)]
	}
	switch {
	case p.plain > 0:
	case p.copies:
		p.copies = false
		return p.match()
	case in.Take(1) == 0:
		return p.match()
	default:
		p.plain = p.blockLength()
		p.copies = p.plain != pm1MaxBlock
	}
	p.plain--
	return p.recent[pm1Literals[p.span()].read(in)], 0, 0, true
}

// span walks down the tree.
func (p *pm1) span() int {
	at := 0
	for p.tree[at] == '.' {
		at++
		if p.z.in.Take(1) == 1 { // behind the other branch
			for open := 1; open > 0; at++ {
				if p.tree[at] == '.' {
					open++
				} else {
					open--
				}
			}
		}
	}
	return int(p.tree[at] - 'a')
}

func (p *pm1) blockLength() int {
	in := &p.z.in
	if n := in.Take(2); n < 3 {
		return int(n) + 1
	}
	if n := in.Take(3); n < 7 {
		return int(n) + 4
	}
	switch n := in.Take(4); n {
	case 14:
		return 25 + int(in.Take(6))
	case 15:
		return 89 + int(in.Take(7))
	default:
		return int(n) + 11
	}
}

// later is a bit that is there once so much was decoded, else a value.
func (p *pm1) later(from int64, before uint32) uint32 {
	if p.z.seen < from {
		return before
	}
	return p.z.in.Take(1)
}

// match reads a match. What distances there can be grows with what was decoded.
func (p *pm1) match() (byte, int, int, bool) {
	in, seen := &p.z.in, p.z.seen
	var s span
	n := 2
	if in.Take(1) == 0 {
		switch {
		case p.later(576, 0) == 1:
			s = span{576, p.grown([]int64{832, 1088, 1600}, 8)}
			n = 0
		case p.later(64, 0) == 1:
			s = span{64, 8}
		default:
			s = span{0, 6}
		}
	} else {
		n = 0
		switch {
		case p.later(64, 1) == 0:
			s = span{64, p.grown([]int64{320}, 8)}
		case p.later(2624, 1) == 0:
			s = span{2624, p.grown([]int64{2880, 3136, 3648, 4672, 6720}, 8)}
		default:
			s = span{0, 6}
		}
	}
	if n == 0 {
		n = p.matchLength()
	}
	distance := s.read(in) + 1
	return 0, n, distance, int64(distance) <= seen
}

// grown is a number of bits, one more for each border that was passed.
func (p *pm1) grown(borders []int64, bits uint) uint {
	for _, b := range borders {
		if p.z.seen >= b {
			bits++
		}
	}
	return bits
}

func (p *pm1) matchLength() int {
	in := &p.z.in
	if n := in.Take(2); n < 3 {
		return int(n) + 3
	}
	switch n := in.Take(3); n {
	case 5:
		return 11 + int(in.Take(2))
	case 6:
		return 15 + int(in.Take(3))
	case 7:
	default:
		return int(n) + 6
	}
	switch n := in.Take(6); n {
	case 62:
		return 85 + int(in.Take(5))
	case 63:
		return 117 + int(in.Take(7))
	default:
		return int(n) + 23
	}
}

// pm2 decodes PMarc's second method: Huffman codes that are read anew behind so many
// bytes.
type pm2 struct {
	z      *Reader
	recent *recency
	begun  bool
	next   int // of the codes to come
	left   int // bytes until then
	far    bool
	fail   bool
	codes  huffman.Decoder
	places huffman.Decoder
}

var (
	pm2Literals = [8]span{{0, 3}, {8, 3}, {16, 4}, {32, 5}, {64, 5}, {96, 5}, {128, 6}, {192, 6}}
	pm2Lengths  = [6]span{{17, 3}, {25, 3}, {33, 5}, {65, 6}, {129, 7}, {256, 0}}
)

// pm2Codes says what is read at a time: whether a bit says that there is a code at
// all, or that the places come anew too; how many places; how many bytes follow.
var pm2Codes = [...]struct {
	always, asked, placesAsked bool
	places, bytes              int
}{
	{true, false, false, 5, 1024},
	{false, false, false, 6, 1024},
	{false, false, false, 7, 2048},
	{false, true, false, 8, 4096},
	{false, true, true, 8, 4096},
}

// rebuild reads the codes that are due.
func (p *pm2) rebuild() {
	c := pm2Codes[p.next]
	p.next = min(p.next+1, len(pm2Codes)-1)
	p.left = c.bytes
	anew := c.always || c.asked && p.z.in.Take(1) == 1
	if anew {
		p.fail = !p.readCodes() || p.fail
	}
	if anew || !c.placesAsked {
		p.fail = !p.readPlaces(c.places) || p.fail
	}
}

func (p *pm2) readCodes() bool {
	in := &p.z.in
	n, least := int(in.Take(5)), int(in.Take(3))
	p.far = n >= 10 && !(n == 29 && least == 0)
	if least == 0 {
		p.codes.InitSingle(n - 1)
		return n > 0
	}
	width := uint(in.Take(3))
	var lengths [32]byte
	for i := range n {
		if v := int(in.Take(width)); v > 0 {
			if v += least - 1; v > huffman.MaxLength {
				return false
			}
			lengths[i] = byte(v)
		}
	}
	return p.codes.Init(lengths[:n]) == nil
}

func (p *pm2) readPlaces(n int) bool {
	if !p.far {
		return true
	}
	var lengths [8]byte
	used, last := 0, 0
	for i := range n {
		if lengths[i] = byte(p.z.in.Take(3)); lengths[i] > 0 {
			used, last = used+1, i
		}
	}
	if used == 1 {
		p.places.InitSingle(last)
		return true
	}
	return p.places.Init(lengths[:n]) == nil
}

func (p *pm2) put(b byte) {
	p.recent.put(b)
	if p.left--; p.left == 0 {
		p.rebuild()
	}
}

func (p *pm2) step() (byte, int, int, bool) {
	in := &p.z.in
	if !p.begun {
		p.begun = true
		in.Take(1)
		p.rebuild()
	}
	if p.fail {
		return 0, 0, 0, false
	}
	c, ok := in.Symbol(&p.codes)
	if !ok {
		return 0, 0, 0, false
	}
	if c < len(pm2Literals) {
		return p.recent[pm2Literals[c].read(in)], 0, 0, true
	}
	c -= len(pm2Literals)
	n := c + 2
	if c >= pm2Long {
		if c-pm2Long >= len(pm2Lengths) {
			return 0, 0, 0, false
		}
		n = pm2Lengths[c-pm2Long].read(in)
	}
	distance, ok := p.distance(c)
	return 0, n, distance, ok
}

// pm2Long is the first symbol of a match whose length has bits of its own.
const pm2Long = 15

// distance reads how far back a match of a symbol lies. The first, of two bytes, is
// near, and the last repeats one byte.
func (p *pm2) distance(symbol int) (int, bool) {
	in := &p.z.in
	switch symbol {
	case 0:
		return int(in.Take(6)) + 1, true
	case pm2Long + len(pm2Lengths) - 1:
		return 1, true
	}
	c, ok := in.Symbol(&p.places)
	if !ok {
		return 0, false
	}
	if c == 0 {
		return int(in.Take(6)) + 1, true
	}
	return 1<<(c+5) + int(in.Take(uint(c+5))) + 1, true
}
