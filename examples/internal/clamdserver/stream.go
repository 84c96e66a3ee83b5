package clamdserver

import (
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// stream reads the chunks of INSTREAM: each a length of four bytes, big endian,
// and so many bytes; a length of 0 ends it.
type stream struct {
	w       *wire
	timeout time.Duration
	chunk   int64 // bytes left of the present chunk
	room    int64 // bytes left of Options.MaxStream
	end     error // sticky
}

var errStreamSize = errors.New("stream is too long")

func (s *stream) Read(p []byte) (int, error) {
	if s.end != nil {
		return 0, s.end
	}
	if s.chunk == 0 {
		s.chunk, s.end = s.length()
		if s.end != nil {
			return 0, s.end
		}
	}
	if len(s.w.buf) == 0 {
		if s.end = s.w.fill(s.timeout); s.end != nil {
			s.end = broken(s.end)
			return 0, s.end
		}
	}
	n := copy(p[:min(int64(len(p)), s.chunk)], s.w.buf)
	s.w.buf = s.w.buf[n:]
	s.chunk -= int64(n)
	if s.room -= int64(n); s.room < 0 {
		s.end = errStreamSize
		return 0, s.end
	}
	return n, nil
}

func (s *stream) length() (int64, error) {
	for len(s.w.buf) < 4 {
		if err := s.w.fill(s.timeout); err != nil {
			return 0, broken(err)
		}
	}
	n := binary.BigEndian.Uint32(s.w.buf)
	s.w.buf = s.w.buf[4:]
	if n == 0 {
		return 0, io.EOF
	}
	return int64(n), nil
}

// broken keeps a connection's end within a stream from looking like the
// stream's.
func broken(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
