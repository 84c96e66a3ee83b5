package lha

import (
	"bytes"
	"io"
	"slices"
	"testing"
)

// shortened splits some matches, so that there are short ones.
func shortened(all []token) []token {
	var out []token
	for i, t := range all {
		if i%3 == 0 && t.n > 4 && t.distance <= 300 {
			out = append(out, token{n: 2, distance: t.distance})
			t.n -= 2
		}
		out = append(out, t)
	}
	return out
}

// putIn writes a value within the spans.
func (w *bitsOut) putIn(spans []span, v int, head func(i int)) {
	for i, s := range spans {
		if v >= s.base && v < s.base+1<<s.bits {
			head(i)
			w.put(uint32(v-s.base), int(s.bits))
			return
		}
	}
	panic("in no span")
}

type pm1Writer struct {
	bitsOut
	recent *recency
	paths  map[byte][]uint32
	seen   int
}

// find gathers the ways to the tree's leaves, behind which it returns the rest.
func (w *pm1Writer) find(tree string, way []uint32) string {
	if tree[0] != '.' {
		w.paths[tree[0]] = slices.Clone(way)
		return tree[1:]
	}
	rest := w.find(tree[1:], append(way, 0))
	return w.find(rest, append(way, 1))
}

func (w *pm1Writer) literal(b byte) {
	w.putIn(pm1Literals[:], bytes.IndexByte(w.recent[:], b), func(i int) {
		for _, bit := range w.paths[byte('a'+i)] {
			w.put(bit, 1)
		}
	})
	w.out1(b)
}

func (w *pm1Writer) out1(b byte) {
	w.recent.put(b)
	w.seen++
}

func (w *pm1Writer) block(b []byte) {
	w.put(1, 1)
	switch n := len(b); {
	case n <= 3:
		w.put(uint32(n-1), 2)
	case n <= 10:
		w.put(3, 2)
		w.put(uint32(n-4), 3)
	case n <= 24:
		w.put(0x1f, 5)
		w.put(uint32(n-11), 4)
	case n <= 88:
		w.put(0x1f<<4|14, 9)
		w.put(uint32(n-25), 6)
	default:
		w.put(0x1f<<4|15, 9)
		w.put(uint32(n-89), 7)
	}
	for _, c := range b {
		w.literal(c)
	}
}

// match writes a match of what stands before data.
func (w *pm1Writer) match(t token, data []byte) {
	d := t.distance - 1
	later := func(from int, bit uint32) {
		if w.seen >= from {
			w.put(bit, 1)
		}
	}
	width := func(borders ...int) int {
		n := 8
		for _, b := range borders {
			if w.seen >= b {
				n++
			}
		}
		return n
	}
	base, bits := 0, 6
	switch {
	case t.n == 2 && d < 64:
		w.put(0, 1)
		later(576, 0)
		later(64, 0)
	case t.n == 2:
		w.put(0, 1)
		later(576, 0)
		later(64, 1)
		base, bits = 64, 8
	case d < 64:
		w.put(1, 1)
		later(64, 1)
		later(2624, 1)
	case d < 576:
		w.put(2, 2)
		base, bits = 64, width(320)
	case d < 2624:
		w.put(1, 2)
		base, bits = 576, width(832, 1088, 1600)
	default:
		w.put(6, 3)
		base, bits = 2624, width(2880, 3136, 3648, 4672, 6720)
	}
	if t.n > 2 {
		switch n := t.n; {
		case n <= 5:
			w.put(uint32(n-3), 2)
		case n <= 10:
			w.put(uint32(3<<3|(n-6)), 5)
		case n <= 14:
			w.put(uint32(3<<3|5), 5)
			w.put(uint32(n-11), 2)
		case n <= 22:
			w.put(uint32(3<<3|6), 5)
			w.put(uint32(n-15), 3)
		case n <= 84:
			w.put(uint32(3<<3|7), 5)
			w.put(uint32(n-23), 6)
		case n <= 116:
			w.put(uint32(3<<3|7)<<6|62, 11)
			w.put(uint32(n-85), 5)
		default:
			w.put(uint32(3<<3|7)<<6|63, 11)
			w.put(uint32(n-117), 7)
		}
	}
	w.put(uint32(d-base), bits)
	for _, c := range data[:t.n] {
		w.out1(c)
	}
}

// packPM1With packs with one of the trees, of which some have no way to all bytes.
func packPM1With(data []byte, tree int) []byte {
	w := &pm1Writer{recent: newRecency(), paths: map[byte][]uint32{}}
	w.put(uint32(tree), 5)
	w.find(pm1Trees[tree], nil)
	at := 0
	var plain []byte
	for _, t := range shortened(tokens(data, 244, 10_000)) {
		if t.n == 0 {
			if plain = append(plain, t.b); len(plain) == pm1MaxBlock {
				w.block(plain)
				plain = plain[:0]
			}
			at++
			continue
		}
		if len(plain) > 0 {
			w.block(plain)
			plain = plain[:0]
		} else {
			w.put(0, 1)
		}
		w.match(t, data[at:])
		at += t.n
	}
	if len(plain) > 0 {
		w.block(plain)
	}
	w.put(0, 16) // the match that must follow
	return w.bitsOut.out
}

