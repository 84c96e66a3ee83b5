// Package lzfsetest compresses, for tests of what decodes it.
package lzfsetest

import (
	"encoding/binary"
	"math/bits"
)

// Extra bits of a block's values, and what they are added to.
var (
	lengthBits = append(make([]uint, 16), 2, 3, 5, 8)
	copyBits   = append(make([]uint, 16), 3, 5, 8, 11)
	distBits   = func() (b []uint) {
		for i := range 64 {
			b = append(b, uint(i/4))
		}
		return b
	}()
	lengthBase, copyBase, distBase = basesOf(lengthBits), basesOf(copyBits), basesOf(distBits)
)

func basesOf(bits []uint) []int {
	all := make([]int, len(bits))
	for i := range bits[1:] {
		all[i+1] = all[i] + 1<<bits[i]
	}
	return all
}

// token is literals, and then a match.
type token struct {
	lit         []byte
	match, dist int
}

// tokens cuts data greedily.
func tokens(data []byte, mostLit, minMatch, mostMatch, mostDist int) []token {
	var all []token
	seen := map[string]int{}
	from := 0
	for i := 0; i < len(data); {
		match, dist := 0, 0
		if i+minMatch <= len(data) {
			key := string(data[i : i+minMatch])
			if at, ok := seen[key]; ok && i > at && i-at <= mostDist {
				dist = i - at
				for match < mostMatch && i+match < len(data) && data[at+match] == data[i+match] {
					match++
				}
			}
			seen[key] = i
		}
		switch {
		case match > 0:
			all = append(all, token{data[from:i], match, dist})
			i += match
			from = i
		case i-from == mostLit:
			all = append(all, token{data[from:i], 0, 0})
			from = i
		default:
			i++
		}
	}
	if from < len(data) {
		all = append(all, token{lit: data[from:]})
	}
	return all
}

// forward writes bits, lowest first, for a reader that begins at the end.
type forward struct {
	out  []byte
	acc  uint64
	bits uint
}

