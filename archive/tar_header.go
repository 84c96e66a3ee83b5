package archive

import (
	"bytes"
	"io"
	"strconv"
)

// tarHeader is what matters of a header block (POSIX.1-2001 pax, ustar; GNU tar).
type tarHeader struct {
	name    []byte // with the ustar prefix
	size    int64
	flag    byte
	checked bool // the checksum is right
	bad     bool // the size cannot be read, and counts as 0
}

// isTarHeader says whether a block is one: by its magic or by its checksum.
func isTarHeader(b []byte) bool {
	return bytes.Equal(b[257:262], []byte("ustar")) || checksumFits(b) && !allZero(b)
}

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
	magic := bytes.Equal(b[257:262], []byte("ustar"))
	if !h.checked && !magic {
		return nil, false
	}
	size, ok := tarNumber(b[124:136])
	h.size, h.bad = size, !ok
	h.name = cString(b[:100])
	if magic && b[262] == 0 { // GNU's magic is "ustar  ", and has times there
		if prefix := cString(b[345:500]); len(prefix) > 0 {
			h.name = bytes.Join([][]byte{prefix, h.name}, []byte("/"))
		}
	}
	return h, true
}

// tarNumber reads a field in octal or, with the top bit set, in base 256. Octal
// may be preceded by spaces and ends at the first byte that is no digit.
func tarNumber(f []byte) (int64, bool) {
	if f[0]&0x80 != 0 {
		n := int64(f[0] & 0x3f)
		if f[0]&0x40 != 0 {
			return 0, false // negative
		}
		for _, c := range f[1:] {
			if n >= 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	f = bytes.TrimLeft(f, " \x00")
	n, digits := int64(0), 0
	for _, c := range f {
		if c < '0' || c > '7' {
			return n, digits > 0 && (c == 0 || c == ' ')
		}
		n = n<<3 | int64(c-'0')
		digits++
	}
	return n, true
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
	size    int64
	sizeSet bool
	sparse  bool
	cut     bool
}

// extend reads the body of an extension header.
func (w *tarWalker) extend(ext *tarExtension, h *tarHeader, body *io.SectionReader) error {
	limit := maxPax
	if h.flag == 'L' || h.flag == 'K' {
		limit = w.limits.NameBytes
	}
	raw, err := io.ReadAll(io.LimitReader(body, int64(limit)))
	if err != nil {
		return err
	}
	cut := h.size > int64(limit)
	switch h.flag {
	case 'L':
		ext.gnuName = cString(raw)
		ext.cut = ext.cut || cut
	case 'x', 'X':
		ext.pax(raw)
		ext.cut = ext.cut || cut
	case 'g':
		w.global.pax(raw)
	}
	return nil
}

// pax reads "length key=value\n" records. What comes behind a broken one is lost
// to every reader that was looked at.
func (ext *tarExtension) pax(b []byte) {
	for len(b) > 0 {
		head, _, ok := bytes.Cut(b[:min(len(b), 20)], []byte(" "))
		n, err := strconv.ParseUint(string(head), 10, 31)
		if !ok || err != nil || int(n) > len(b) || int(n) < len(head)+2 {
			return
		}
		key, value, ok := bytes.Cut(bytes.TrimSuffix(b[len(head)+1:n], []byte("\n")), []byte("="))
		b = b[n:]
		if !ok {
			continue
		}
		switch string(key) {
		case "path", "GNU.sparse.name":
			ext.paxName = bytes.Clone(value)
		case "size":
			if v, err := strconv.ParseInt(string(value), 10, 64); err == nil && v >= 0 {
				ext.size, ext.sizeSet = v, true
			}
		}
		if bytes.HasPrefix(key, []byte("GNU.sparse.")) {
			ext.sparse = true
		}
	}
}
