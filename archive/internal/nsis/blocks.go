package nsis

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/bcj"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// blocks are the script and the files. Either each is packed by itself, or all of
// them are in one stream.
type blocks interface {
	next() (block, error) // io.EOF behind the last one
	begin()               // the next block is the first of the files
}

// block is one of them.
type block struct {
	at     int64 // among the files, which is how the script names it
	size   int64 // -1 if it is not known
	method string
	cut    bool // the input ends within it
	body   io.Reader
	err    error // why there is no body
}

// method tells the compression by the first bytes of what is compressed: nothing
// else does.
func method(b []byte) (method string, filtered bool) {
	switch {
	case nsisLZMA(b):
		return "lzma", false
	case len(b) > 0 && b[0] <= 1 && nsisLZMA(b[1:]):
		return "lzma", true
	case len(b) > 1 && b[0] == '1' && b[1] < 14:
		return "bzip2", false
	}
	return "deflate", false
}

// nsisLZMA says whether b begins with the properties that NSIS writes, and the zero
// that LZMA begins with.
func nsisLZMA(b []byte) bool {
	return len(b) >= 7 && b[0] == 0x5d && b[1] == 0 && b[2] == 0 && b[5] == 0 && b[6] < 0x80
}

// decoder decodes what begins with head.
func decoder(r io.Reader, method string, filtered bool, dictionary int64) (io.Reader, error) {
	in := bufio.NewReader(&level.Marked{R: r})
	switch method {
	case "deflate":
		return flate.NewReader(in), nil
	case "bzip2":
		return lz.NewBzip2(in, lz.Bzip2NSIS), nil
	}
	head := make([]byte, 5)
	if filtered {
		head = append(head, 0)
	}
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, level.BodyError(err)
	}
	p, err := lzma.ParseProps(head[len(head)-5:])
	if err != nil {
		return nil, fmt.Errorf("properties of lzma: %w", level.ErrMalformed)
	}
	var out io.Reader = lzma.NewReader(in, p, -1, dictionary)
	if filtered && head[0] == 1 {
		out = &bcj.Reader{Src: out, Filter: &bcj.X86{}}
	}
	return out, nil
}

// openBlocks opens the blocks between two offsets; script is the length of the
// first one, decoded.
func openBlocks(src io.ReaderAt, off, end int64, script uint32, l level.Limits) (blocks, error) {
	head, err := saferead.UpTo(src, off, 16, end, 16)
	if err != nil {
		return nil, err
	}
	if len(head) < 4 {
		return nil, fmt.Errorf("no data: %w", level.ErrMalformed)
	}
	method, filtered := method(head)
	length := binary.LittleEndian.Uint32(head)
	apart := length>>24 == 0x80 && int64(length&^(1<<31)) <= end-off // no script has 16 MiB
	if length == script || apart && method != "lzma" {
		return &nsisApart{src: src, off: off, base: off, end: end, dictionary: l.Dictionary}, nil
	}
	all, err := decoder(io.NewSectionReader(src, off, end-off), method, filtered, l.Dictionary)
	if err != nil {
		return nil, err
	}
	return &solid{all: &input.Guarded{R: all}, method: method}, nil
}

// nsisApart are blocks that are packed each by itself.
type nsisApart struct {
	src        io.ReaderAt
	off, end   int64
	base       int64 // of the files
	dictionary int64
}

func (a *nsisApart) begin() { a.base = a.off }

func (a *nsisApart) next() (b block, err error) {
	head, err := saferead.UpTo(a.src, a.off, 4+8, a.end, 4+8)
	if err != nil {
		return b, err
	}
	if len(head) < 4 {
		return b, io.EOF
	}
	length := binary.LittleEndian.Uint32(head)
	b.at, b.size, b.method = a.off-a.base, int64(length&^(1<<31)), "stored"
	a.off += 4
	section := saferead.Section(a.src, a.off, b.size, a.end)
	a.off += section.Size()
	b.cut = section.Size() < b.size
	if length>>31 == 0 {
		b.body = &part{&io.LimitedReader{R: &level.Marked{R: section}, N: b.size}}
		return b, nil
	}
	var filtered bool
	b.method, filtered = method(head[4:])
	b.size = -1
	body, err := decoder(section, b.method, filtered, a.dictionary)
	if err != nil {
		b.err = err
		return b, nil
	}
	b.body = &level.Plain{R: &input.Guarded{R: body}}
	return b, nil
}

// solid are blocks in one stream.
type solid struct {
	all     io.Reader
	method  string
	at      int64
	present *io.LimitedReader // the block that was returned last
	drained int64
}

func (s *solid) begin() { s.at = 0 }

func (s *solid) next() (b block, err error) {
	if err := s.skip(); err != nil {
		return b, err
	}
	var head [4]byte
	switch n, err := io.ReadFull(s.all, head[:]); {
	case n == 0 && err == io.EOF:
		return b, io.EOF
	case err != nil:
		return b, level.BodyError(err)
	}
	b.at, b.size, b.method = s.at, int64(binary.LittleEndian.Uint32(head[:])), s.method
	s.at += 4 + b.size
	s.present = &io.LimitedReader{R: s.all, N: b.size}
	b.body = &part{s.present}
	return b, nil
}

// skip goes behind the present block.
func (s *solid) skip() error {
	if s.present == nil {
		return nil
	}
	n, err := io.Copy(io.Discard, io.LimitReader(s.present, input.MaxDrain-s.drained))
	s.drained += n
	switch {
	case err != nil:
		return level.BodyError(err)
	case s.present.N > 0 && s.drained == input.MaxDrain:
		return input.ErrDrained()
	case s.present.N > 0:
		return level.Truncated(io.ErrUnexpectedEOF)
	}
	return nil
}

// part is a block of known length.
type part struct{ l *io.LimitedReader }

func (p *part) Read(b []byte) (int, error) {
	n, err := p.l.Read(b)
	switch {
	case err == io.EOF && p.l.N > 0:
		return n, level.Truncated(io.ErrUnexpectedEOF)
	case err != nil && err != io.EOF:
		return n, level.BodyError(err)
	}
	return n, err
}
