package unace

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"strings"
)

// encoder forges streams with every feature of the format.
type encoder struct {
	bits   []bool
	tokens []token
	recent lz
}

// token is one symbol of LZ77, with the bits that follow it.
type token struct {
	symbol int
	length int // symbol of a match's length, -1 for none
	value  uint64
	bits   int // of value, which stands before the length
	after  []bool
}

func (e *encoder) put(v uint64, n int) {
	for n--; n >= 0; n-- {
		e.bits = append(e.bits, v>>n&1 == 1)
	}
}

// bytes packs the bits into little-endian words.
func (e *encoder) bytes() []byte {
	e.flush()
	var out []byte
	for len(e.bits)%32 != 0 {
		e.bits = append(e.bits, false)
	}
	for b := e.bits; len(b) > 0; b = b[32:] {
		var word uint32
		for _, bit := range b[:32] {
			word <<= 1
			if bit {
				word |= 1
			}
		}
		out = binary.LittleEndian.AppendUint32(out, word)
	}
	return out
}

// widthsOf gives the commonest symbol the shortest code and all others one length.
func widthsOf(counts []int, longest int) []byte {
	widths := make([]byte, len(counts))
	used, best := 0, 0
	for s, n := range counts {
		if n > 0 {
			used++
		}
		if n > counts[best] {
			best = s
		}
	}
	rest := max(1, bits.Len(uint(max(used-2, 0)))) + 1
	for s, n := range counts {
		if n > 0 {
			widths[s] = byte(min(rest, longest))
		}
	}
	if used > 0 {
		widths[best] = 1
	}
	return widths
}

// words returns each symbol's code from the table that a decoder has.
func (c *code) words(symbols int) (word []uint64, width []int) {
	word, width = make([]uint64, symbols), make([]int, symbols)
	for at := 1<<c.width - 1; at >= 0; at-- {
		if e := c.table[at]; e != noSymbol {
			n := int(e & 15)
			word[e>>symbolShift], width[e>>symbolShift] = uint64(at)>>(int(c.width)-n), n
		}
	}
	return word, width
}

// code writes the code of some widths.
func (e *encoder) code(widths []byte, longest uint) *code {
	const upper = 12
	e.put(uint64(len(widths)-1), 9)
	e.put(0, 4)
	e.put(upper, 4)
	pre := bytes.Repeat([]byte{4}, upper+1)
	for _, w := range pre {
		e.put(uint64(w), 3)
	}
	var c code
	c.build(pre, widthsWidth)
	word, width := c.words(upper + 1)
	before := byte(0)
	for i := 0; i < len(widths); i++ {
		run := 0
		for run < 19 && i+run < len(widths) && widths[i+run] == before && i > 0 {
			run++
		}
		if run >= minZeroWidth {
			e.put(word[upper], width[upper])
			e.put(uint64(run-minZeroWidth), 4)
			i += run - 1
			continue
		}
		d := (widths[i] + upper - before) % upper
		e.put(word[d], width[d])
		before = widths[i]
	}
	c.build(widths, longest)
	return &c
}

// flush writes the tokens as a block.
func (e *encoder) flush() {
	if len(e.tokens) == 0 {
		return
	}
	mains, lengths := make([]int, lzMain+1), make([]int, lzLengths+1)
	for _, t := range e.tokens {
		mains[t.symbol]++
		if t.length >= 0 {
			lengths[t.length]++
		}
	}
	m, l := e.code(widthsOf(mains, lzWidth), lzWidth), e.code(widthsOf(lengths, lzWidth), lzWidth)
	e.put(uint64(len(e.tokens)), 15)
	mw, mn := m.words(len(mains))
	lw, ln := l.words(len(lengths))
	for _, t := range e.tokens {
		e.put(mw[t.symbol], mn[t.symbol])
		e.put(t.value, t.bits)
		if t.length >= 0 {
			e.put(lw[t.length], ln[t.length])
		}
		e.bits = append(e.bits, t.after...)
	}
	e.tokens = nil
}

