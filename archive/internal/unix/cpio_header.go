package unix

import (
	"bytes"
	"encoding/binary"
)

// cpioKind is a dialect of cpio, or a set of them.
type cpioKind uint8

const (
	cpioNew    cpioKind = 1 << iota // SVR4, "newc"
	cpioCRC                         // SVR4 with a sum, "crc"
	cpioOld                         // POSIX.1-1988, "odc"
	cpioLittle                      // the old binary one
	cpioBig                         // with its 16-bit numbers the other way round
	cpioAny    = cpioNew | cpioCRC | cpioOld | cpioLittle | cpioBig
)

// Lengths of headers, in bytes (cpio(5) of FreeBSD).
const (
	cpioNewBytes   = 110
	cpioOldBytes   = 76
	cpioBinBytes   = 26
	cpioMaxHeader  = cpioNewBytes
	cpioMagicBytes = 6
	cpioMaxBinName = 1 << 10 // of a binary header that is believed at once
	cpioTextMagic  = "07070"
)

// cpioHeader is what matters of a header.
type cpioHeader struct {
	kind   cpioKind
	length int64 // of the header itself
	mode   int64
	name   int64 // length of the name, with its NUL
	size   int64
	check  uint32
	bad    bool // a number has what are no digits, or a binary header is odd
	named  bool // the name's length is a number, and its NUL is there if b held it
}

// sure says that a header is no chance.
func (h *cpioHeader) sure() bool { return !h.bad || h.named }

// pad is how much fills a part of n bytes up, counted from the header's start.
func (h *cpioHeader) pad(n int64) int64 {
	switch h.kind {
	case cpioNew, cpioCRC:
		return -n & 3
	case cpioLittle, cpioBig:
		return -n & 1
	}
	return 0
}

// next is where the header behind a header at off with size bytes at data is
// sought, and what is searched if none is there. If a number cannot be trusted,
// all behind the magic is.
func (h *cpioHeader) next(off, data, container int64) (next, search int64) {
	search = off + h.length
	switch {
	case h.bad:
		return off + cpioMagicBytes, 0
	case h.size > container-data:
		return container, search
	}
	return data + h.size + h.pad(h.size), search
}

// parseCpioHeader reads a header of one of the text dialects, or of one of the
// binary ones in kinds: their magic is too short to be sought everywhere.
func parseCpioHeader(b []byte, kinds cpioKind) (*cpioHeader, bool) {
	if len(b) < cpioBinBytes {
		return nil, false
	}
	switch {
	case bytes.HasPrefix(b, []byte(cpioTextMagic)):
		return parseCpioText(b)
	case kinds&cpioLittle != 0 && b[0] == 0xc7 && b[1] == 0x71:
		return parseCpioBinary(b, cpioLittle), true
	case kinds&cpioBig != 0 && b[0] == 0x71 && b[1] == 0xc7:
		return parseCpioBinary(b, cpioBig), true
	}
	return nil, false
}

// parseCpioUnmarked reads a binary header without its magic, where one must be.
//
// QUIRK: libarchive does not look at the magic behind the first header.
func parseCpioUnmarked(b []byte, kind cpioKind) (*cpioHeader, bool) {
	if kind != cpioLittle && kind != cpioBig || len(b) < cpioBinBytes {
		return nil, false
	}
	h := parseCpioBinary(b, kind)
	return h, !h.bad && h.named
}

func parseCpioText(b []byte) (*cpioHeader, bool) {
	kind := cpioKind(0)
	switch b[cpioMagicBytes-1] {
	case '1':
		kind = cpioNew
	case '2':
		kind = cpioCRC
	case '7':
		kind = cpioOld
	}
	h := &cpioHeader{kind: kind}
	switch {
	case kind == cpioOld && len(b) >= cpioOldBytes:
		h.length = cpioOldBytes
		h.name = h.number(b[59:65], 8)
		h.named = !h.bad && named(b[h.length:], h.name)
		h.mode = h.number(b[18:24], 8)
		h.size = h.number(b[65:76], 8)
		return h, true
	case kind != 0 && kind != cpioOld && len(b) >= cpioNewBytes:
		h.length = cpioNewBytes
		h.name = h.number(b[94:102], 16)
		h.named = !h.bad && named(b[h.length:], h.name)
		h.mode = h.number(b[14:22], 16)
		h.size = h.number(b[54:62], 16)
		h.check = uint32(h.number(b[102:110], 16))
		return h, true
	}
	return nil, false
}

// named says whether a name of n bytes may begin b. It ends with its only NUL.
func named(b []byte, n int64) bool {
	return n > 0 && int64(len(b)) >= n && int64(bytes.IndexByte(b, 0)) == n-1
}

// number reads digits up to what is none.
func (h *cpioHeader) number(f []byte, base int64) int64 {
	n := int64(0)
	f = bytes.TrimLeft(f, " ") // GNU cpio skips them
	for _, c := range f {
		d := int64(-1)
		switch {
		case c >= '0' && c <= '9':
			d = int64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int64(c|0x20-'a') + 10
		}
		if d < 0 || d >= base {
			h.bad = true
			break
		}
		n = n*base + d
	}
	h.bad = h.bad || len(f) == 0
	return n
}

// parseCpioBinary reads the 13 numbers of 16 bits of a binary header; those of
// 32 bits have their upper half first.
func parseCpioBinary(b []byte, kind cpioKind) *cpioHeader {
	var order binary.ByteOrder = binary.LittleEndian
	if kind == cpioBig {
		order = binary.BigEndian
	}
	at := func(i int) int64 { return int64(order.Uint16(b[2*i:])) }
	h := &cpioHeader{kind: kind, length: cpioBinBytes, mode: at(3), name: at(10), size: at(11)<<16 | at(12)}
	typ := h.mode >> 12
	known := typ == 0 || typ&(typ-1) == 0 || typ == 6 || typ == 10 || typ == 12
	h.named = named(b[cpioBinBytes:], h.name)
	h.bad = !known || h.name < 1 || h.name > cpioMaxBinName || !h.named && len(b) >= cpioBinBytes+int(h.name)
	return h
}

// nextCpioHeader finds a header that is in order, -1 if there is none. The last
// of its bytes may lie behind b.
func nextCpioHeader(b []byte, kinds cpioKind) int {
	if kinds&(cpioLittle|cpioBig) == 0 {
		return nextCpioText(b)
	}
	for i, c := range b {
		if c != '0' && c != 0xc7 && c != 0x71 {
			continue
		}
		if h, ok := parseCpioHeader(b[i:], kinds); ok && !h.bad {
			return i
		}
	}
	return -1
}

// nextCpioText is nextCpioHeader for the text dialects.
func nextCpioText(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte(cpioTextMagic))
		if i < 0 {
			return -1
		}
		at += i
		if h, ok := parseCpioHeader(b[at:], 0); ok && !h.bad {
			return at
		}
	}
}
