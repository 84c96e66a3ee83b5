package alzip

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/lzma"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Methods of EGG.
const (
	eggStored  = 0
	eggDeflate = 1
	eggBzip2   = 2
	eggAZO     = 3
	eggLZMA    = 4
)

var (
	markEGG  = &level.Mark{Text: eggMagic, Even: 2, Odd: 3, Fits: func(p *level.Probe, at int64) bool { return eggBegins(p.From(at)) }}
	marksEGG = []*level.Mark{markEGG}
)

// EGG is how an EGG archive is found and opened.
var EGG = &level.Format{Name: "egg", Detect: func(p *level.Probe) bool { return p.Met(markEGG) }, Open: openEGG, Marks: marksEGG}

// eggBegins says whether b begins with an archive's header and what may follow it.
func eggBegins(b []byte) bool {
	if len(b) < eggHeader+4 || string(b[:len(eggMagic)]) != eggMagic || binary.LittleEndian.Uint32(b[6:]) == 0 || binary.LittleEndian.Uint32(b[10:]) != 0 {
		return false
	}
	switch binary.LittleEndian.Uint32(b[eggHeader:]) {
	case eggEnd, eggFile, eggBlock, eggSplit, eggSolid, eggEncrypt, eggDummy, eggNote, eggSkip:
		return true
	}
	return false
}

// eggWalker yields what the index has.
type eggWalker struct {
	level.Steps
	src     io.ReaderAt
	size    int64
	limits  level.Limits
	x       *eggIndex
	solid   *eggBlocks // of a solid archive
	last    *eggSolidBody
	drained int64

	// Of the block that is being decoded.
	in      *bufio.Reader
	inflate io.ReadCloser
	lz      lzma.Reader
}

func openEGG(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	s := input.NewSearch(src, size, eggMagic)
	for from := int64(0); ; from++ {
		at, err := s.Next(from)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			return nil, level.ErrFormat
		}
		head, err := saferead.UpTo(src, at, eggHeader+4, size, eggHeader+4)
		if err != nil {
			return nil, err
		}
		if !eggBegins(head) {
			from = at
			continue
		}
		x, err := readEggIndex(src, at, size, l)
		if err != nil {
			return nil, err
		}
		w := &eggWalker{src: src, size: size, limits: l, x: x}
		w.Notes = x.notes
		if at > 0 {
			w.Note(anomaly.Prepended)
		}
		w.plan()
		return w, nil
	}
}

// plan makes the steps: the archive's comments, then each file with its own.
func (w *eggWalker) plan() {
	var steps []level.Step
	for _, text := range w.x.comments {
		steps = append(steps, func() error { w.comment(nil, text); return nil })
	}
	if w.x.solid {
		w.solid = &eggBlocks{w: w, parts: w.x.blocks}
	}
	for i, e := range w.x.files {
		steps = append(steps, func() error {
			w.file(e, i)
			for _, text := range e.comments {
				w.comment(e.names, text)
			}
			return nil
		})
	}
	steps = append(steps, w.rest)
	w.Then(steps...)
}

// encrypted says whether anything in the archive is.
func (w *eggWalker) encrypted() bool {
	return w.x.encrypted || slices.ContainsFunc(w.x.files, func(e *eggEntry) bool { return e.encrypted })
}

// rest ends the walk, with what a solid archive has behind its files.
func (w *eggWalker) rest() error {
	if w.solid != nil && w.x.err == nil && !w.encrypted() && w.drain() == nil {
		m := &level.Member{Size: -1, Method: w.method(w.x.blocks), Reading: "appended"}
		r := bufio.NewReader(w.solid)
		if _, err := r.Peek(1); err != io.EOF {
			w.Yield(m, &input.Packed{Member: m, R: r, Size: -1})
		}
	}
	return w.x.err
}

func (w *eggWalker) comment(names []string, text string) {
	w.Yield(&level.Member{Names: names, Size: int64(len(text)), Method: "stored", Reading: "comment"}, strings.NewReader(text))
}

// file yields a file; i is its place.
func (w *eggWalker) file(e *eggEntry, i int) {
	blocks := e.blocks
	if w.x.solid {
		blocks = w.x.blocks
	}
	m := &level.Member{Size: e.size, Method: w.method(blocks), Encrypted: e.encrypted || w.x.encrypted, Dir: e.dir}
	for _, n := range e.names {
		level.AddName(m, n, w.limits.NameBytes)
	}
	if len(m.Names) == 0 {
		level.Note(m, anomaly.NameEmpty)
	}
	for _, b := range e.blocks {
		m.Packed += b.packed
	}
	if m.Dir && (m.Packed > 0 || w.x.solid && e.size > 0) {
		level.Note(m, anomaly.DirData)
	}
	if m.Encrypted && (len(e.blocks) > 0 || w.x.solid && e.size > 0) {
		m.Err = fmt.Errorf("EGG: %w", level.ErrEncrypted)
		w.Yield(m, nil)
		return
	}
	last := i == len(w.x.files)-1
	b := &input.Packed{Member: m, Size: e.size, Before: w.x.before && i == 0, After: w.x.after && last}
	if !w.x.solid {
		b.R = &eggBlocks{w: w, parts: e.blocks}
		w.Yield(m, b)
		return
	}
	if err := w.drain(); err != nil {
		m.Err = err
		w.Yield(m, nil)
		return
	}
	w.last = &eggSolidBody{r: w.solid, left: max(0, e.size)}
	b.R = w.last
	w.Yield(m, b)
}