// lz packs a body, with what was packed before it as its dictionary.
func (e *encoder) lz(before, body string) {
	all := before + body
	last := map[string]int{}
	for i := 0; i < len(all); {
		n := 0
		if i+3 <= len(all) {
			key := all[i : i+3]
			from, ok := last[key]
			last[key] = i
			if ok && i >= len(before) && i-from < MaxWindow {
				for n < 250 && i+n < len(all) && all[from+n] == all[i+n] {
					n++
				}
				if e.match(i-from, n) {
					i += n
					continue
				}
			}
		}
		if i >= len(before) {
			e.token(token{symbol: int(all[i]), length: -1})
		}
		i++
	}
}

func (e *encoder) token(t token) {
	e.tokens = append(e.tokens, t)
	if len(e.tokens) == 1<<15-1 {
		e.flush()
	}
}

// match adds a match if it is long enough for its distance.
func (e *encoder) match(distance, n int) bool {
	d := distance - 1
	for back := range 4 {
		least := 2
		if back > 1 {
			least = 3
		}
		if e.recent.recent[3-back] == d && n >= least {
			e.recent.recall(back)
			e.token(token{symbol: symRecent + back, length: n - least})
			return true
		}
	}
	least := 2
	if d > nearTwo {
		least++
	}
	if d > nearThree {
		least++
	}
	if n < least {
		return false
	}
	e.recent.remember(d)
	width := bits.Len(uint(d))
	e.token(token{symbol: symDistance + width, length: n - least, value: uint64(d), bits: max(0, width-1)})
	return true
}

// mode ends a block of LZ77 with a change of mode.
func (e *encoder) mode(kind byte, values ...int) {
	t := token{symbol: symMode, length: -1}
	rest := encoder{}
	rest.put(uint64(kind), 8)
	widths := []int{8, 17}
	for i, v := range values {
		rest.put(uint64(v), widths[i])
	}
	t.after = rest.bits
	e.token(t)
	e.flush()
}

// tables turns a table's rows into its planes, as differences.
func tables(body string, planes int, last *byte) string {
	var out []byte
	rows := len(body) / planes
	for p := range planes {
		for i := range rows {
			b := body[i*planes+p]
			out = append(out, b-*last)
			*last = b
		}
	}
	return string(out)
}

// absolute makes the targets of calls and jumps absolute, as for modeProgram.
func absolute(body string, at int, near bool) string {
	out := []byte(body)
	for i := 0; i < len(out); i++ {
		switch {
		case i+4 < len(out) && out[i] == opCall && !near:
			binary.LittleEndian.PutUint32(out[i+1:], binary.LittleEndian.Uint32(out[i+1:])+uint32(at+i))
			i += 4
		case i+2 < len(out) && (out[i] == opJump || out[i] == opCall && near):
			binary.LittleEndian.PutUint16(out[i+1:], binary.LittleEndian.Uint16(out[i+1:])+uint16(at+i))
			i += 2
		}
	}
	return string(out)
}

