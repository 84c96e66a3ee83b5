package archivetest

import (
	"bytes"
	"math/rand/v2"
)

// lowBitWriter writes bits, the least significant of each byte first.
type lowBitWriter struct {
	buf  bytes.Buffer
	acc  uint64
	have uint
}

func (w *lowBitWriter) bits(v uint32, n uint) {
	w.acc |= uint64(v) << w.have
	for w.have += n; w.have >= 8; w.have -= 8 {
		w.buf.WriteByte(byte(w.acc))
		w.acc >>= 8
	}
}

func (w *lowBitWriter) done() []byte {
	if w.have > 0 {
		w.bits(0, 8-w.have)
	}
	return w.buf.Bytes()
}

// ShrinkOf compresses with method 1.
func ShrinkOf(body string) []byte {
	var w lowBitWriter
	type word struct {
		parent int
		c      byte
	}
	codes := map[word]int{}
	used := map[int]word{}
	width, free := uint(9), 257
	put := func(c int) {
		for c >= 1<<width {
			w.bits(256, width)
			w.bits(1, width)
			width++
		}
		w.bits(uint32(c), width)
	}
	cur := -1
	for i := range len(body) {
		c := body[i]
		if cur < 0 {
			cur = int(c)
			continue
		}
		if next, ok := codes[word{cur, c}]; ok {
			cur = next
			continue
		}
		put(cur)
		for ; free < 8192; free++ {
			if _, ok := used[free]; !ok {
				break
			}
		}
		if free == 8192 {
			// The decoder gives the code that is missing after its next word, so
			// the dictionary is cleared here, and nothing is learnt for this word.
			w.bits(256, width)
			w.bits(2, width)
			inner := map[int]bool{}
			for _, u := range used {
				inner[u.parent] = true
			}
			for code, u := range used {
				if !inner[code] {
					delete(used, code)
					delete(codes, u)
				}
			}
			free = 257
			// The decoder learns (cur, c) when it reads the next code; cur itself
			// may be free by now, so this code is never used.
			for used[free] != (word{}) {
				free++
			}
			used[free] = word{cur, c}
			cur = int(c)
			continue
		}
		used[free], codes[word{cur, c}] = word{cur, c}, free
		cur = int(c)
	}
	if cur >= 0 {
		put(cur)
	}
	return w.done()
}

// lzText calls lit and rep for a text with simple copies of at least min bytes.
func lzText(body string, window, min, max int, lit func(byte), rep func(dist, n int)) {
	last := map[string]int{}
	for i := 0; i < len(body); {
		if i+min <= len(body) {
			key := body[i : i+min]
			at, ok := last[key]
			last[key] = i
			if ok && i-at <= window {
				n := min
				for n < max && i+n < len(body) && body[at+n] == body[i+n] {
					n++
				}
				rep(i-at, n)
				i += n
				continue
			}
		}
		lit(body[i])
		i++
	}
}

// reduceEscape begins a copy in the inner layer of reduce.
const reduceEscape = 144

// ReduceOf compresses with method factor+1. Each byte may be followed by the
// 32 that follow it first.
func ReduceOf(body string, factor uint) []byte {
	var inner []byte
	most := 1<<(8-factor) - 1
	lzText(body, 1<<factor<<8, 4, most+200, func(c byte) {
		inner = append(inner, c)
		if c == reduceEscape {
			inner = append(inner, 0)
		}
	}, func(dist, n int) {
		n -= 3
		head := (dist - 1) >> 8 << (8 - factor)
		if n < most {
			inner = append(inner, reduceEscape, byte(head|n))
		} else {
			inner = append(inner, reduceEscape, byte(head|most), byte(n-most))
		}
		inner = append(inner, byte(dist-1))
	})
	var sets [256][]byte
	before := byte(0)
	for _, c := range inner {
		if len(sets[before]) < 32 && !bytes.Contains(sets[before], []byte{c}) {
			sets[before] = append(sets[before], c)
		}
		before = c
	}
	var w lowBitWriter
	for i := 255; i >= 0; i-- {
		w.bits(uint32(len(sets[i])), 6)
		for _, c := range sets[i] {
			w.bits(uint32(c), 8)
		}
	}
	before = 0
	for _, c := range inner {
		set := sets[before]
		before = c
		at := bytes.IndexByte(set, c)
		width := uint(1)
		for ; 1<<width < len(set); width++ {
		}
		switch {
		case len(set) == 0:
			w.bits(uint32(c), 8)
		case at < 0:
			w.bits(1, 1)
			w.bits(uint32(c), 8)
		default:
			w.bits(0, 1)
			w.bits(uint32(at), width)
		}
	}
	return w.done()
}

