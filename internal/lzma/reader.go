package lzma

import (
	"bufio"
	"io"
	"math"
)

// Reader decodes one LZMA stream. The zero value is ready for Reset.
type Reader struct {
	d    decoder
	size int64 // declared, -1 if the stream ends at a marker only
	n    int64 // decoded so far
	err  error // comes once the window is empty
}

// step is how much is decoded at a time, in bytes.
const step = 32 << 10

// NewReader returns a reader of a raw LZMA stream. size is the number of decoded
// bytes, -1 if only the end marker ends the stream. window bounds the memory.
func NewReader(r io.Reader, p Props, size, window int64) *Reader {
	z := new(Reader)
	_ = z.Reset(bufio.NewReader(r), p, size, window) // Read returns it
	return z
}

// Reset begins another stream, as NewReader does, at the position of r, from which
// nothing is taken that does not belong to the stream: at its end, io.EOF or
// ErrSize, r is behind it. The error is that of the stream's first bytes, which
// Read returns too.
func (z *Reader) Reset(r *bufio.Reader, p Props, size, window int64) error {
	z.size, z.n = size, 0
	z.d.src, z.d.props = r, p
	z.d.resetWindow(p.Dict, window)
	z.d.resetState()
	if z.err = z.d.start(math.MaxInt64); z.err != nil {
		z.d.stop()
	}
	return z.err
}

// GiveBack puts the source behind the bytes that what was decoded so far took. It
// may be called at any time.
func (z *Reader) GiveBack() { z.d.stop() }

// Decoded is the number of bytes that were decoded.
func (z *Reader) Decoded() int64 { return z.n }

func (z *Reader) Read(p []byte) (int, error) {
	for {
		if n := z.d.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		if z.err = z.step(); z.err != nil {
			z.d.stop()
		}
	}
}

// step decodes some bytes; io.EOF at the end.
func (z *Reader) step() error {
	most := int64(step)
	if z.size >= 0 {
		most = min(step, z.size-z.n)
	}
	if most == 0 {
		return z.atSize()
	}
	n, err := z.d.decode(int(most))
	z.n += int64(n)
	if err != nil {
		return err
	}
	return z.atMarker()
}

// atMarker is the end, io.EOF, if a marker was met.
func (z *Reader) atMarker() error {
	switch marker := z.d.marker; {
	case marker < 0:
		return nil
	case z.d.props.Sync && marker == 1:
		z.d.marker = -1
		return z.d.load()
	case z.d.props.Sync && marker != 0:
		return ErrCorrupt
	}
	z.d.fill()
	z.d.normalize()
	switch {
	case z.d.i > z.d.real:
		return z.d.end
	case z.size >= 0 && z.n != z.size:
		return ErrSize
	}
	return io.EOF
}

// atSize is the end by the declared size; a marker may follow.
func (z *Reader) atSize() error {
	d := &z.d
	if d.match > 0 {
		return ErrSize // it ends within a match
	}
	if d.finished() || d.i > d.real {
		return io.EOF // an error here would be of bytes that nothing needs
	}
	posState := uint32(d.seen) & (1<<d.props.PB - 1)
	if d.bit(&d.isMatch[d.state][posState]) == 1 && d.decodeMatch(posState) == nil && d.marker == 0 {
		d.normalize()
		return io.EOF
	}
	return ErrSize
}