// sounds packs a body as sound, and ends it with a mode.
func (e *encoder) sounds(kind byte, body string, next byte) {
	e.flush()
	use := &soundChannels[kind-modeSound8]
	type symbol struct{ model, value int }
	var symbols []symbol
	var channels [3]channel
	runs := [3]int{-1, -1, -1}
	for i := 0; i < len(body); i++ {
		index := use.use[i&3]
		c := &channels[index]
		diff := body[i] - byte(c.predict())
		v := int(int8(diff)) << 1
		if v < 0 {
			v = -v - 1
		}
		model := 0
		if c.noisy {
			model = 1
		}
		switch {
		case c.mode == runCounts:
			// The run was measured when it began.
			if runs[index]--; runs[index] < 0 {
				c.mode = runEnds
			}
		case c.mode == runEnds:
			symbols = append(symbols, symbol{index*modelsOf + 2, v})
			c.mode = runNone
		case diff == 0 && runs[index] != -2 && i%3 == 0:
			// A run of one byte; the next one of the channel is its end.
			symbols = append(symbols, symbol{index*modelsOf + model, 0})
			c.mode = runEnds
		default:
			symbols = append(symbols, symbol{index*modelsOf + model, soundRuns + v})
			c.noise = c.noise*7>>3 + v
			c.noisy = c.noise > 40
		}
		c.adjust(int(int8(body[i])))
	}
	c := &channels[use.use[len(body)&3]]
	model := c.mode << 1
	if model == 0 && c.noisy {
		model = 1
	}
	symbols = append(symbols, symbol{use.use[len(body)&3]*modelsOf + model, soundMode})
	for len(symbols) > 0 {
		n := min(len(symbols), 1<<15-1)
		counts := make([][]int, use.n*modelsOf)
		for i := range counts {
			counts[i] = make([]int, soundMain)
		}
		for _, s := range symbols[:n] {
			counts[s.model][s.value]++
		}
		var words [9][]uint64
		var widths [9][]int
		for i := range counts {
			words[i], widths[i] = e.code(widthsOf(counts[i], soundWidth), soundWidth).words(soundMain)
		}
		e.put(uint64(n), 15)
		for _, s := range symbols[:n] {
			e.put(words[s.model][s.value], widths[s.model][s.value])
		}
		symbols = symbols[n:]
	}
	e.put(uint64(next), 8)
}

// golomb writes a number as Reader.golomb reads it.
func (e *encoder) golomb(v int, remainder uint) {
	e.put(uint64(v&(1<<remainder-1)), int(remainder))
	for range v >> remainder {
		e.put(1, 1)
	}
	e.put(0, 1)
}

// pictures packs rows as a picture, each plane but the first as another kind, and
// ends it with a mode.
func (e *encoder) pictures(body string, width, planes int, next byte) {
	e.flush()
	e.golomb(width, 12)
	e.golomb(planes, 2)
	var p picture
	for m := range p.models {
		for i := range p.models[m] {
			p.models[m][i].average = 4
		}
	}
	above := make([]byte, width+planes)
	for ; len(body) > 0; body = body[width:] {
		e.put(1, 1)
		row := append([]byte(body[:width]), make([]byte, planes)...)
		for plane := range planes {
			kind, model, x := planeOwn, &p.models[0], pixels{}
			if plane > 0 {
				kind, model = plane%3, &p.models[1]
				e.put(uint64(kind), 2)
				if kind != planeOwn {
					x = pixels{a: 128, b: 128, c: 128, x: 128}
				}
			}
			x.d = neighbour(kind, above, plane)
			for col := plane; col < width; col += planes {
				x.c, x.a, x.b = x.a, x.d, x.x
				x.d = neighbour(kind, above, col+planes)
				c := &model[x.context()]
				miss := int(int8(int(row[col]) - reference(kind, row, col) - x.predict(c.predictor)))
				v := miss << 1
				if miss < 0 {
					v = -miss<<1 - 1
				}
				sub := encoder{}
				sub.golomb(v, uint(bits.Len(uint(c.average/(c.used+1)))))
				e.bits = append(e.bits, sub.bits...)
				// The decoder's own step learns from what was written.
				r := &Reader{d: NewDecoder(0)}
				r.in.R = newWords(bytes.NewReader(append(sub.bytes(), 0, 0, 0, 0)))
				if !r.pixel(&x, c) {
					panic("pixel")
				}
			}
		}
		above = row
		clear(above[width:])
	}
	e.put(0, 1)
	e.put(uint64(next), 8)
}

// prose is compressible about as much as documents are.
func prose(n int) string {
	words := strings.Fields("invoice the payment of and account number due please find attached your order for it")
	rnd := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[rnd.IntN(len(words))] + " ")
	}
	return b.String()[:n]
}

func noise(n int) string {
	rnd := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

// wave is sound of some channels.
func wave(n int) string {
	b := make([]byte, n)
	v := 0
	for i := range b {
		v += (i*i/97)%7 - 3
		if i%400 < 100 {
			v = 0
		}
		b[i] = byte(v)
	}
	return string(b)
}
