package stream

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Magic numbers of frames (RFC 8878 sections 3.1.1 and 3.1.2; lz4 has the same
// skippable frames).
const (
	zstdMagic       = 0xfd2fb528
	zstdFirstMagic  = 0xfd2fb51e // zstd 0.1
	zstdLegacyMagic = 0xfd2fb522 // zstd 0.2 to 0.7 count up from here
	skippableMagic  = 0x184d2a50 // the lowest four bits are free
)

// zstdMaxBlock is the most that a block decodes to, in bytes (RFC 8878 section 3.1.1.2.4).
const zstdMaxBlock = 128 << 10

// zstdFrames decodes zstd frames. The decoder is shown each frame under a head
// of our own, which promises neither size nor check nor dictionary, and a window
// that the data can fill: what the file promises is compared afterwards.
type zstdFrames struct {
	s     *series
	limit int64 // Limits.Dictionary
	z     *zstd.Decoder

	empty  bool // a frame without output
	blocks zstdBlocks
	size   int64 // declared, -1 if none
	total  int64
	summed bool // a check follows
	sum    xxh64
}

// Zstd is how a Zstandard file is found and opened.
var Zstd = &level.Format{Name: "zstd", Detect: detectZstd, Open: openZstd}

func openZstd(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, 4, size, 4)
	if err != nil {
		return nil, err
	}
	f := &zstdFrames{limit: l.Dictionary}
	if !f.Begins(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), 4, "zstd")
	s.dec, f.s, f.blocks.in = f, s, s.in
	return s, nil
}

// detectZstd looks behind skippable frames, which lz4 has too.
func detectZstd(p *level.Probe) bool {
	head, ok := behindSkippable(p)
	return ok || isZstd(head)
}

func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	m := binary.LittleEndian.Uint32(head)
	return m == zstdMagic || m == zstdFirstMagic || m >= zstdLegacyMagic && m < zstdMagic
}

func isSkippable(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head)&^15 == skippableMagic
}

// behindSkippable returns what follows the skippable frames at a file's begin.
// unknown says that this lies behind the head.
func behindSkippable(p *level.Probe) (head []byte, unknown bool) {
	head = p.Head
	for isSkippable(head) {
		if len(head) < 8 {
			return nil, false
		}
		n := int64(binary.LittleEndian.Uint32(head[4:])) + 8
		if n >= int64(len(head)) {
			return nil, p.Size > int64(len(p.Head))
		}
		head = head[n:]
	}
	return head, false
}

func (f *zstdFrames) Begins(head []byte) bool { return isZstd(head) || isSkippable(head) }

func (f *zstdFrames) Release() {
	if f.z != nil {
		f.z.Close()
		f.z = nil
	}
}

func (f *zstdFrames) Open() error {
	var m [4]byte
	if err := f.s.in.Full(m[:]); err != nil {
		return err
	}
	f.empty, f.total = true, 0
	switch magic := binary.LittleEndian.Uint32(m[:]); {
	case isSkippable(m[:]):
		f.blocks.last, f.blocks.left, f.blocks.head, f.summed, f.size = true, 0, nil, false, -1
		return skipFrame(f.s.in.Reader)
	case magic != zstdMagic:
		return fmt.Errorf("frame of an old version, magic %#x: %w", magic, level.ErrUnsupported)
	}
	window, err := f.header()
	if err != nil {
		return err
	}
	f.sum.reset()
	most, err := f.blocks.most(max(window, zstdMaxBlock))
	if err != nil {
		return err
	}
	overDictionary(f.s, most, max(f.limit, zstdMaxBlock))
	if f.empty = most == 0; f.empty {
		f.blocks.restart(nil)
		return nil
	}
	f.blocks.restart(zstdHead(most, f.window()))
	return f.decode()
}

// skipFrame skips a skippable frame behind its magic.
func skipFrame(in *bufio.Reader) error {
	var n [4]byte
	if err := input.ReadFull(in, n[:]); err != nil {
		return err
	}
	return input.Skip(in, int64(binary.LittleEndian.Uint32(n[:])))
}

