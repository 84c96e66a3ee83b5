package arc

import (
	"encoding/binary"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

const repeatMark = 0x90

// repeatsOf packs runs as ARC does.
func repeatsOf(body string) string {
	var out []byte
	for i := 0; i < len(body); {
		n := 1
		for i+n < len(body) && body[i+n] == body[i] && n < 255 {
			n++
		}
		switch {
		case body[i] == repeatMark:
			out = append(out, repeatMark, 0)
			n = 1
		case n > 3:
			out = append(out, body[i], repeatMark, byte(n))
		default:
			n = 1
			out = append(out, body[i])
		}
		i += n
	}
	return string(out)
}

// lowBits writes the lowest bit first.
type lowBits struct {
	out []byte
	n   int
}

func (w *lowBits) put(v, bits int) {
	for i := range bits {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// squeezedOf packs with a Huffman code, which ends with its own symbol.
func squeezedOf(body string) string {
	type node struct{ weight, at int } // at: a place in branches, or a symbol's complement
	counts := [257]int{squeezeEnd: 1}
	for _, b := range []byte(body) {
		counts[b]++
	}
	var heap []node
	for s, n := range counts {
		if n > 0 {
			heap = append(heap, node{n, ^s})
		}
	}
	var branches [][2]int
	for len(heap) > 1 {
		sort.SliceStable(heap, func(i, k int) bool { return heap[i].weight < heap[k].weight })
		branches = append(branches, [2]int{heap[0].at, heap[1].at})
		heap = append(heap[2:], node{heap[0].weight + heap[1].weight, len(branches) - 1})
	}
	if len(branches) == 0 {
		branches = [][2]int{{^squeezeEnd, ^squeezeEnd}}
	}
	// The root comes first.
	last := len(branches) - 1
	place := func(at int) int {
		if at < 0 {
			return at
		}
		return last - at
	}
	out := binary.LittleEndian.AppendUint16(nil, uint16(len(branches)))
	words := map[int]string{}
	paths := map[int]string{last: ""}
	for i := last; i >= 0; i-- {
		for bit, at := range branches[i] {
			out = binary.LittleEndian.AppendUint16(out, uint16(place(at)))
			path := paths[i] + string(rune('0'+bit))
			if at < 0 {
				words[^at] = path
			} else {
				paths[at] = path
			}
		}
	}
	var w lowBits
	for _, s := range append([]byte(body), 0)[:len(body)+1] {
		word := words[int(s)]
		if w.n >= 0 && len(body) == 0 {
			word = words[squeezeEnd]
		}
		for _, bit := range word {
			w.put(int(bit-'0'), 1)
		}
		if body == "" {
			break
		}
		body = body[1:]
	}
	return string(append(out, w.out...))
}

// crunchedOf packs with ARC's first LZW.
func crunchedOf(body string, fast bool) string {
	z := newCrunched(nil, fast)
	codes := map[string]int{}
	for i := range z.used {
		if z.used[i] {
			codes[string([]byte{z.value[i]})] = i
		}
	}
	var w archivetest.BitWriter
	word := ""
	for i := range len(body) {
		next := word + body[i:i+1]
		if _, ok := codes[next]; ok {
			word = next
			continue
		}
		w.Put(uint64(codes[word]), 12)
		if z.free > 0 {
			codes[next] = z.enter(codes[word], body[i])
			z.free--
		}
		word = body[i : i+1]
	}
	if word != "" {
		w.Put(uint64(codes[word]), 12)
	}
	return string(w.Flush())
}

// zooLZWOf packs as ZOO does, with a clearing behind some codes.
func zooLZWOf(body string, clear int) string {
	var w lowBits
	table, next, width := map[string]int{}, 258, 9
	code := func(s string) int {
		if len(s) == 1 {
			return int(s[0])
		}
		return table[s]
	}
	first, emitted := true, 0
	emit := func(c int) {
		w.put(c, width)
		emitted++
		// The reader enters a string with each code but the first.
		if !first && next < 8192 {
			next++
			if next < 8192 && next&(next-1) == 0 {
				width++
			}
		}
		first = false
	}
	entered, word := 258, ""
	for i := range len(body) {
		longer := word + body[i:i+1]
		if _, ok := table[longer]; ok || len(longer) == 1 {
			word = longer
			continue
		}
		emit(code(word))
		if entered < 8192 {
			table[longer] = entered
			entered++
		}
		word = body[i : i+1]
		if clear > 0 && emitted%clear == 0 {
			emit(code(word))
			word = ""
			w.put(256, width)
			table, next, width, first, entered = map[string]int{}, 258, 9, true, 258
		}
	}
	if word != "" {
		emit(code(word))
	}
	w.put(257, width)
	return string(w.out)
}
