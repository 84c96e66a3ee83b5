package lzfse

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
)

// Numbers of symbols and of states of a block's four codes.
const (
	lengthSymbols, lengthStates   = 20, 64
	distSymbols, distStates       = 64, 256
	literalSymbols, literalStates = 256, 1024
	allSymbols                    = 2*lengthSymbols + distSymbols + literalSymbols
)

// Bounds of a block.
const (
	maxMatches  = 10_000
	maxLiterals = 4 * maxMatches

	// What the literals and the triplets can take, in bytes: 10 bits each, and 14+17+23. More
	// may be declared, but decoding begins at the end.
	maxLiteralBytes = maxLiterals*10/8 + 16
	maxTripletBytes = maxMatches*54/8 + 16

	fixedV1 = 50 // bytes of a header before its tables, the magic number too
	fixedV2 = 32
	bytesV1 = fixedV1 + 2*allSymbols + 2
)

// Extra bits of values and what they are added to.
var (
	lengthBits = [lengthSymbols]uint8{16: 2, 3, 5, 8}
	copyBits   = [lengthSymbols]uint8{16: 3, 5, 8, 11}
	lengthBase = bases(lengthBits[:])
	copyBase   = bases(copyBits[:])
	distBits   = func() (b [distSymbols]uint8) {
		for i := range b {
			b[i] = uint8(i / 4)
		}
		return b
	}()
	distBase = bases(distBits[:])
)

// bases are the values that begin where those of the symbol before end.
func bases(bits []uint8) []int32 {
	all := make([]int32, len(bits))
	for i := 1; i < len(bits); i++ {
		all[i] = all[i-1] + 1<<bits[i-1]
	}
	return all
}

// entry is what a state means: a value, and the state that follows.
type entry struct {
	bits, extra uint8 // for both, and for the value alone
	delta       int16 // is added to the state's bits
	base        int32 // is added to the value's
}

// table is a code's states, of a number that is a power of two. States that no symbol
// has stay as the block before left them.
type table []entry

// build gives each symbol as many states as its frequency says.
func (t table) build(freq []uint16, extra []uint8, base []int32) error {
	sum := 0
	for _, f := range freq {
		sum += int(f)
	}
	if sum > len(t) {
		return ErrData
	}
	at := 0
	for symbol, f := range freq {
		if f == 0 {
			continue
		}
		// From f states to all of them it takes k bits, or k-1 from the later ones.
		n, f := len(t), int(f)
		k := bits.Len(uint(n)) - bits.Len(uint(f))
		few := 2*n>>k - f
		for j := range f {
			e := entry{base: int32(symbol)}
			if base != nil {
				e.extra, e.base = extra[symbol], base[symbol]
			}
			if j < few {
				e.bits, e.delta = uint8(k)+e.extra, int16((f+j)<<k-n)
			} else {
				e.bits, e.delta = uint8(k-1)+e.extra, int16((j-few)<<(k-1))
			}
			t[at] = e
			at++
		}
	}
	return nil
}

// value decodes one value.
func (t table) value(in *backward, state *uint16) int {
	e := t[int(*state)&(len(t)-1)]
	v := in.take(uint(e.bits))
	*state = uint16(int(e.delta) + int(v>>e.extra))
	return int(e.base) + int(v&(1<<e.extra-1))
}

// backward reads bits from the end of b.
type backward struct {
	b   []byte
	acc uint64
	n   uint // bits in acc
}

// start begins with the last bytes, of which the highest -over bits are not used.
func (in *backward) start(b []byte, over int32) bool {
	in.b, in.acc, in.n = b, 0, 0
	take := 8
	if over == 0 {
		take = 7
	}
	if over > 0 || over < -8 || len(b) < take {
		return false
	}
	in.load(take)
	in.n = uint(8*take + int(over))
	return in.acc>>in.n == 0
}

