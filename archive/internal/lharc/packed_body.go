package lharc

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lha"
)

// Kinds of checksum.
const (
	sumNone = iota
	sumCRC32
	sumCRC16 // the polynomial of ARC and LHA
)

// packedBody is a member that is packed by itself, with a declared size and
// checksum.
type packedBody struct {
	m      *level.Member
	r      io.Reader
	size   int64  // declared, -1: unknown
	crc    uint64 // declared
	sum    int    // its kind
	before bool   // begins in the volume before
	after  bool   // goes on in the next one

	n    int64
	got  uint32
	fits bool // the first size bytes had the right checksum
}

func (b *packedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	rest := p[:n]
	if to := b.size - b.n; b.size >= 0 && to >= 0 && to < int64(n) {
		b.add(rest[:to])
		b.fits = b.right()
		rest = rest[to:]
	}
	b.add(rest)
	if err == nil {
		return n, nil
	}
	return n, b.finish(err)
}

func (b *packedBody) add(p []byte) {
	b.n += int64(len(p))
	switch b.sum {
	case sumCRC32:
		b.got = crc32.Update(b.got, crc32.IEEETable, p)
	case sumCRC16:
		b.got = uint32(crc16(uint16(b.got), p))
	}
}

func (b *packedBody) right() bool { return b.sum == sumNone || uint64(b.got) == b.crc }

// finish judges the end of a body.
func (b *packedBody) finish(err error) error {
	whole := b.fits || b.right()
	if b.size >= 0 && b.n != b.size {
		level.Note(b.m, anomaly.Size)
	}
	switch {
	case err == io.EOF && whole && b.n >= b.size && !b.before && !b.after:
		return io.EOF
	// ARJ's pieces are whole by themselves: their checksums say nothing about the file.
	case b.before:
		return fmt.Errorf("begins in another volume: %w", level.ErrUnsupported)
	case b.after:
		return fmt.Errorf("continues in another volume: %w", level.ErrUnsupported)
	case err != io.EOF:
		return BodyError(err)
	case b.n < b.size:
		return fmt.Errorf("%d bytes of %d: %w", b.n, b.size, level.ErrMalformed)
	}
	level.Note(b.m, anomaly.CRC)
	return fmt.Errorf("CRC: %w", level.ErrMalformed)
}

// BodyError puts a complaint of the decoders of package lha in its class.
func BodyError(err error) error {
	if errors.Is(err, lha.ErrCorrupt) {
		return fmt.Errorf("%w: %w", level.ErrMalformed, err)
	}
	return level.BodyError(err)
}

// crc16Table is of the reflected polynomial 0xA001.
var crc16Table = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xa001
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

func crc16(c uint16, p []byte) uint16 {
	for _, b := range p {
		c = c>>8 ^ crc16Table[byte(c)^b]
	}
	return c
}