// method names how blocks are packed.
func (w *eggWalker) method(blocks []eggPart) string {
	if len(blocks) == 0 {
		return "stored"
	}
	slowest := ""
	for _, b := range blocks {
		name := eggMethod(b.method)
		if slowest == "" || level.MethodCost(name) > level.MethodCost(slowest) {
			slowest = name
		}
	}
	return slowest
}

func eggMethod(m byte) string {
	switch m {
	case eggStored:
		return "stored"
	case eggDeflate:
		return "deflate"
	case eggBzip2:
		return "bzip2"
	case eggAZO:
		return "azo"
	case eggLZMA:
		return "lzma"
	}
	return fmt.Sprintf("egg-%d", m)
}

// drain reads what is left of the file before in a solid archive.
func (w *eggWalker) drain() error {
	if w.last == nil || w.last.left == 0 {
		return nil
	}
	n, err := io.CopyN(io.Discard, w.last, min(w.last.left, input.MaxDrain-w.drained))
	w.drained += n
	if err == nil && w.last.left > 0 {
		return input.ErrDrained()
	}
	return nil
}

// eggSolidBody is one file of a solid archive.
type eggSolidBody struct {
	r    io.Reader
	left int64
}

func (b *eggSolidBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// eggBlocks decodes blocks one after the other. A fault in one does not end what
// follows it.
type eggBlocks struct {
	w     *eggWalker
	parts []eggPart
	r     io.Reader // of the present block, nil for none
	part  eggPart
	n     int64
	sum   hash.Hash32
	fault error // the first one
}

func (b *eggBlocks) Read(p []byte) (int, error) {
	for {
		if b.r == nil {
			if len(b.parts) == 0 {
				if b.fault != nil {
					return 0, b.fault
				}
				return 0, io.EOF
			}
			b.part, b.parts = b.parts[0], b.parts[1:]
			b.n, b.sum = 0, crc32.NewIEEE()
			r, err := b.w.decoder(b.part)
			if err != nil {
				b.fail(err)
				continue
			}
			b.r = r
		}
		n, err := b.r.Read(p)
		b.n += int64(n)
		b.sum.Write(p[:n])
		if err != nil {
			b.r = nil
			b.end(err)
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
}

// end judges a block.
func (b *eggBlocks) end(err error) {
	switch {
	case err != io.EOF:
		b.fail(err)
	case b.part.packed > b.w.size-b.part.data:
		b.fail(level.Truncated(io.EOF))
	case b.sum.Sum32() != b.part.crc:
		b.fail(fmt.Errorf("CRC: %w", level.ErrMalformed))
	case b.n != b.part.size:
		b.fail(fmt.Errorf("block of %d bytes, not %d: %w", b.n, b.part.size, level.ErrMalformed))
	}
}

func (b *eggBlocks) fail(err error) {
	if b.fault == nil {
		b.fault = err
	}
}

// decoder opens a block.
func (w *eggWalker) decoder(b eggPart) (io.Reader, error) {
	packed := &level.Marked{R: saferead.Section(w.src, b.data, b.packed, w.size)}
	if w.in == nil {
		w.in = bufio.NewReader(packed)
	}
	w.in.Reset(packed)
	switch b.method {
	case eggStored:
		return w.in, nil
	case eggDeflate:
		if w.inflate == nil {
			w.inflate = flate.NewReader(w.in)
			return w.inflate, nil
		}
		return w.inflate, w.inflate.(flate.Resetter).Reset(w.in, nil)
	case eggBzip2:
		return lz.NewBzip2(w.in, lz.Bzip2Plain), nil
	case eggLZMA:
		return w.lzma(b)
	}
	return nil, fmt.Errorf("method %s: %w", eggMethod(b.method), level.ErrUnsupported)
}

// lzma opens a block of LZMA.
//
// QUIRK: what stands before the stream is told in different ways. ClamAV reads the
// header of a .lzma file, others one like zip's (APPNOTE.TXT section 5.8.8); bare
// properties are the third.
func (w *eggWalker) lzma(b eggPart) (io.Reader, error) {
	head, err := w.in.Peek(13)
	if err != nil {
		return nil, level.Truncated(err)
	}
	props, skip := head[:5], 5
	le := binary.LittleEndian
	switch size := le.Uint64(head[5:]); {
	case le.Uint16(head[2:]) == 5 && head[4] < 225:
		props, skip = head[4:9], 9
	case size == uint64(b.size) || size == 1<<64-1:
		skip = 13
	}
	p, err := lzma.ParseProps(props)
	if err != nil {
		return nil, fmt.Errorf("lzma properties: %w", level.ErrMalformed)
	}
	w.in.Discard(skip)
	_ = w.lz.Reset(w.in, p, b.size, w.limits.Dictionary) // Read returns it
	return sized{&w.lz}, nil
}

// sized is a stream that ends at the size that a block says, with or without a mark.
type sized struct{ *lzma.Reader }

func (s sized) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == lzma.ErrSize {
		err = io.EOF
	}
	return n, err
}