// shannon is a code for ImplodeOf: its lengths and the bits, first bit lowest.
type shannon struct {
	lengths []uint8
	bits    []uint32
}

// newShannon gives the first third of n symbols codes one bit shorter than flat
// ones, as many as fit.
func newShannon(n int) shannon {
	flat := uint8(0)
	for 1<<flat < n {
		flat++
	}
	s := shannon{lengths: make([]uint8, n), bits: make([]uint32, n)}
	for i := range n {
		switch {
		case i < n/4:
			s.lengths[i] = flat - 1
		case i < n/2:
			s.lengths[i] = flat + 1
		default:
			s.lengths[i] = flat
		}
	}
	// A quarter of the codes at half of the weight leaves n/4 * 2^-(flat+1) * 2 over.
	s.lengths = fillKraft(s.lengths)
	// Section 5.3.7: from the longest code to the shortest, from the last symbol.
	code, step, before := uint32(0), uint32(0), uint8(0)
	for l := uint8(16); l > 0; l-- {
		for i := n - 1; i >= 0; i-- {
			if s.lengths[i] != l {
				continue
			}
			code += step
			if before != l {
				before = l
				step = 1 << (16 - l)
			}
			for b := range uint(l) {
				s.bits[i] |= code >> (15 - b) & 1 << b
			}
		}
	}
	return s
}

// fillKraft makes codes from the end longer until all fit, then shorter while
// they do.
func fillKraft(lengths []uint8) []uint8 {
	sum := func() (s int) {
		for _, l := range lengths {
			s += 1 << (16 - l)
		}
		return s
	}
	for i := len(lengths) - 1; sum() > 1<<16; i-- {
		lengths[i]++
	}
	for i := 0; sum() < 1<<16 && i < len(lengths); i++ {
		for lengths[i] > 1 && sum()+1<<(16-lengths[i]) <= 1<<16 {
			lengths[i]--
		}
	}
	return lengths
}

func (s shannon) table() []byte {
	var runs []byte
	for i := 0; i < len(s.lengths); {
		n := 1
		for n < 16 && i+n < len(s.lengths) && s.lengths[i+n] == s.lengths[i] {
			n++
		}
		runs = append(runs, byte(n-1)<<4|s.lengths[i]-1)
		i += n
	}
	return append([]byte{byte(len(runs) - 1)}, runs...)
}

// ImplodeOf compresses with method 6 under the given flags.
func ImplodeOf(body string, flags uint16) []byte {
	var w lowBitWriter
	low, min := uint(6), 2
	literals, lengths, dists := newShannon(256), newShannon(64), newShannon(64)
	if flags&2 != 0 { // a dictionary of 8 KiB
		low = 7
	}
	coded := flags&4 != 0 // the literals too
	if coded {
		min = 3
		w.buf.Write(literals.table())
	}
	w.buf.Write(lengths.table())
	w.buf.Write(dists.table())
	lzText(body, 64<<low, min, min+63+255, func(c byte) {
		w.bits(1, 1)
		if coded {
			w.bits(literals.bits[c], uint(literals.lengths[c]))
		} else {
			w.bits(uint32(c), 8)
		}
	}, func(dist, n int) {
		w.bits(0, 1)
		dist--
		w.bits(uint32(dist)&(1<<low-1), low)
		w.bits(dists.bits[dist>>low], uint(dists.lengths[dist>>low]))
		n -= min
		code := n
		if n >= 63 {
			code = 63
		}
		w.bits(lengths.bits[code], uint(lengths.lengths[code]))
		if code == 63 {
			w.bits(uint32(n-63), 8)
		}
	})
	return w.done()
}

// SampleBodies are what the decoders are tried with.
func SampleBodies() map[string]string {
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 30_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	marks := bytes.Repeat([]byte{reduceEscape, 0, reduceEscape, 255, 1}, 300)
	return map[string]string{
		"one": "x", "short": "a short text", "payload": Payload, "text": Text(200_000),
		"zeros": string(make([]byte, 100_000)), "noise": string(noise), "marks": string(marks),
	}
}
