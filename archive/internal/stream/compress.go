package stream

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// LZW as compress(1) writes it. There is no specification but the programs:
// ncompress, and gzip, which reads it.
const (
	lzwHeaderBytes = 3
	lzwFirstBits   = 9  // width of the first codes
	lzwMaxBits     = 16 // what compress supports
	lzwClear       = 256
	lzwGroup       = 8 // codes of one width come in groups of eight
)

// Bits of the third byte.
const (
	lzwBitsMask = 0x1f
	lzwBlock    = 0x80 // code 256 clears the table
)

// isCompress says whether b begins a .Z file that some program reads. Its magic is
// short, so the first code must be a byte, or clear the table.
func isCompress(b []byte) bool {
	if len(b) < lzwHeaderBytes+2 {
		return true
	}
	first := int(b[lzwHeaderBytes]) | int(b[lzwHeaderBytes+1]&1)<<8
	return first <= 0xff || first == lzwClear && b[2]&lzwBlock != 0
}

// Magic numbers: of LZW, and of SCO's Huffman codes, which gzip reads too.
var (
	lzwMagic = []byte("\x1f\x9d")
	scoMagic = []byte("\x1f\xa0")
)

// Compress is how a .Z file is found and opened.
var Compress = &level.Format{Name: "compress", Detect: detectCompress, Open: openCompress}

func detectCompress(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, lzwMagic) || bytes.HasPrefix(p.Head, scoMagic)
}

// lzwTable is what a decoder holds.
type lzwTable struct {
	prefix [1 << lzwMaxBits]uint16
	suffix [1 << lzwMaxBits]byte
	stack  [1<<lzwMaxBits + 1]byte // a string is made from its end
}

var lzwTables = sync.Pool{New: func() any { return new(lzwTable) }}

// lzwFrames decodes the one stream of a .Z file, which ends where the file does.
type lzwFrames struct {
	s      *series
	opened bool
	t      *lzwTable

	block   bool
	most    int // entries of the full table
	bits    int // width of the present codes
	grow    int // number of entries above which codes get wider
	free    int // next free entry
	old     int // code before, -1 for none
	first   byte
	group   [lzwMaxBits + 1]byte
	bitsIn  int // bits of the group
	bitsOut int // bits of it that were taken
	rest    []byte
	err     error // comes once rest is empty
}

func openCompress(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, lzwHeaderBytes+2, size, lzwHeaderBytes+2)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, scoMagic):
		return nil, fmt.Errorf("SCO compress -H: %w", level.ErrUnsupported)
	case !bytes.HasPrefix(head, lzwMagic) || !isCompress(head):
		return nil, level.ErrFormat
	case len(head) >= lzwHeaderBytes && head[2]&lzwBitsMask > lzwMaxBits:
		return nil, fmt.Errorf("codes of %d bits: %w", head[2]&lzwBitsMask, level.ErrUnsupported)
	}
	s := newSeries(input.NewStream(src, size), 1, "lzw")
	s.dec = &lzwFrames{s: s}
	return s, nil
}

func (f *lzwFrames) Begins([]byte) bool { return !f.opened }

func (f *lzwFrames) Release() {
	if f.t != nil {
		lzwTables.Put(f.t)
		f.t, f.rest = nil, nil
	}
}

func (f *lzwFrames) Open() error {
	f.opened = true
	var h [lzwHeaderBytes]byte
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	if h[2]&lzwBitsMask <= lzwFirstBits {
		// compress -b 9 writes what neither it nor gzip can read, and 7-Zip reads it
		// in another way. What follows is gzip's reading.
		f.s.Flaw(fmt.Errorf("codes of %d bits: %w", h[2]&lzwBitsMask, level.ErrUnsupported))
	}
	f.block = h[2]&lzwBlock != 0
	f.most = 1 << (h[2] & lzwBitsMask)
	f.free, f.old = lzwClear, -1
	if f.block {
		f.free++
	}
	f.width(lzwFirstBits)
	f.t = lzwTables.Get().(*lzwTable)
	for i := range 256 {
		f.t.suffix[i] = byte(i)
	}
	return nil
}

// width changes the codes' width. The rest of a group of the width before is
// not used.
func (f *lzwFrames) width(bits int) {
	f.bits, f.bitsIn, f.bitsOut = bits, 0, 0
	f.grow = 1<<bits - 1
	if 1<<bits == f.most && bits > lzwFirstBits {
		f.grow = f.most
	}
}

// Read returns the strings of the codes, whole or in pieces.
func (f *lzwFrames) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(f.rest) == 0 {
			if f.err != nil {
				break
			}
			f.rest, f.err = f.next()
			continue
		}
		k := copy(p[n:], f.rest)
		f.rest = f.rest[k:]
		n += k
	}
	if n > 0 {
		return n, nil
	}
	return 0, f.err
}

// next decodes codes up to one that has a string.
func (f *lzwFrames) next() ([]byte, error) {
	if f.free > f.grow && f.bits < lzwMaxBits+1 {
		f.width(f.bits + 1)
	}
	code, err := f.code()
	if err != nil {
		return nil, err
	}
	if code == lzwClear && f.block {
		f.width(lzwFirstBits)
		f.free = lzwClear // its entry is filled at once, and never used
		return nil, nil
	}
	return f.decode(code)
}

// decode makes a code's string and adds the next entry.
func (f *lzwFrames) decode(code int) ([]byte, error) {
	t := f.t
	at := len(t.stack)
	walk := code
	switch {
	case f.old < 0 && code > 0xff, code > f.free, code == f.free && f.free >= f.most:
		return nil, fmt.Errorf("LZW code %d: %w", code, level.ErrMalformed)
	case code == f.free: // the string that is about to be entered
		at--
		t.stack[at] = f.first
		walk = f.old
	}
	for walk > 0xff && at > 1 {
		at--
		t.stack[at] = t.suffix[walk]
		walk = int(t.prefix[walk])
	}
	at--
	t.stack[at] = byte(walk)
	f.first = byte(walk)
	if f.old >= 0 && f.free < f.most {
		t.prefix[f.free], t.suffix[f.free] = uint16(f.old), f.first
		f.free++
	}
	f.old = code
	return t.stack[at:], nil
}

// code reads the next code, lowest bit first.
func (f *lzwFrames) code() (int, error) {
	if f.bitsIn-f.bitsOut < f.bits {
		n, err := io.ReadFull(f.s.in, f.group[:f.bits*lzwGroup/8])
		f.bitsIn, f.bitsOut = n*8, 0
		switch {
		case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
			return 0, err
		case f.bitsIn < f.bits:
			return 0, io.EOF // what is left are bits of padding
		}
	}
	i := f.bitsOut / 8
	v := uint32(f.group[i]) | uint32(f.group[i+1])<<8
	if i+2 < len(f.group) {
		v |= uint32(f.group[i+2]) << 16
	}
	v = v >> (f.bitsOut % 8) & (1<<f.bits - 1)
	f.bitsOut += f.bits
	return int(v), nil
}
