package input

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Zlib inflates a zlib stream (RFC 1950), and opens it only when it is read. Its
// checksum is not asked: PowerPoint leaves it out now and then.
type Zlib struct {
	Src  io.Reader
	Want int64 // declared size, -1 if none
	z    io.ReadCloser
	got  int64 // inflated bytes
	err  error
}

func (b *Zlib) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.z == nil {
		if b.err = b.open(); b.err != nil {
			return 0, b.err
		}
	}
	n, err := b.z.Read(p)
	b.got += int64(n)
	switch {
	case err == io.ErrUnexpectedEOF && b.got == b.Want:
		err = io.EOF // PowerPoint does not always end the stream
	case err != nil && err != io.EOF:
		err = level.BodyError(err)
	}
	b.err = err
	return n, err
}

// open reads the head (RFC 1950 section 2.2).
func (b *Zlib) open() error {
	in := bufio.NewReader(&level.Marked{R: b.Src})
	var h [2]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return level.BodyError(err)
	}
	if h[0]&0xF != 8 || h[1]&0x20 != 0 {
		return fmt.Errorf("zlib: %w", level.ErrMalformed)
	}
	b.z = flate.NewReader(in)
	return nil
}
