package unix

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// tarHeader is what matters of a header block (POSIX.1-2001 pax, ustar; GNU tar).
type tarHeader struct {
	name    []byte // with the ustar prefix
	size    int64
	flag    byte
	checked bool // the checksum is right
	bad     bool // the size is no plain number

	oddSizes []int64 // what some readers make of a size that is no plain number
	pieces   []tarPiece
	realSize int64 // of a sparse member
}

// isTarHeader says whether a block is one: by its magic or by its checksum.
func isTarHeader(b []byte) bool {
	return isUstar(b) || checksumFits(b) && !allZero(b)
}

func isUstar(b []byte) bool { return string(b[257:262]) == "ustar" }

// checksumFits compares the sum of the block's bytes, as signed or as unsigned
// numbers, with the field; the field itself counts as spaces.
func checksumFits(b []byte) bool {
	want, ok := tarNumber(b[148:156])
	if !ok {
		return false
	}
	var unsigned, signed int64
	for i, c := range b[:tarBlock] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return want == unsigned || want == signed
}

// parseTarHeader reads a block. A wrong checksum alone does not make it
// something else if the magic is there.
func parseTarHeader(b []byte) (*tarHeader, bool) {
	h := &tarHeader{flag: b[156], checked: checksumFits(b)}
	magic := isUstar(b)
	if !h.checked && !magic {
		return nil, false
	}
	size, ok := tarNumber(b[124:136])
	h.size, h.bad = size, !ok
	h.oddSizes = oddTarNumbers(b[124:136])
	h.name = cString(b[:100])
	if magic && b[262] == 0 { // GNU's magic is "ustar  ", and has times there
		end := 500
		if string(b[508:512]) == "tar\x00" {
			end = 476 // star has times behind a shorter prefix
		}
		if prefix := cString(b[345:end]); len(prefix) > 0 {
			h.name = bytes.Join([][]byte{prefix, h.name}, []byte("/"))
		}
	}
	return h, true
}

func cString(b []byte) []byte {
	head, _, _ := bytes.Cut(b, []byte{0})
	return head
}

var zeroBlock [tarBlock]byte

func allZero(b []byte) bool { return bytes.Equal(b, zeroBlock[:len(b)]) }

// tarExtension is what extension headers say about the member that follows.
type tarExtension struct {
	paxName []byte
	gnuName []byte
	sizes   []int64 // the last first
	sparse  bool
	cut     bool

	// GNU's sparse formats 0.0, 0.1 and 1.0.
	pieces   []tarPiece
	offset   int64 // of a piece whose length is still to come
	realSize int64
	mapped   bool // 1.0: the pieces are listed before the data
}

// maxTarSizes is how many size records are kept.
const maxTarSizes = 4

// longLink is the name of GNU's extension headers.
const longLink = "././@LongLink"

// extend reads the body of an extension header. It is not whole if there is more in it
// than that.
//
// QUIRK: unar takes GNU's header under another name for a file.
func (w *tarWalker) extend(ext *tarExtension, h *tarHeader, body *io.SectionReader) (whole bool, err error) {
	limit := maxPax
	if h.flag == 'L' || h.flag == 'K' {
		limit = w.limits.NameBytes
	}
	raw, err := io.ReadAll(io.LimitReader(body, int64(limit)))
	if err != nil {
		return false, err
	}
	if w.pax -= int64(len(raw)); w.pax < 0 {
		return false, fmt.Errorf("extension headers: %w", level.ErrLimit)
	}
	cut := h.size > int64(limit)
	switch h.flag {
	case 'L':
		ext.gnuName = cString(raw)
		ext.cut = ext.cut || cut
		whole = string(h.name) == longLink
	case 'K':
		whole = string(h.name) == longLink
	case 'x', 'X':
		whole = ext.pax(raw)
		ext.cut = ext.cut || cut
	case 'g':
		whole = w.global.pax(raw)
	}
	return whole, nil
}

// pax reads "length key=value\n" records. What comes behind a broken one is lost
// to every reader that was looked at; it says whether there is none.
func (ext *tarExtension) pax(b []byte) (whole bool) {
	for len(b) > 0 {
		head, _, ok := bytes.Cut(b[:min(len(b), 20)], []byte(" "))
		n, err := strconv.ParseUint(string(head), 10, 31)
		if !ok || err != nil || int(n) > len(b) || int(n) < len(head)+2 {
			return len(bytes.Trim(b, "\x00")) == 0
		}
		key, value, ok := bytes.Cut(bytes.TrimSuffix(b[len(head)+1:n], []byte("\n")), []byte("="))
		b = b[n:]
		if ok {
			ext.record(string(key), value)
		}
	}
	return true
}

func (ext *tarExtension) record(key string, value []byte) {
	switch key {
	case "path", "GNU.sparse.name":
		ext.paxName = bytes.Clone(value)
	case "size":
		if n, ok := paxNumber(value); ok && !slices.Contains(ext.sizes, n) {
			ext.sizes = slices.Insert(ext.sizes, 0, n)
			ext.sizes = ext.sizes[:min(len(ext.sizes), maxTarSizes)]
		}
	}
	if sparse, ok := strings.CutPrefix(key, "GNU.sparse."); ok {
		ext.sparse = true
		ext.sparseRecord(sparse, value)
	}
}

// paxNumber reads a decimal number that is not negative.
func paxNumber(value []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil && n >= 0
}
