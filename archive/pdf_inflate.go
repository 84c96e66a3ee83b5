package archive

import (
	"bufio"
	"io"
	"sync"
)

// looseInflate decodes deflate as forgivingly as viewers do whose decoder comes
// from xpdf (poppler, pdf.js): a distance that reaches before the beginning copies
// zeros, code lengths that do not make up a whole code are no fault, and the length
// check of a stored block is not looked at. It is slow, and used only on what
// RFC 1951 does not allow.
type looseInflate struct {
	bits   uint32
	have   uint
	window [1 << 15]byte
	at     int // in window
	begun  bool
	coded  bool // in a block with codes
	stored int  // bytes left of a stored block
	final  bool
	lit    looseCode
	dist   looseCode
}

// looseCode is a canonical Huffman code: how many codes there are of each length,
// and their symbols in order.
type looseCode struct {
	count  [16]uint16
	symbol [288 + 32]uint16
}

var looseInflates = sync.Pool{New: func() any { return new(looseInflate) }}

func newLooseInflate() *looseInflate {
	z := looseInflates.Get().(*looseInflate)
	z.window = [1 << 15]byte{}
	z.bits, z.have, z.at, z.begun, z.coded, z.stored, z.final = 0, 0, 0, false, false, 0, false
	return z
}

// Base values and extra bits of lengths and distances (RFC 1951 section 3.2.5).
// What xpdf's table has for the two symbols without a meaning is the longest.
var (
	looseLength = [31]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258, 258, 258}
	looseLenAdd = [31]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}
	looseDist   = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	looseOrder  = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// get takes n bits, at most 16; false at the end of the input.
func (z *looseInflate) get(s *pdfStage, n uint) (v uint32, ok bool) {
	for z.have < n {
		c, ok := s.byte()
		if !ok {
			return 0, false
		}
		z.bits |= uint32(c) << z.have
		z.have += 8
	}
	v = z.bits & (1<<n - 1)
	z.bits >>= n
	z.have -= n
	return v, true
}

// build makes a code of lengths.
func (c *looseCode) build(lengths []uint8) {
	c.count = [16]uint16{}
	for _, n := range lengths {
		c.count[n]++
	}
	c.count[0] = 0
	var at [17]uint16
	for n := range c.count {
		at[n+1] = at[n] + c.count[n]
	}
	for sym, n := range lengths {
		if n > 0 {
			c.symbol[at[n]] = uint16(sym)
			at[n]++
		}
	}
}

