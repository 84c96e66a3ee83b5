package ace

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// signature stands in the main header, and in recovery records.
const (
	signature   = "**ACE**"
	signatureAt = 7 // offset in the main header
)

// Types of header.
const (
	typeMain   = 0
	typeFile32 = 1
	typeFile64 = 3
	typeLast   = 5 // 2, 4 and 5 are recovery records
)

// Flags of a header.
const (
	flagData     = 1 << 0 // bytes follow the header
	flagComment  = 1 << 1
	flag64       = 1 << 2  // of other types than the main header: sizes have 64 bits
	flagAdvert   = 1 << 12 // of the main header: an unregistered program's line
	flagBefore   = 1 << 12 // of a file: begins in the volume before
	flagAfter    = 1 << 13 // of a file: goes on in the next one
	flagPassword = 1 << 14 // of a file
	flagSolid    = 1 << 15
)

// Bytes of a header.
const (
	headFixed  = 4  // checksum and size, which do not count
	headMin    = 3  // type and flags
	mainFixed  = 26 // before advert and comment
	fileFixed  = 3 + 8 + 20
	attrFolder = 0x10
)

// header is a header as it lies in the archive.
type header struct {
	raw   []byte // behind the size
	data  int64  // offset behind the header
	kind  byte
	flags uint16
	bad   bool // its checksum is wrong
}

// parse reads a header from the front of b.
func parse(b []byte) (h header, ok bool) {
	if len(b) < headFixed+headMin {
		return h, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < headMin || n > len(b)-headFixed {
		return h, false
	}
	h.raw = b[headFixed : headFixed+n]
	h.kind, h.flags = h.raw[0], binary.LittleEndian.Uint16(h.raw[1:])
	h.bad = uint16(^crc32.ChecksumIEEE(h.raw)) != binary.LittleEndian.Uint16(b)
	return h, h.plausible()
}

// plausible says whether the fields can be meant, whatever the checksum says.
func (h *header) plausible() bool {
	switch h.kind {
	case typeMain:
		return len(h.raw) >= mainFixed && string(h.raw[3:3+len(signature)]) == signature
	case typeFile32, typeFile64:
		f, ok := h.file()
		return ok && h.flags&flagData != 0 && (h.kind == typeFile64) == (h.flags&flag64 != 0) && f.packed >= 0
	}
	// What is skipped must be known to be one.
	return h.kind <= typeLast && h.flags&flagData != 0 && len(h.raw) >= headMin+4 && !h.bad
}

// skipped is how many bytes follow a header that is no file's.
func (h *header) skipped() int64 {
	c := input.Cursor{Rest: h.raw[headMin:]}
	switch {
	case h.kind == typeMain || h.flags&flagData == 0:
		return 0
	case h.flags&flag64 != 0:
		return int64(min(c.U64(), math.MaxInt64))
	}
	return int64(c.U32())
}

// file is what a file's header says.
type file struct {
	packed, size    int64
	attributes, crc uint32
	method          byte
	name, comment   []byte
}

// file reads the fields of a file's header; not ok if they do not fit into it.
func (h *header) file() (f file, ok bool) {
	c := input.Cursor{Rest: h.raw[headMin:]}
	if h.flags&flag64 != 0 {
		f.packed, f.size = int64(min(c.U64(), math.MaxInt64)), int64(min(c.U64(), math.MaxInt64))
	} else {
		f.packed, f.size = int64(c.U32()), int64(c.U32())
	}
	c.U32() // time
	f.attributes, f.crc = c.U32(), c.U32()
	f.method = c.U8()
	c.U8()  // quality
	c.U16() // size of the dictionary; what a distance reaches counts
	c.U16()
	f.name = c.Bytes(int(c.U16()))
	if c.Short {
		return f, false
	}
	if h.flags&flagComment != 0 {
		f.comment = c.Bytes(int(c.U16()))
	}
	return f, true
}

// mainComment is the packed comment of the main header.
func (h *header) mainComment() []byte {
	c := input.Cursor{Rest: h.raw[mainFixed:]}
	if h.flags&flagAdvert != 0 {
		c.Bytes(int(c.U8()))
	}
	if h.flags&flagComment == 0 {
		return nil
	}
	return c.Bytes(int(c.U16()))
}

// headerAt reads the header at an offset; not ok if there is none.
func headerAt(src io.ReaderAt, off, size int64) (h header, ok bool, err error) {
	head, err := saferead.UpTo(src, off, headFixed+headMin, size, headFixed+headMin)
	if err != nil || len(head) < headFixed+headMin || head[headFixed] > typeLast {
		return h, false, err
	}
	n := headFixed + int(binary.LittleEndian.Uint16(head[2:]))
	b, err := saferead.UpTo(src, off, int64(n), size, n)
	if err != nil {
		return h, false, err
	}
	h, ok = parse(b)
	h.data = off + int64(n)
	return h, ok, nil
}
