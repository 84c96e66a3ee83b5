package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

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

func detectLzma(p *probe) bool { return isLzma(p.head) }

// lzmaFrames decodes the one stream of a .lzma file.
type lzmaFrames struct {
	s      *series
	limit  int64 // Limits.Dictionary
	opened bool
	body   lzmaBody
}

func openLzma(src io.ReaderAt, size int64, l Limits) (walker, error) {
	head, err := saferead.UpTo(src, 0, lzmaHeaderBytes+1, size, lzmaHeaderBytes+1)
	if err != nil {
		return nil, err
	}
	if !isLzma(head) {
		return nil, ErrFormat
	}
	s := newSeries(newInput(src, size), lzmaHeaderBytes, "lzma")
	s.padded = true
	s.dec = &lzmaFrames{s: s, limit: l.Dictionary}
	if n := int64(binary.LittleEndian.Uint64(head[5:])); n >= 0 {
		s.member.Size = n
	}
	return s, nil
}

func (f *lzmaFrames) begins([]byte) bool { return !f.opened }
func (f *lzmaFrames) release()           {}

func (f *lzmaFrames) open() error {
	f.opened = true
	var h [lzmaHeaderBytes]byte
	if err := f.s.in.full(h[:]); err != nil {
		return err
	}
	if err := f.body.setProps(h[0]); err != nil {
		return err
	}
	size := int64(binary.LittleEndian.Uint64(h[5:])) // all ones, unknown, is -1
	dictionary := int64(binary.LittleEndian.Uint32(h[1:]))
	f.s.overDictionary(dictionary, f.limit)
	return f.body.start(f.s.in, size, min(dictionary, f.limit))
}

func (f *lzmaFrames) Read(p []byte) (int, error) {
	n, err := f.body.read(p, false)
	if errors.Is(err, errShortSize) {
		f.s.checkFlaw(AnomalySize, "size")
		err = io.EOF
	}
	return n, err
}

// overDictionary notes a dictionary above the limit. What a smaller one can
// decode is decoded all the same: most data does not reach back so far.
func (s *series) overDictionary(declared, limit int64) {
	if declared > limit && s.fail == nil {
		s.flaw(fmt.Errorf("dictionary of %d bytes: %w", declared, ErrLimit))
	}
}

// lzmaBody reads one LZMA stream, as .lzma and lzip files hold it.
type lzmaBody struct {
	lzmaDecoder
	size  int64 // declared, -1 if the stream ends at a marker only
	total int64 // decoded so far
	err   error // comes once the window is empty
}

// errShortSize is data that does not end where its declared size does.
var errShortSize = fmt.Errorf("declared size differs: %w", ErrMalformed)

// lzmaStep is how much is decoded at a time, in bytes.
const lzmaStep = 32 << 10

// start begins a stream at the input's position.
func (b *lzmaBody) start(in *input, size, dictionary int64) error {
	b.size, b.total, b.err = size, 0, nil
	b.win.reset(dictionary)
	b.resetState()
	b.rc.in = in
	b.rc.start(math.MaxInt64)
	return b.rc.err
}

// read returns decoded bytes. At the end, io.EOF, the input is behind the
// stream. flush says that a marker of length 3 restarts the range coder (lzip).
func (b *lzmaBody) read(p []byte, flush bool) (int, error) {
	for {
		if b.win.given < b.win.pos {
			return b.win.take(p), nil
		}
		if b.err != nil {
			return 0, b.err
		}
		step := lzmaStep
		if b.size >= 0 {
			step = int(min(lzmaStep, b.size-b.total))
		}
		if step == 0 {
			b.err = b.atSize()
		} else if n, err := b.decode(step, b.total); err != nil {
			b.total += int64(n)
			b.err = err
		} else {
			b.total += int64(n)
			b.err = b.atMarker(flush)
		}
		if b.err != nil {
			b.rc.stop()
		}
	}
}

// atMarker is the end, io.EOF, if a marker was met.
func (b *lzmaBody) atMarker(flush bool) error {
	switch {
	case b.marker < 0:
		return nil
	case flush && b.marker == 1:
		b.marker = -1
		b.rc.load()
		return b.rc.err
	case b.marker != 0 && flush:
		return fmt.Errorf("LZMA marker: %w", ErrMalformed)
	}
	b.rc.normalize()
	if b.rc.err != nil {
		return b.rc.err
	}
	if b.size >= 0 && b.total != b.size {
		return errShortSize
	}
	return io.EOF
}

// atSize is the end by the declared size; a marker may follow.
func (b *lzmaBody) atSize() error {
	if b.match > 0 {
		return errShortSize // it ends within a match
	}
	if b.rc.finished() || b.rc.err != nil {
		return io.EOF // an error here would be of bytes that nothing needs
	}
	posState := uint32(b.total) & (1<<b.pb - 1)
	if b.rc.bit(&b.isMatch[b.state][posState]) == 1 && !b.decodeMatch(posState) && b.marker == 0 {
		b.rc.normalize()
		return io.EOF
	}
	return errShortSize
}