// header reads a frame's header (RFC 8878 section 3.1.1.1) and returns the
// window that it asks for.
func (f *zstdFrames) header() (window int64, err error) {
	in := f.s.in
	d, err := in.ReadByte()
	if err != nil {
		return 0, level.Truncated(err)
	}
	single := d&0x20 != 0
	f.summed = d&0x04 != 0
	if d&0x08 != 0 {
		f.s.Flaw(fmt.Errorf("reserved bit: %w", level.ErrUnsupported))
	}
	if !single {
		w, err := in.ReadByte()
		if err != nil {
			return 0, level.Truncated(err)
		}
		window = int64(8+w&7) << (w>>3 + 7)
	}
	var field [8]byte
	if err := in.Full(field[:[4]int{0, 1, 2, 4}[d&3]]); err != nil {
		return 0, err
	}
	if id := binary.LittleEndian.Uint32(field[:]); id != 0 {
		// What does not refer to the dictionary is still shown.
		f.s.Flaw(fmt.Errorf("needs dictionary %d: %w", id, level.ErrUnsupported))
	}
	n := [4]int{0, 2, 4, 8}[d>>6]
	if n == 0 && single {
		n = 1
	}
	field = [8]byte{}
	if err := in.Full(field[:n]); err != nil {
		return 0, err
	}
	f.size = -1
	if n > 0 {
		f.size = int64(binary.LittleEndian.Uint64(field[:]) & math.MaxInt64)
	}
	if n == 2 {
		f.size += 256
	}
	if single {
		window = f.size
	}
	return window, nil
}

// zstdHead makes a frame header with the least window that holds want, or the
// greatest that does not exceed limit, in bytes.
func zstdHead(want, limit int64) []byte {
	const least = 1 << 10
	want = max(want, least)
	exp := bits.Len64(uint64(want)) - 1
	step := int64(1) << exp / 8
	eighths := (want - 1<<exp + step - 1) / step
	for (8+eighths)*step > limit && (8+eighths)*step > least {
		if eighths--; eighths < 0 {
			exp--
			eighths, step = 7, step/2
		}
	}
	if eighths == 8 {
		exp, eighths = exp+1, 0
	}
	head := binary.LittleEndian.AppendUint32(nil, zstdMagic)
	return append(head, 0, byte(exp-10)<<3|byte(eighths))
}

// window is the largest window that is allocated. Less than a block makes no
// decoder, more than the format has is none.
func (f *zstdFrames) window() int64 { return min(max(f.limit, zstdMaxBlock), 1<<41) }

// decode shows the decoder the open frame.
func (f *zstdFrames) decode() error {
	if f.z == nil {
		var err error
		f.z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(f.window())), zstd.WithDecoderMaxMemory(math.MaxInt64))
		if err != nil {
			return err
		}
	}
	return f.z.Reset(&f.blocks)
}

func (f *zstdFrames) Read(p []byte) (int, error) {
	if f.empty {
		return 0, f.end(nil)
	}
	n, err := f.z.Read(p)
	f.total += int64(n)
	if f.summed {
		f.sum.write(p[:n])
	}
	switch {
	case err == io.EOF:
		err = f.end(nil)
	case err != nil:
		err = f.end(err)
	}
	return n, err
}

// end goes behind a frame, broken by fault or not, and compares what it says of
// itself with what it was.
func (f *zstdFrames) end(fault error) error {
	if fault != nil && level.Unmarked(fault) != fault {
		return fault
	}
	if _, err := io.Copy(io.Discard, &f.blocks); err != nil {
		return err
	}
	if fault != nil {
		f.s.Flaw(fault)
	}
	if f.summed {
		var c [4]byte
		if err := f.s.in.Full(c[:]); err != nil {
			return err
		}
		if fault == nil && binary.LittleEndian.Uint32(c[:]) != uint32(f.sum.sum()) {
			f.s.CheckFlaw(anomaly.CRC, "check")
		}
	}
	if fault == nil && f.size >= 0 && f.size != f.total {
		f.s.CheckFlaw(anomaly.Size, "size")
	}
	return io.EOF
}
