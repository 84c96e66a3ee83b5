package stream

import (
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// lzmaHeaderBytes is the length of a .lzma file's header: properties, dictionary,
// size (LZMA specification, "lzma file format").
const lzmaHeaderBytes = 13

// isLzma says whether b may begin a .lzma file, which has no magic. The
// dictionary must be one that xz and 7-Zip recognise without being told, 2^n or
// 2^n+2^(n-1) or all ones; here, any two bits will do. A size is absurd above a tebibyte, and the first byte
// of range coded data is zero.
func isLzma(b []byte) bool {
	if len(b) < lzmaHeaderBytes+1 || b[0] >= 9*5*5 || b[lzmaHeaderBytes] != 0 {
		return false
	}
	dictionary := binary.LittleEndian.Uint32(b[1:])
	rest := dictionary & (dictionary - 1) // less its lowest bit
	plausible := rest&(rest-1) == 0
	if dictionary < 1<<12 || !plausible && dictionary != math.MaxUint32 {
		return false
	}
	size := binary.LittleEndian.Uint64(b[5:])
	return size == math.MaxUint64 || size < 1<<40
}

// Lzma is how a .lzma file is found and opened.
var Lzma = &level.Format{Name: "lzma", Detect: detectLzma, Open: openLzma}

func detectLzma(p *level.Probe) bool { return isLzma(p.Head) }

// lzmaFrames decodes the one stream of a .lzma file.
type lzmaFrames struct {
	s      *series
	limit  int64 // Limits.Dictionary
	opened bool
	body   lzma.Reader
}

func openLzma(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, lzmaHeaderBytes+1, size, lzmaHeaderBytes+1)
	if err != nil {
		return nil, err
	}
	if !isLzma(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), lzmaHeaderBytes, "lzma")
	s.padded = true
	s.dec = &lzmaFrames{s: s, limit: l.Dictionary}
	if n := int64(binary.LittleEndian.Uint64(head[5:])); n >= 0 {
		s.member.Size = n
	}
	return s, nil
}

func (f *lzmaFrames) Begins([]byte) bool { return !f.opened }
func (f *lzmaFrames) Release()           {}

func (f *lzmaFrames) Open() error {
	f.opened = true
	var h [lzmaHeaderBytes]byte
	if err := f.s.in.Full(h[:]); err != nil {
		return err
	}
	p, err := lzma.ParseProps(h[:])
	if err != nil {
		return err
	}
	size := int64(binary.LittleEndian.Uint64(h[5:])) // all ones, unknown, is -1
	return f.body.Reset(f.s.in.Reader, p, size, f.limit)
}

func (f *lzmaFrames) Read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	if errors.Is(err, lzma.ErrSize) {
		f.s.CheckFlaw(anomaly.Size, "size")
		err = io.EOF
	}
	return n, err
}