// load moves bytes into acc.
func (in *backward) load(n int) {
	for range n {
		last := len(in.b) - 1
		in.acc = in.acc<<8 | uint64(in.b[last])
		in.b = in.b[:last]
	}
}

// fill makes it 56 bits at least.
func (in *backward) fill() bool {
	n := (63 - in.n) / 8
	if int(n) > len(in.b) {
		return false
	}
	in.load(int(n))
	in.n += 8 * n
	return true
}

func (in *backward) take(n uint) uint64 {
	in.n -= n
	v := in.acc >> in.n
	in.acc &= 1<<in.n - 1
	return v
}

// triplets is a block of triplets: how many literals, how much is copied, from how far.
type triplets struct {
	matches                int // that are left
	literals, used         int // all of them, and those that were taken
	group                  [4]byte
	packed, lmd            backward
	literalStates          [4]uint16
	lState, mState, dState uint16
	lengths, copies, dists table
	literalCode            table
	raw, rawLMD            []byte // packed bytes
}

// header is what a block says of itself.
type header struct {
	literals, matches      uint32
	literalBytes, lmdBytes uint32
	literalOver, lmdOver   int32
	literalStates          [4]uint16
	lState, mState, dState uint16
	freq                   [allSymbols]uint16
	bytes                  []byte // as it stands
}

// open reads a block behind its magic number.
func (b *triplets) open(in *bufio.Reader, magic uint32) error {
	if b.lengths == nil {
		b.lengths, b.copies = make(table, lengthStates), make(table, lengthStates)
		b.dists, b.literalCode = make(table, distStates), make(table, literalStates)
	}
	var h header
	read := h.readV2
	if magic == magicV1 {
		read = h.readV1
	}
	if err := read(in); err != nil {
		return err
	}
	if h.literals > maxLiterals || h.matches > maxMatches ||
		max(h.literalStates[0], h.literalStates[1], h.literalStates[2], h.literalStates[3]) >= literalStates ||
		max(h.lState, h.mState) >= lengthStates || h.dState >= distStates {
		return ErrData
	}
	if err := b.build(h.freq[:]); err != nil {
		return err
	}
	var err error
	// Where the literals are short, their first bits are those of the header.
	if b.raw, err = lastBytes(in, append(b.raw[:0], h.bytes...), h.literalBytes, maxLiteralBytes); err != nil {
		return err
	}
	if b.rawLMD, err = lastBytes(in, b.rawLMD[:0], h.lmdBytes, maxTripletBytes); err != nil {
		return err
	}
	b.matches, b.used, b.literals = int(h.matches), 0, int(h.literals+3)&^3
	b.lState, b.mState, b.dState, b.literalStates = h.lState, h.mState, h.dState, h.literalStates
	if !b.packed.start(b.raw, h.literalOver) || !b.lmd.start(b.rawLMD, h.lmdOver) {
		return ErrData
	}
	return nil
}

// build makes the codes.
func (b *triplets) build(freq []uint16) error {
	for _, c := range []struct {
		table table
		n     int
		extra []uint8
		base  []int32
	}{
		{b.lengths, lengthSymbols, lengthBits[:], lengthBase},
		{b.copies, lengthSymbols, copyBits[:], copyBase},
		{b.dists, distSymbols, distBits[:], distBase},
		{b.literalCode, literalSymbols, nil, nil},
	} {
		if err := c.table.build(freq[:c.n], c.extra, c.base); err != nil {
			return err
		}
		freq = freq[c.n:]
	}
	return nil
}

// take decodes the next literals: four codes in turn. They are decoded when a triplet
// asks for them, so that a block without output costs nothing.
func (b *triplets) take(p []byte) error {
	for i := range p {
		if b.used%4 == 0 {
			if !b.packed.fill() {
				return ErrData
			}
			for k := range b.group {
				b.group[k] = byte(b.literalCode.value(&b.packed, &b.literalStates[k]))
			}
		}
		p[i] = b.group[b.used%4]
		b.used++
	}
	return nil
}

