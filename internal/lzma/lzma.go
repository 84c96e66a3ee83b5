// Package lzma decodes raw LZMA and LZMA2 streams, those without a header of
// their own: what 7z, zip, xz, lzip and others keep the properties of elsewhere.
//
// The source is the LZMA specification that Igor Pavlov has put in the public
// domain, and the description of LZMA2 in the xz file format.
//
// # Limits
//
// A dictionary is a promise of the input, up to 4 GiB. Memory grows with the bytes
// that were decoded, never with the promise, and at most to the window that the
// caller allows. Data that reaches back farther fails with ErrWindow there.
//
// # Security
//
// All input is hostile. A reader uses at most the window, 6 MiB more for the
// literals' probabilities, and its buffers, and keeps them for the next stream.
// Bytes before an error are yielded. A reader is for one goroutine.
package lzma

import "errors"

// Errors of a reader. An end of the source within a stream is
// io.ErrUnexpectedEOF; what else the source answers is passed on.
var (
	ErrCorrupt = errors.New("corrupt LZMA stream")
	ErrWindow  = errors.New("LZMA window exceeds the bound")
	// ErrSize is a stream that does not end where its declared size does.
	ErrSize = errors.New("LZMA stream differs from its declared size")
)

// MinWindow is what a window has at least, in bytes.
const MinWindow = 4 << 10

// Props are the properties of a stream.
type Props struct {
	LC, LP, PB uint  // bits of context for literals, of position for literals, of position
	Dict       int64 // dictionary in bytes
	// Sync is for lzip: a marker of length 3 restarts the range coder, and those
	// of other lengths but 2 are errors. Elsewhere all are the end.
	Sync bool
}

// PropsOf takes the byte apart that holds a stream's properties.
func PropsOf(b byte) (Props, error) {
	if b >= 9*5*5 {
		return Props{}, ErrCorrupt
	}
	return Props{LC: uint(b % 9), LP: uint(b / 9 % 5), PB: uint(b / 45)}, nil
}

// ParseProps reads the five bytes that precede a stream in most containers.
func ParseProps(b []byte) (Props, error) {
	if len(b) < 5 {
		return Props{}, ErrCorrupt
	}
	p, err := PropsOf(b[0])
	p.Dict = int64(b[1]) | int64(b[2])<<8 | int64(b[3])<<16 | int64(b[4])<<24
	return p, err
}

// literalProbs is the number of probabilities of literals.
func (p Props) literalProbs() int { return 0x300 << (p.LC + p.LP) }

// ProbBytes is the memory that the probabilities of such a stream take.
func (p Props) ProbBytes() int64 { return 2 * int64(p.literalProbs()) }

// Dict2 is the dictionary that the property byte of LZMA2 stands for.
func Dict2(b byte) (int64, error) {
	switch {
	case b > 40:
		return 0, ErrCorrupt
	case b == 40:
		return 1<<32 - 1, nil
	}
	return int64(2|b&1) << (b/2 + 11), nil
}
