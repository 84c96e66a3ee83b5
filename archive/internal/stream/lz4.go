package stream

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Magic numbers and blocks of lz4 (LZ4 Frame Format 1.6.4).
const (
	lz4Magic       = 0x184d2204
	lz4LegacyMagic = 0x184c2102
	lz4LegacyBlock = 8 << 20  // what every block but the last decodes to, in bytes
	lz4History     = 64 << 10 // how far a block reaches back into those before it
)

// Bits of a frame descriptor's first byte.
const (
	lz4Dictionary = 1 << iota
	lz4Reserved
	lz4ContentSum
	lz4ContentSize
	lz4BlockSum
	lz4Independent
)

// lz4Frames decodes lz4 frames and legacy frames.
type lz4Frames struct {
	in    *bufio.Reader
	flaws flaws
	limit int64 // Limits.Dictionary

	legacy   bool
	flags    byte
	max      int // the most that a block decodes to, in bytes
	size     int64
	total    int64
	sum      xxh32
	packed   []byte // a block as it is stored
	out      []byte // up to lz4History bytes before the block, then the block
	given, n int    // out[given:n] is still to be given
	err      error  // comes once out is empty
}

// Lz4 is how an LZ4 file is found and opened.
var Lz4 = &level.Format{Name: "lz4", Detect: detectLz4, Open: openLz4}

func openLz4(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, 4, size, 4)
	if err != nil {
		return nil, err
	}
	f := &lz4Frames{limit: l.Dictionary}
	if !f.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), 4, "lz4")
	s.dec, f.in, f.flaws = f, s.in.Reader, s
	return s, nil
}

// detectLz4 looks behind skippable frames, which zstd has too.
func detectLz4(p *level.Probe) bool {
	head, ok := behindSkippable(p)
	return ok || isLz4(head)
}

func isLz4(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	m := binary.LittleEndian.Uint32(head)
	return m == lz4Magic || m == lz4LegacyMagic
}

func (f *lz4Frames) Begins(head []byte) bool { return isLz4(head) || isSkippable(head) }
func (f *lz4Frames) Release()                {}

func (f *lz4Frames) Open() error {
	var m [4]byte
	if err := input.ReadFull(f.in, m[:]); err != nil {
		return err
	}
	f.given, f.n, f.err, f.total, f.size = 0, 0, nil, 0, -1
	f.out = f.out[:0]
	f.sum.reset()
	f.legacy, f.flags = false, 0
	switch {
	case isSkippable(m[:]):
		f.err = io.EOF
		return skipFrame(f.in)
	case binary.LittleEndian.Uint32(m[:]) == lz4LegacyMagic:
		f.legacy, f.flags, f.max = true, lz4Independent, lz4LegacyBlock
	default:
		if err := f.descriptor(); err != nil {
			return err
		}
	}
	overDictionary(f.flaws, int64(f.max), f.limit)
	f.max = int(min(int64(f.max), f.limit))
	return nil
}

// descriptor reads a frame's descriptor.
func (f *lz4Frames) descriptor() error {
	var d [15]byte
	if err := input.ReadFull(f.in, d[:2]); err != nil {
		return err
	}
	f.flags = d[0]
	n := 2
	if f.flags&lz4ContentSize != 0 {
		n += 8
	}
	if f.flags&lz4Dictionary != 0 {
		n += 4
	}
	if err := input.ReadFull(f.in, d[2:n+1]); err != nil {
		return err
	}
	if byte(xxh32Of(d[:n])>>8) != d[n] {
		f.flaws.CheckFlaw(anomaly.HeaderCRC, "frame descriptor")
	}
	if f.flags>>6 != 1 || f.flags&lz4Reserved != 0 || d[1]&0x8f != 0 {
		f.flaws.Flaw(fmt.Errorf("frame descriptor %x: %w", d[:2], level.ErrUnsupported))
	}
	if f.flags&lz4ContentSize != 0 {
		f.size = int64(binary.LittleEndian.Uint64(d[2:]))
	}
	if f.flags&lz4Dictionary != 0 {
		// What does not refer to the dictionary is still shown.
		f.flaws.Flaw(fmt.Errorf("needs dictionary %d: %w", binary.LittleEndian.Uint32(d[n-4:]), level.ErrUnsupported))
	}
	f.max = lz4History << 6
	if code := d[1] >> 4 & 7; code >= 4 {
		f.max = lz4History << (2 * (code - 4))
	} else {
		f.flaws.Flaw(fmt.Errorf("block size %d: %w", code, level.ErrMalformed))
	}
	return nil
}

