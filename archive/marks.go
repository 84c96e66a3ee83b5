package archive

import (
	"encoding/binary"
	"math/bits"
)

// signature is one that may stand anywhere. All of them are looked for in one
// pass, which compares two bytes at every even offset: wherever a mark begins, one
// pair of its bytes that begins at an even offset is among those of markPairs.
type signature struct {
	text      string
	even, odd int                           // offsets in text of a rare pair: for a mark at an even offset, and at an odd one
	fits      func(p *probe, at int64) bool // what else must be true of it
}

// The marks by their place in the table, for probe.met.
const (
	markZipLocal = iota
	markZipEnd
	markArj
	markCab
	markRar
	mark7z
	markPDFEnd
	markPDFObject
	markNSIS
	markCount
)

var marks = [markCount]signature{
	markZipLocal:  {"PK\x03\x04", 0, 1, func(p *probe, at int64) bool { return plausibleLocal(p.from(at), p.size-at) }},
	markZipEnd:    {"PK\x05\x06", 0, 1, func(p *probe, at int64) bool { return at >= p.size-tailBytes && p.size-at >= endBytes }},
	markArj:       {"\x60\xea", 0, 1, func(p *probe, at int64) bool { return arjBegins(p.from(at), at == 0) }},
	markCab:       {"MSCF", 0, 1, func(p *probe, at int64) bool { return plausibleCab(p.from(at), p.size-at, at == 0) }},
	markRar:       {"Rar!\x1a\x07", 4, 3, func(p *probe, at int64) bool { return rarBegins(p.from(at), at == 0) }},
	mark7z:        {"7z\xbc\xaf\x27\x1c", 2, 1, func(p *probe, at int64) bool { return begins7z(p.from(at), at == 0) }},
	markPDFEnd:    {"endobj", 4, 3, func(*probe, int64) bool { return true }},
	markPDFObject: {"obj", 0, 1, (*probe).pdfObjectAt},
	markNSIS:      {nsisMagic, 2, 1, func(p *probe, at int64) bool { return at >= 4 && nsisFits(p.from(at)) }},
}

// pairBits is how much of a pair, a little-endian number, tells it from others: less
// than all of it, so that the table stays in a core's first cache.
const pairBits = 13

// markPairs has a bit for each mark that a pair may show.
var markPairs = func() *[1 << pairBits]uint16 {
	t := new([1 << pairBits]uint16)
	for k, m := range marks {
		for _, off := range [...]int{m.even, m.odd} {
			for next := range 256 { // whatever follows a mark that ends here
				if off+1 < len(m.text) {
					next = int(m.text[off+1])
				}
				t[(int(m.text[off])|next<<8)&(1<<pairBits-1)] |= 1 << k
			}
		}
	}
	return t
}()

// findMarks looks for every mark in a part of the file that begins at base.
func (p *probe) findMarks(part []byte, base int64) {
	const most = 1<<pairBits - 1
	t, at := markPairs, 0
	for ; at+8 <= len(part); at += 8 {
		v := binary.LittleEndian.Uint64(part[at:])
		if t[v&most]|t[v>>16&most]|t[v>>32&most]|t[v>>48&most] != 0 {
			p.tryPairs(part, at, at+8, base)
		}
	}
	p.tryPairs(part, at, len(part)-1, base)
}

// tryPairs looks for marks by the pairs between two offsets, the first of them even.
func (p *probe) tryPairs(part []byte, from, to int, base int64) {
	for i := from; i < to; i += 2 {
		for may := markPairs[binary.LittleEndian.Uint16(part[i:])&(1<<pairBits-1)]; may != 0; may &= may - 1 {
			if k := bits.TrailingZeros16(may); !p.met[k] {
				p.met[k] = p.tryMark(&marks[k], part, i, base)
			}
		}
	}
}

// tryMark looks whether the pair at an even offset is one of the mark.
func (p *probe) tryMark(m *signature, part []byte, i int, base int64) bool {
	for _, off := range [...]int{m.even, m.odd} {
		at := i - off
		if part[i] == m.text[off] && at >= 0 && len(part)-at >= len(m.text) &&
			string(part[at:at+len(m.text)]) == m.text && m.fits(p, base+int64(at)) {
			return true
		}
	}
	return false
}
