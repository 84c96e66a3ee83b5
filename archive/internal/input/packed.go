package input

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Sum is a checksum that is built up; hash.Hash32 is one.
type Sum interface {
	io.Writer
	Sum32() uint32
}

// Packed is the body of a member that is packed by itself, with a declared size and
// checksum. Its bytes go on behind that size.
type Packed struct {
	Member *level.Member
	R      io.Reader
	Size   int64  // declared, -1: unknown
	Sum    Sum    // nil: there is none
	Want   uint32 // what Sum must be
	Before bool   // begins in the volume before
	After  bool   // goes on in the next one

	n    int64
	fits bool // the first Size bytes had the right checksum
}

func (b *Packed) Read(p []byte) (int, error) {
	n, err := b.R.Read(p)
	rest := p[:n]
	if to := b.Size - b.n; b.Size >= 0 && to >= 0 && to < int64(n) {
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

func (b *Packed) add(p []byte) {
	b.n += int64(len(p))
	if b.Sum != nil {
		b.Sum.Write(p)
	}
}

func (b *Packed) right() bool { return b.Sum == nil || b.Sum.Sum32() == b.Want }

// finish judges the end of a body.
func (b *Packed) finish(err error) error {
	whole := b.fits || b.right()
	if b.Size >= 0 && b.n != b.Size {
		level.Note(b.Member, anomaly.Size)
	}
	switch {
	case err == io.EOF && whole && b.n >= b.Size && !b.Before && !b.After:
		return io.EOF
	// Pieces may be whole by themselves: their checksums say nothing about the file.
	case b.Before:
		return fmt.Errorf("begins in another volume: %w", level.ErrUnsupported)
	case b.After:
		return fmt.Errorf("continues in another volume: %w", level.ErrUnsupported)
	case err != io.EOF:
		return level.Classed(err)
	case b.n < b.Size:
		return fmt.Errorf("%d bytes of %d: %w", b.n, b.Size, level.ErrMalformed)
	}
	level.Note(b.Member, anomaly.CRC)
	return fmt.Errorf("CRC: %w", level.ErrMalformed)
}

// CRC16 is the checksum of ARC, LHA and ZOO, of the reflected polynomial 0xA001.
type CRC16 uint16

func (c *CRC16) Write(p []byte) (int, error) {
	sum := uint16(*c)
	for _, b := range p {
		sum = sum>>8 ^ crc16Table[byte(sum)^b]
	}
	*c = CRC16(sum)
	return len(p), nil
}

// Sum32 is the checksum so far.
func (c *CRC16) Sum32() uint32 { return uint32(*c) }

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
