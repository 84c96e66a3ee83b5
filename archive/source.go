package archive

import "io"

// sourceError is a failure of the source, so that a decoder that passes it on
// does not make it look like a fault of the format.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// source marks the errors of the reader below a decoder.
type source struct{ r io.Reader }

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		err = &sourceError{err}
	}
	return n, err
}