func packPM1(data []byte) []byte { return packPM1With(data, 5) }

func TestPM1Trees(t *testing.T) {
	for tree, shape := range pm1Trees {
		if tree == 17 {
			continue // two of its spans cannot be meant
		}
		most := 0 // bytes that are always within the tree's spans
		for _, s := range pm1Literals[:bytes.Count([]byte(shape), []byte("."))+1] {
			most += 1 << s.bits
		}
		data := sample(3000)
		for i := range data {
			if most < 128 {
				data[i] = ' ' + data[i]%16
			}
		}
		got, err := io.ReadAll(NewReader(PM1, bytes.NewReader(packPM1With(data, tree)), int64(len(data))))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("tree %d: %d bytes, %v", tree, len(got), err)
		}
	}
}

type pm2Writer struct {
	bitsOut
	recent *recency
	next   int
	left   int
	lens   []byte
	codes  []uint32
	plens  []byte
	places []uint32
}

// pm2Symbols are the literals' spans and all kinds of matches.
const pm2Symbols = 8 + pm2Long + len(pm2Lengths)

func (w *pm2Writer) newCodes() {
	w.lens = flat(pm2Symbols)
	w.put(uint32(pm2Symbols), 5)
	w.put(4, 3)
	w.put(2, 3)
	for _, l := range w.lens {
		w.put(uint32(l)-3, 2)
	}
	w.codes = canonical(w.lens)
}

func (w *pm2Writer) newPlaces(n int) {
	w.plens = flat(n)
	for _, l := range w.plens {
		w.put(uint32(l), 3)
	}
	w.places = canonical(w.plens)
}

func (w *pm2Writer) rebuild() {
	w.next++
	switch w.next {
	case 1:
		w.newCodes()
		w.newPlaces(5)
		w.left = 1024
	case 2:
		w.newPlaces(6)
		w.left = 1024
	case 3:
		w.newPlaces(7)
		w.left = 2048
	case 4:
		w.put(1, 1)
		w.newCodes()
		w.newPlaces(8)
		w.left = 4096
	default:
		w.left = 4096
		if w.next%2 == 0 {
			w.put(0, 1)
			return
		}
		w.put(1, 1)
		w.newCodes()
		w.newPlaces(8)
	}
}

func (w *pm2Writer) out1(b byte) {
	w.recent.put(b)
	if w.left--; w.left == 0 {
		w.rebuild()
	}
}

func (w *pm2Writer) symbol(c int) { w.put(w.codes[c], int(w.lens[c])) }

// match writes a match if there is a way to.
func (w *pm2Writer) match(t token) bool {
	d := t.distance - 1
	width := 6
	for d>>width > 0 {
		width++
	}
	switch {
	case t.n == 256 && d == 0:
		w.symbol(8 + pm2Long + 5)
		return true
	case t.n == 2 && d < 64:
		w.symbol(8)
		w.put(uint32(d), 6)
		return true
	case t.n == 2 || width-6 >= len(w.places):
		return false
	case t.n < pm2Long+2:
		w.symbol(8 + t.n - 2)
	default:
		w.putIn(pm2Lengths[:5], t.n, func(i int) { w.symbol(8 + pm2Long + i) })
	}
	place := width - 6
	w.put(w.places[place], int(w.plens[place]))
	if place == 0 {
		w.put(uint32(d), 6)
	} else {
		w.put(uint32(d-1<<(width-1)), width-1)
	}
	return true
}

func packPM2(data []byte) []byte {
	w := &pm2Writer{recent: newRecency()}
	w.put(0, 1)
	w.rebuild()
	at := 0
	for _, t := range shortened(tokens(data, 256, 8000)) {
		n := max(t.n, 1)
		if t.n > 0 && w.match(t) {
			for _, b := range data[at : at+n] {
				w.out1(b)
			}
		} else {
			for _, b := range data[at : at+n] {
				w.putIn(pm2Literals[:], bytes.IndexByte(w.recent[:], b), w.symbol)
				w.out1(b)
			}
		}
		at += n
	}
	return w.bitsOut.out
}

// A code of one symbol, and one that is broken.
func TestPM2Codes(t *testing.T) {
	var w bitsOut
	w.put(0, 1)
	w.put(1, 5) // one symbol: literals of the first span
	w.put(0, 3)
	for range 100 {
		w.put(3, 3)
	}
	got, err := io.ReadAll(NewReader(PM2, bytes.NewReader(w.out), 100))
	if want := bytes.Repeat([]byte("#\"! "), 25); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, head := range []uint32{0, 0x1f<<3 | 7} { // no symbols, and codes of more bits than there can be
		var w bitsOut
		w.put(0, 1)
		w.put(head, 8)
		w.put(0xffffff, 24)
		w.put(0xffffff, 24)
		if got, err := io.ReadAll(NewReader(PM2, bytes.NewReader(w.out), 100)); err == nil || len(got) > 0 {
			t.Errorf("%x: %q, %v", head, got, err)
		}
	}
}
