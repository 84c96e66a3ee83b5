package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Types of chunks (Snappy framing format, section 4). Those from snappySkipped on may be
// passed over, those below it may not.
const (
	snappyPacked  = 0x00
	snappyStored  = 0x01
	snappySkipped = 0x80
	snappyStart   = 0xff
)

// Identifiers of streams: of the framing format, section 4.1, and of S2, which has more
// kinds of copies and larger blocks.
const (
	snappyMagic = "\xff\x06\x00\x00sNaPpY"
	s2Magic     = "\xff\x06\x00\x00S2sTwO"
)

// Lengths in bytes: of a chunk's head, and of the checksum before the data.
const (
	snappyHead = 4
	snappySum  = 4
)

// snappyBlockMax bounds what a chunk decodes to, in bytes: what S2 allows. The framing
// format allows 64 KiB, section 4.2, which some readers do not ask for.
const snappyBlockMax = 4 << 20

// Snappy is how a file in the framing format is found and opened.
var Snappy = &level.Format{Name: "snappy", Detect: detectSnappy, Open: openSnappy}

func detectSnappy(p *level.Probe) bool { return isSnappy(p.Head) }

func isSnappy(head []byte) bool {
	return len(head) >= len(snappyMagic) && (string(head[:len(snappyMagic)]) == snappyMagic || string(head[:len(s2Magic)]) == s2Magic)
}

// snappyFrames decodes streams. A frame goes from an identifier to the first bytes that
// are no chunk; identifiers within are chunks too, section 4.1.
type snappyFrames struct {
	s      *series
	opened bool
	packed []byte // a chunk as it is stored
	out    []byte // what it decodes to
	given  int    // bytes of out
	err    error  // comes once out is empty
}

func openSnappy(src io.ReaderAt, size int64, _ level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, int64(len(snappyMagic)), size, len(snappyMagic))
	if err != nil {
		return nil, err
	}
	if !isSnappy(head) {
		return nil, level.ErrFormat
	}
	s := newSeries(input.NewStream(src, size), len(snappyMagic), "snappy")
	s.dec = &snappyFrames{s: s}
	return s, nil
}

func (f *snappyFrames) Begins(head []byte) bool { return isSnappy(head) }
func (f *snappyFrames) Release()                {}

func (f *snappyFrames) Open() error {
	f.out, f.given, f.err, f.opened = f.out[:0], 0, nil, false
	return nil
}

func (f *snappyFrames) Read(p []byte) (int, error) {
	for range IdleFrames {
		if f.given < len(f.out) {
			n := copy(p, f.out[f.given:])
			f.given += n
			return n, nil
		}
		if f.err != nil {
			return 0, f.err
		}
		f.out, f.given = f.out[:0], 0
		f.err = f.chunk()
	}
	return 0, nil
}

// chunk reads the next chunk. io.EOF is the frame's end, before bytes that are no chunk.
func (f *snappyFrames) chunk() error {
	head, err := f.s.in.Peek(snappyHead)
	if len(head) < snappyHead {
		if err == io.EOF && len(head) > 0 {
			f.s.Flaw(level.Truncated(err))
		}
		return err
	}
	kind, n := head[0], int64(binary.LittleEndian.Uint32(head)>>8)
	whole := n <= f.s.in.Src.Size()-f.s.in.Offset()-snappyHead
	switch {
	case kind <= snappyStored:
		_, _ = f.s.in.Discard(snappyHead)
		return f.data(kind, int(n))
	case kind < snappySkipped:
		f.s.Flaw(fmt.Errorf("chunk of type %#x: %w", kind, level.ErrUnsupported))
		return io.EOF
	case !whole:
		f.s.Flaw(level.Truncated(io.EOF))
		return io.EOF
	case kind == snappyStart && f.opened:
		level.Note(f.s.member, anomaly.Members)
	}
	f.opened = true
	return f.s.in.Skip(snappyHead + n)
}

// data reads a chunk of n bytes and decodes it, also one that is cut off.
func (f *snappyFrames) data(kind byte, n int) error {
	var err error
	f.packed, err = input.Grow(f.s.in, f.packed[:0], n)
	f.packed = f.packed[:min(len(f.packed), n)]
	if len(f.packed) < snappySum {
		if err == nil {
			f.s.Flaw(fmt.Errorf("chunk of %d bytes: %w", n, level.ErrMalformed))
		}
		return err
	}
	want, body := binary.LittleEndian.Uint32(f.packed), f.packed[snappySum:]
	if kind == snappyStored {
		f.out = append(f.out, body...)
	} else {
		var blockErr error
		f.out, blockErr = snappyBlock(f.out, body, snappyBlockMax)
		if err == nil && blockErr != nil {
			f.s.Flaw(blockErr) // the next chunk begins where it would
			return nil
		}
	}
	if err == nil && snappyMask(crc32.Checksum(f.out, castagnoli)) != want {
		f.s.CheckFlaw(anomaly.CRC, "checksum")
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// snappyMask is how checksums are stored, section 3.
func snappyMask(sum uint32) uint32 { return (sum>>15 | sum<<17) + 0xa282ead8 }