func (w *forward) put(v uint64, n uint) {
	w.acc |= v << w.bits
	for w.bits += n; w.bits >= 8; w.bits -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

// end fills the last byte and says by how much, a negative number.
func (w *forward) end() int32 {
	if w.bits == 0 {
		return 0
	}
	w.out = append(w.out, byte(w.acc))
	return int32(w.bits) - 8
}

// encoder is one code: of each symbol the bits that it takes and the state it leads to.
type encoder struct {
	states int
	freq   []uint16
	first  []int // state of each symbol
}

func newEncoder(freq []uint16, states int) encoder {
	e := encoder{states, freq, make([]int, len(freq))}
	at := 0
	for s, f := range freq {
		e.first[s] = at
		at += int(f)
	}
	return e
}

// put writes a symbol with its extra bits, and returns the state before it.
func (e encoder) put(w *forward, state, symbol int, extra uint64, width uint) int {
	f := int(e.freq[symbol])
	k := bits.LeadingZeros32(uint32(f)) - bits.LeadingZeros32(uint32(e.states))
	shift := k
	if state < f<<k-e.states {
		shift--
	}
	low := uint64(state) & (1<<shift - 1)
	w.put(low<<width|extra, uint(shift)+width)
	return e.first[symbol] - f + e.states>>shift + state>>shift
}

// frequenciesOf gives each symbol that occurs a share of n states.
func frequenciesOf(symbols []int, count, n int) []uint16 {
	seen := make([]int, count)
	for _, s := range symbols {
		seen[s]++
	}
	freq := make([]uint16, count)
	left, most := n, 0
	for s, k := range seen {
		if k > 0 {
			freq[s] = uint16(max(1, k*(n-count)/len(symbols)))
			left -= int(freq[s])
		}
		if freq[s] > freq[most] {
			most = s
		}
	}
	freq[most] += uint16(left)
	return freq
}

// symbolOf is the last symbol whose base is not above v.
func symbolOf(base []int, v int) int {
	s := 0
	for s+1 < len(base) && base[s+1] <= v {
		s++
	}
	return s
}

// blockOf writes one block of triplets.
func blockOf(all []token, v1 bool) []byte {
	var literals []byte
	var ls, ms, ds, cs []int
	for _, tk := range all {
		literals = append(literals, tk.lit...)
		ls, ms, ds = append(ls, symbolOf(lengthBase, len(tk.lit))), append(ms, symbolOf(copyBase, tk.match)), append(ds, symbolOf(distBase, tk.dist))
	}
	raw := len(literals)
	for _, tk := range all {
		raw += tk.match
	}
	for len(literals)%4 != 0 {
		literals = append(literals, 0)
	}
	for _, c := range literals {
		cs = append(cs, int(c))
	}
	if len(cs) == 0 {
		cs = []int{0}
	}
	var freq []uint16
	freq = append(freq, frequenciesOf(ls, 20, 64)...)
	freq = append(freq, frequenciesOf(ms, 20, 64)...)
	freq = append(freq, frequenciesOf(ds, 64, 256)...)
	freq = append(freq, frequenciesOf(cs, 256, 1024)...)
	lit, lmd := forward{}, forward{out: make([]byte, 8)} // more is read than used: before the literals stands the header
	var states [4]int
	codes := []encoder{
		newEncoder(freq[:20], 64), newEncoder(freq[20:40], 64), newEncoder(freq[40:104], 256), newEncoder(freq[104:], 1024),
	}
	for i := len(literals) - 1; i >= 0; i-- {
		states[i%4] = codes[3].put(&lit, states[i%4], int(literals[i]), 0, 0)
	}
	var l, m, d int
	for i := len(all) - 1; i >= 0; i-- {
		tk := all[i]
		d = codes[2].put(&lmd, d, ds[i], uint64(tk.dist-distBase[ds[i]]), distBits[ds[i]])
		m = codes[1].put(&lmd, m, ms[i], uint64(tk.match-copyBase[ms[i]]), copyBits[ms[i]])
		l = codes[0].put(&lmd, l, ls[i], uint64(len(tk.lit)-lengthBase[ls[i]]), lengthBits[ls[i]])
	}
	litOver, lmdOver := lit.end(), lmd.end()
	le := binary.LittleEndian
	if v1 {
		h := make([]byte, 772)
		copy(h, "bvx1")
		for i, v := range []int{raw, len(lit.out) + len(lmd.out), len(literals), len(all), len(lit.out), len(lmd.out), int(litOver)} {
			le.PutUint32(h[4+4*i:], uint32(int32(v)))
		}
		for i, s := range states {
			le.PutUint16(h[32+2*i:], uint16(s))
		}
		le.PutUint32(h[40:], uint32(lmdOver))
		le.PutUint16(h[44:], uint16(l))
		le.PutUint16(h[46:], uint16(m))
		le.PutUint16(h[48:], uint16(d))
		for i, f := range freq {
			le.PutUint16(h[50+2*i:], f)
		}
		return append(append(h, lit.out...), lmd.out...)
	}
	var tables forward
	for _, f := range freq {
		switch {
		case f < 2:
			tables.put(uint64(f)<<1, 2)
		case f < 4:
			tables.put(uint64(f-2)<<2|1, 3)
		case f < 8:
			tables.put(uint64(f-4)<<3|3, 5)
		case f < 24:
			tables.put(uint64(f-8)<<4|7, 8)
		default:
			tables.put(uint64(f-24)<<4|15, 14)
		}
	}
	tables.end()
	h := le.AppendUint32([]byte("bvx2"), uint32(raw))
	h = le.AppendUint64(h, uint64(len(literals))|uint64(len(lit.out))<<20|uint64(len(all))<<40|uint64(litOver+7)<<60)
	h = le.AppendUint64(h, uint64(states[0])|uint64(states[1])<<10|uint64(states[2])<<20|uint64(states[3])<<30|uint64(len(lmd.out))<<40|uint64(lmdOver+7)<<60)
	h = le.AppendUint64(h, uint64(32+len(tables.out))|uint64(l)<<32|uint64(m)<<42|uint64(d)<<52)
	h = append(h, tables.out...)
	return append(append(h, lit.out...), lmd.out...)
}

// End is the mark that ends a stream.
const End = "bvx$"

// Pack compresses into blocks of triplets, with plain tables (v1) or packed ones.
func Pack(data []byte, v1 bool) []byte {
	var out []byte
	all := tokens(data, 315, 4, 2359, 262139)
	for len(all) > 0 {
		n, lit := 0, 0
		for n < len(all) && n < 10_000 && lit+len(all[n].lit) <= 40_000-4 {
			if all[n].match == 0 {
				all[n].dist = 1 // none is not allowed in the first, zero means the one before
			}
			lit += len(all[n].lit)
			n++
		}
		out = append(out, blockOf(all[:n], v1)...)
		all = all[n:]
	}
	return append(out, End...)
}

// LZVN compresses into LZVN's codes, which no block is around.
func LZVN(data []byte) []byte {
	var out []byte
	before := 0
	for i, tk := range tokens(data, 271, 4, 271, 65535) {
		if i%50 == 10 {
			out = append(out, 14, 22)
		}
		lit, match := tk.lit, tk.match
		if len(lit) > 3 || match == 0 {
			if n := len(lit); n > 15 {
				out = append(out, 0xe0, byte(n-16))
			} else {
				out = append(out, 0xe0|byte(n))
			}
			out = append(out, lit...)
			lit = nil
		}
		if match == 0 {
			continue
		}
		first := match
		switch l, d := byte(len(lit)), tk.dist; {
		case d == before && len(lit) == 0 && match < 16:
			out = append(out, 0xf0|byte(match))
		case d == before && len(lit) == 0 && match < 272:
			out = append(out, 0xf0, byte(match-16))
		case d == before && (l != 0 || match > 0) && i%2 == 0 && l < 3 && l != 0:
			first = min(match, 10)
			if l == 1 && first-3 >= 6 || l == 2 && first-3 >= 4 { // those codes are not used, or others
				first = 6
			}
			out = append(append(out, l<<6|byte(first-3)<<3|6), lit...)
		case d < 1536 && l < 3:
			first = min(match, 10)
			if l == 1 && first-3 >= 6 || l == 2 && first-3 >= 4 {
				first = 6
			}
			out = append(append(out, l<<6|byte(first-3)<<3|byte(d>>8), byte(d)), lit...)
		case d < 16384:
			first = min(match, 34)
			m := first - 3
			out = append(append(out, 0xa0|l<<3|byte(m>>2), byte(d<<2|m&3), byte(d>>6)), lit...)
		default:
			first = min(match, 4)
			out = append(append(out, l<<6|byte(first-3)<<3|7, byte(d), byte(d>>8)), lit...)
		}
		before = tk.dist
		for match -= first; match > 0; match -= first {
			first = min(match, 15)
			out = append(out, 0xf0|byte(first))
		}
	}
	return append(out, 6, 0, 0, 0, 0, 0, 0, 0)
}

// LZVNBlock is one block of LZVN; End must follow.
func LZVNBlock(data []byte) []byte {
	packed := LZVN(data)
	b := binary.LittleEndian.AppendUint32([]byte("bvxn"), uint32(len(data)))
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(packed))), packed...)
}

// StoredBlock is one block of data as they are; End must follow.
func StoredBlock(data []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte("bvx-"), uint32(len(data))), data...)
}