// lastBytes appends n bytes of the input to b; of more than most, the last ones.
func lastBytes(in *bufio.Reader, b []byte, n uint32, most int) ([]byte, error) {
	for int(n) > most {
		skipped, err := in.Discard(min(int(n)-most, 64<<10))
		if err != nil {
			return b, err
		}
		n -= uint32(skipped)
	}
	from := len(b)
	b = slices.Grow(b, int(n))[:from+int(n)]
	_, err := io.ReadFull(in, b[from:])
	return b, err
}

// readV1 reads a header with plain tables.
func (h *header) readV1(in *bufio.Reader) error {
	h.bytes = make([]byte, bytesV1)
	if _, err := io.ReadFull(in, h.bytes[4:]); err != nil {
		return err
	}
	le, b := binary.LittleEndian, h.bytes
	h.literals, h.matches = le.Uint32(b[12:]), le.Uint32(b[16:])
	h.literalBytes, h.lmdBytes = le.Uint32(b[20:]), le.Uint32(b[24:])
	h.literalOver, h.lmdOver = int32(le.Uint32(b[28:])), int32(le.Uint32(b[40:]))
	for i := range h.literalStates {
		h.literalStates[i] = le.Uint16(b[32+2*i:])
	}
	h.lState, h.mState, h.dState = le.Uint16(b[44:]), le.Uint16(b[46:]), le.Uint16(b[48:])
	for i := range h.freq {
		h.freq[i] = le.Uint16(b[fixedV1+2*i:])
	}
	return nil
}

// readV2 reads a packed header.
func (h *header) readV2(in *bufio.Reader) error {
	var fixed [fixedV2]byte
	if _, err := io.ReadFull(in, fixed[4:]); err != nil {
		return err
	}
	le := binary.LittleEndian
	a, b, c := le.Uint64(fixed[8:]), le.Uint64(fixed[16:]), le.Uint64(fixed[24:])
	h.literals, h.literalBytes, h.matches = uint32(a&0xfffff), uint32(a>>20&0xfffff), uint32(a>>40&0xfffff)
	h.literalOver, h.lmdOver = int32(a>>60&7)-7, int32(b>>60&7)-7
	for i := range h.literalStates {
		h.literalStates[i] = uint16(b >> (10 * i) & 0x3ff)
	}
	h.lmdBytes = uint32(b >> 40 & 0xfffff)
	h.lState, h.mState, h.dState = uint16(c>>32&0x3ff), uint16(c>>42&0x3ff), uint16(c>>52&0x3ff)
	size := int64(uint32(c))
	if size < fixedV2 || size > fixedV2+2*allSymbols {
		return ErrData
	}
	h.bytes = make([]byte, size)
	copy(h.bytes, fixed[:])
	if _, err := io.ReadFull(in, h.bytes[fixedV2:]); err != nil {
		return err
	}
	if size == fixedV2 {
		return nil // no codes at all
	}
	return h.frequencies(h.bytes[fixedV2:])
}

// frequencies decodes the tables of a packed header, which fill it.
func (h *header) frequencies(b []byte) error {
	acc, n := uint32(0), 0
	for i := range h.freq {
		for len(b) > 0 && n <= 24 {
			acc |= uint32(b[0]) << n
			b, n = b[1:], n+8
		}
		used := 0
		switch {
		case acc&1 == 0:
			h.freq[i], used = uint16(acc>>1&1), 2
		case acc&2 == 0:
			h.freq[i], used = uint16(2+acc>>2&1), 3
		case acc&4 == 0:
			h.freq[i], used = uint16(4+acc>>3&3), 5
		case acc&8 == 0:
			h.freq[i], used = uint16(8+acc>>4&15), 8
		default:
			h.freq[i], used = uint16(24+acc>>4&0x3ff), 14
		}
		if n -= used; n < 0 {
			return ErrData
		}
		acc >>= used
	}
	if n >= 8 || len(b) > 0 {
		return ErrData
	}
	return nil
}
