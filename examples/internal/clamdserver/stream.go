package clamdserver

import (
	"encoding/binary"
	"io"
	"time"
)

// stream reads the chunks of INSTREAM: each a length of four bytes, big endian,
// and so many bytes; a length of 0 ends it.
type stream struct {
	w       *wire
	silence time.Duration
	total   time.Time // when it must have ended
	chunk   int64     // bytes left of the present chunk
	end     error     // sticky
}

func (s *stream) Read(p []byte) (int, error) {
	if s.end == nil && s.chunk == 0 {
		s.chunk, s.end = s.length()
	}
	if s.end == nil && len(s.w.buf) == 0 {
		s.end = s.fill()
	}
	if s.end != nil {
		return 0, s.end
	}
	n := copy(p[:min(int64(len(p)), s.chunk)], s.w.buf)
	s.w.buf = s.w.buf[n:]
	s.chunk -= int64(n)
	return n, nil
}

func (s *stream) length() (int64, error) {
	for len(s.w.buf) < 4 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := binary.BigEndian.Uint32(s.w.buf)
	s.w.buf = s.w.buf[4:]
	if n == 0 {
		return 0, io.EOF
	}
	return int64(n), nil
}

// fill keeps a connection's end within a stream from looking like the stream's.
func (s *stream) fill() error {
	deadline := time.Now().Add(s.silence)
	if deadline.After(s.total) {
		deadline = s.total
	}
	err := s.w.fill(deadline)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// scanChunks scans what INSTREAM and REPORT are sent. ok says that the stream came
// to its end, so that the connection can be used for more; without a Report there
// is nothing to answer.
func (c *conn) scanChunks() (r result, ok bool) {
	opts := &c.server.opts
	s := &stream{w: &c.wire, silence: opts.StreamTimeout, total: time.Now().Add(opts.StreamTotal)}
	r, err := c.scan("stream", s)
	if err != nil {
		c.unread(err)
		return result{}, false
	}
	// A limit of the scanner ends its reading, not the client's sending; and who
	// is still sending does not read the answer.
	_, err = io.CopyN(io.Discard, s, opts.MaxDrain)
	return r, err == io.EOF
}

func (c *conn) scanStream(string) bool {
	r, ok := c.scanChunks()
	if r.Report != nil && !c.tell("stream", r.verdict, false) {
		c.say("stream: OK")
	}
	return ok
}
