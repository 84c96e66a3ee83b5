package input

import (
	"bufio"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// inflater is the decoder of a Zlib, which gives it back at its end.
type inflater struct {
	in *bufio.Reader
	io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	in := bufio.NewReader(nil)
	return &inflater{in, flate.NewReader(in)}
}}

// Zlib inflates a zlib stream (RFC 1950), and opens it only when it is read. Its
// checksum is not asked: PowerPoint leaves it out now and then.
type Zlib struct {
	Src  io.Reader
	Want int64 // declared size, -1 if none
	z    *inflater
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
	if b.err = err; err != nil {
		b.z.in.Reset(nil)
		inflaters.Put(b.z)
		b.z = nil
	}
	return n, err
}

// open reads the head (RFC 1950 section 2.2).
func (b *Zlib) open() error {
	z := inflaters.Get().(*inflater)
	z.in.Reset(&level.Marked{R: b.Src})
	var h [2]byte
	if _, err := io.ReadFull(z.in, h[:]); err != nil {
		return level.BodyError(err)
	}
	if h[0]&0xF != 8 || h[1]&0x20 != 0 {
		return fmt.Errorf("zlib: %w", level.ErrMalformed)
	}
	if err := z.ReadCloser.(flate.Resetter).Reset(z.in, nil); err != nil {
		return err
	}
	b.z = z
	return nil
}