// decode reads one symbol; false if the bits are no code.
func (z *looseInflate) decode(s *pdfStage, c *looseCode) (sym int, ok bool) {
	code, first, index := 0, 0, 0
	for n := 1; n < 16; n++ {
		bit, ok := z.get(s, 1)
		if !ok {
			return 0, false
		}
		code |= int(bit)
		count := int(c.count[n])
		if code-count < first && code >= first {
			return int(c.symbol[index+code-first]), true
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, false
}

// stepLoose decodes some more.
func stepLoose(s *pdfStage) {
	z := s.loose
	if !z.begun {
		z.begun = true
		skipZlibHeader(s.in)
	}
	ok := true
	for ok && len(s.out) < pdfOut && s.err == nil {
		switch {
		case z.stored > 0:
			var c byte
			if c, ok = s.byte(); ok {
				z.put(s, c)
				z.stored--
			}
		case z.coded:
			ok = z.symbol(s)
		case z.final:
			s.err = io.EOF
		default:
			ok = z.block(s)
		}
	}
	if !ok && s.err == nil {
		s.fault()
	}
}

func (z *looseInflate) put(s *pdfStage, c byte) {
	z.window[z.at] = c
	z.at = (z.at + 1) & (len(z.window) - 1)
	s.out = append(s.out, c)
}

// block reads a block's head.
func (z *looseInflate) block(s *pdfStage) bool {
	h, ok := z.get(s, 3)
	if !ok {
		return false
	}
	z.final = h&1 != 0
	switch h >> 1 {
	case 0:
		z.bits >>= z.have & 7
		z.have -= z.have & 7
		n, _ := z.get(s, 16)
		_, ok := z.get(s, 16)
		z.stored = int(n)
		return ok
	case 1:
		z.fixed()
	case 2:
		return z.dynamic(s)
	default:
		return false
	}
	return true
}

func (z *looseInflate) fixed() {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	z.lit.build(lengths[:])
	for i := range 30 {
		lengths[i] = 5
	}
	z.dist.build(lengths[:30])
	z.coded = true
}

// dynamic reads the codes of a block (RFC 1951 section 3.2.7).
func (z *looseInflate) dynamic(s *pdfStage) bool {
	nlit, _ := z.get(s, 5)
	ndist, _ := z.get(s, 5)
	ncode, ok := z.get(s, 4)
	var lengths [288 + 32]uint8
	for i := range int(ncode) + 4 {
		var v uint32
		if v, ok = z.get(s, 3); !ok {
			return false
		}
		lengths[looseOrder[i]] = uint8(v)
	}
	z.lit.build(lengths[:19])
	lengths = [len(lengths)]uint8{}
	want, n := int(nlit)+257+int(ndist)+1, 0
	for n < want && n < len(lengths) {
		sym, ok := z.decode(s, &z.lit)
		if !ok {
			return false
		}
		if n, ok = z.repeat(s, lengths[:], n, sym); !ok {
			return false
		}
	}
	lit := min(int(nlit)+257, 288)
	z.lit.build(lengths[:lit])
	z.dist.build(lengths[lit:min(want, len(lengths))])
	z.coded = true
	return ok
}

// repeat writes one length, or as many as a symbol says.
func (z *looseInflate) repeat(s *pdfStage, lengths []uint8, n, sym int) (int, bool) {
	var value uint8
	times, bits := 1, uint(0)
	switch {
	case sym < 16:
		value = uint8(sym)
	case sym == 16:
		if n > 0 {
			value = lengths[n-1]
		}
		times, bits = 3, 2
	case sym == 17:
		times, bits = 3, 3
	default:
		times, bits = 11, 7
	}
	more, ok := z.get(s, bits)
	for range times + int(more) {
		if n < len(lengths) {
			lengths[n] = value
			n++
		}
	}
	return n, ok
}

// symbol decodes a literal, a copy or the end of the block.
func (z *looseInflate) symbol(s *pdfStage) bool {
	sym, ok := z.decode(s, &z.lit)
	switch {
	case !ok:
		return false
	case sym < 256:
		z.put(s, byte(sym))
		return true
	case sym == 256:
		z.coded = false
		return true
	}
	add, _ := z.get(s, looseLenAdd[sym-257])
	length := int(looseLength[sym-257]) + int(add)
	d, ok := z.decode(s, &z.dist)
	if !ok || d >= len(looseDist) {
		return false
	}
	add, ok = z.get(s, uint(max(0, d/2-1)))
	if !ok {
		return false
	}
	from := (z.at - int(looseDist[d]) - int(add)) & (len(z.window) - 1)
	for range length {
		z.put(s, z.window[from])
		from = (from + 1) & (len(z.window) - 1)
	}
	return true
}

// skipZlibHeader passes the header of a zlib stream. QUIRK: RFC 1950 section 2.2 has it
// always; without it readers try the bare stream, and go past an end of line in
// front.
func skipZlibHeader(in *bufio.Reader) {
	if h, _ := in.Peek(4); len(h) == 4 && !zlibHeader(h) {
		for i, c := range h[:2] {
			if isPDFSpace(int(c)) && zlibHeader(h[i+1:]) {
				_, _ = in.Discard(i + 1)
				break
			}
		}
	}
	if h, _ := in.Peek(2); len(h) == 2 && h[0]&0x0f == 8 && h[0]>>4 <= 7 {
		skip := 2
		if h[1]&0x20 != 0 && zlibHeader(h) {
			skip = 6 // the identifier of a preset dictionary
		}
		_, _ = in.Discard(skip)
	}
}

// zlibHeader reports whether b begins like a zlib stream.
func zlibHeader(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && (int(b[0])<<8|int(b[1]))%31 == 0
}
