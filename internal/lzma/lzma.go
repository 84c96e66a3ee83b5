// Package lzma decodes raw LZMA and LZMA2 streams, those without a header of
// their own: what 7z, zip and others keep the properties of elsewhere.
//
// The source is the LZMA specification that Igor Pavlov has put in the public
// domain, and the description of LZMA2 in the xz file format.
//
// # Limits
//
// A dictionary is a promise of the input, up to 4 GiB. Memory grows with the bytes
// that were decoded, never with the promise; when they outgrow what the caller
// allows, the reader fails with ErrWindow, and all bytes up to there were read.
//
// # Security
//
// All input is hostile. A reader uses at most the window, 4 MiB more for the
// literals' probabilities, and its buffers. Bytes before an error are yielded. A
// reader is for one goroutine.
package lzma

import (
	"errors"
	"io"
)

// Errors of a reader.
var (
	ErrCorrupt = errors.New("corrupt LZMA stream")
	ErrWindow  = errors.New("LZMA window exceeds the bound")
)

// MinWindow is what a window has at least, in bytes.
const MinWindow = 4 << 10

// Props are the properties of a stream.
type Props struct {
	LC, LP, PB int   // bits of context for literals, of position for literals, of position
	Dict       int64 // dictionary in bytes
}

// ParseProps reads the five bytes that precede a stream in most containers.
func ParseProps(b []byte) (Props, error) {
	if len(b) < 5 || b[0] >= 9*5*5 {
		return Props{}, ErrCorrupt
	}
	v := int(b[0])
	return Props{
		LC: v % 9, LP: v / 9 % 5, PB: v / 45,
		Dict: int64(b[1]) | int64(b[2])<<8 | int64(b[3])<<16 | int64(b[4])<<24,
	}, nil
}

// ProbBytes is the memory that the probabilities of such a stream take.
func (p Props) ProbBytes() int64 { return 2 * 0x300 << (p.LC + p.LP) }

// Reader decodes one stream.
type Reader struct {
	d    decoder
	left int64 // bytes to come; -1: up to the end marker
	err  error // sticky
}

// NewReader returns a reader of a raw LZMA stream. size is the number of decoded
// bytes, -1 if only the end marker ends the stream. window bounds the memory.
func NewReader(r io.Reader, p Props, size, window int64) *Reader {
	z := &Reader{left: size}
	z.d.init(r, max(p.Dict, MinWindow), window)
	z.d.setProps(p.LC, p.LP, p.PB)
	z.d.resetState()
	z.err = z.d.startRange()
	return z
}

func (z *Reader) Read(p []byte) (int, error) {
	for {
		if n := z.d.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		if z.left == 0 {
			z.err = io.EOF
			continue
		}
		n, err := z.d.run(z.left)
		if z.left > 0 {
			z.left -= n
		}
		switch {
		case err == errMarker && z.left <= 0:
			z.err = io.EOF
		case err == errMarker:
			// QUIRK: an end marker before the declared size ends the stream, as in
			// 7-Zip, which says that the data ends early.
			z.err = io.ErrUnexpectedEOF
		default:
			z.err = err
		}
	}
}

// Consumed is the number of bytes taken from the source that belong to the
// stream, valid after io.EOF.
func (z *Reader) Consumed() int64 { return z.d.consumed() }
