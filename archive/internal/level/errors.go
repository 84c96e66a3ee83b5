package level

import (
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/internal/lzma"
)

// Truncated says that input ended too early.
func Truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: %w", ErrMalformed, io.ErrUnexpectedEOF)
	}
	return err
}

// BodyError puts a decoder's complaint in its class. What the source itself
// answers stays as it is.
func BodyError(err error) error {
	var source *SourceError
	if errors.As(err, &source) {
		return source.Err
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return Truncated(err)
	}
	if errors.Is(err, lzma.ErrWindow) {
		return fmt.Errorf("dictionary: %w", ErrLimit)
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// SourceError is a failure of the source, so that a decoder that passes it on
// does not make it look like a fault of the format.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return e.Err.Error() }

func (e *SourceError) Unwrap() error { return e.Err }

// Marked marks the errors of the reader below a decoder.
type Marked struct{ R io.Reader }

func (s *Marked) Read(p []byte) (int, error) {
	n, err := s.R.Read(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		err = &SourceError{err}
	}
	return n, err
}

// Classed puts an error in a class if it is in none.
func Classed(err error) error {
	for _, class := range []error{ErrMalformed, ErrUnsupported, ErrLimit, ErrEncrypted} {
		if errors.Is(err, class) {
			return err
		}
	}
	return BodyError(err)
}

// Unmarked is the source's own error within err, else err.
func Unmarked(err error) error {
	var src *SourceError
	if errors.As(err, &src) {
		return src.Err
	}
	return err
}

// Plain puts the errors of a marked source back to what they are.
type Plain struct{ R io.Reader }

func (b *Plain) Read(p []byte) (int, error) {
	n, err := b.R.Read(p)
	if err != nil && err != io.EOF {
		err = BodyError(err)
	}
	return n, err
}