func (f *lz4Frames) Read(p []byte) (int, error) {
	for f.given == f.n {
		if f.err != nil {
			return 0, f.err
		}
		f.err = f.block()
	}
	n := copy(p, f.out[f.given:f.n])
	f.given += n
	return n, nil
}

// block decodes the next block into out. io.EOF is the frame's end.
func (f *lz4Frames) block() error {
	head, err := f.in.Peek(4)
	if len(head) == 0 && f.legacy && err == io.EOF {
		return io.EOF
	}
	if len(head) < 4 {
		return level.Truncated(err)
	}
	// QUIRK: legacy frames have no stored blocks, yet Go's lz4 reads them.
	size, raw := binary.LittleEndian.Uint32(head)&^(1<<31), head[3]&0x80 != 0
	if f.legacy && int64(size) > int64(lz4.CompressBlockBound(lz4LegacyBlock)) {
		return io.EOF // no block is so long: another frame, or garbage
	}
	_, _ = f.in.Discard(4)
	if size == 0 && !raw && !f.legacy {
		return f.end()
	}
	return f.decode(int(size), raw)
}

// decode reads and decodes one block of size stored bytes.
func (f *lz4Frames) decode(size int, raw bool) error {
	if size > lz4.CompressBlockBound(f.max) {
		return fmt.Errorf("block of %d bytes: %w", size, level.ErrMalformed)
	}
	var err error
	if f.packed, err = input.Grow(f.in, f.packed[:0], size); err != nil {
		return err
	}
	if f.flags&lz4BlockSum != 0 {
		var c [4]byte
		if err := input.ReadFull(f.in, c[:]); err != nil {
			return err
		}
		if xxh32Of(f.packed) != binary.LittleEndian.Uint32(c[:]) {
			f.flaws.CheckFlaw(anomaly.CRC, "block check")
		}
	}
	history := f.history()
	if raw {
		f.out = append(f.out, f.packed...)
	} else {
		// A byte of a block makes at most 255 of output.
		room := history + min(f.max, 255*size)
		if cap(f.out) < room {
			grown := max(room, min(2*cap(f.out), lz4Kept+f.max))
			f.out = append(make([]byte, 0, grown), f.out...)
		}
		n, err := lz4.UncompressBlockWithDict(f.packed, f.out[history:room], f.out[max(0, history-lz4History):history])
		if err != nil {
			return fmt.Errorf("%w: %w", level.ErrMalformed, err)
		}
		f.out = f.out[:history+n]
	}
	f.given, f.n = history, len(f.out)
	f.total += int64(f.n - history)
	if f.flags&lz4ContentSum != 0 {
		f.sum.write(f.out[history:])
	}
	return nil
}

// lz4Kept is how much output is kept at most when a block begins: more than it can reach
// back to, so that a block of one byte does not move all of that.
const lz4Kept = 4 * lz4History

// history keeps what a block can reach back to, and returns where its output begins.
func (f *lz4Frames) history() int {
	if f.flags&lz4Independent != 0 {
		f.out = f.out[:0]
		return 0
	}
	if len(f.out) > lz4Kept {
		f.out = f.out[:copy(f.out, f.out[len(f.out)-lz4History:])]
	}
	return len(f.out)
}

// end compares what a frame says of itself with what it was.
func (f *lz4Frames) end() error {
	if f.flags&lz4ContentSum != 0 {
		var c [4]byte
		if err := input.ReadFull(f.in, c[:]); err != nil {
			return err
		}
		if f.sum.sum() != binary.LittleEndian.Uint32(c[:]) {
			f.flaws.CheckFlaw(anomaly.CRC, "check")
		}
	}
	if f.size >= 0 && f.size != f.total {
		f.flaws.CheckFlaw(anomaly.Size, "size")
	}
	return io.EOF
}
