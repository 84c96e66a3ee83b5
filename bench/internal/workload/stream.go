package workload

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"math/rand/v2"
)

// Stream is a message with one attachment in base64 that is made while it is
// read: no more of it than a few lines is ever in memory.
type Stream struct {
	r       *rand.Rand
	left    int64 // bytes of the attachment still to come
	digest  hash.Hash
	pending []byte // encoded and not read yet
	buf     []byte // of pending
	plain   []byte
	ended   bool
}

const streamBoundary = "----=_Part_Stream"

// linesAtOnce is how many lines of base64 are made in one step.
const linesAtOnce = 64

// NewStream returns a message whose attachment has n bytes of noise.
func NewStream(n int64) *Stream {
	head := "From: Alice Example <alice@example.net>\r\nTo: Bob Example <bob@example.org>\r\n" +
		"Subject: stream\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=\"" + streamBoundary + "\"\r\n\r\n" +
		"--" + streamBoundary + "\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n" +
		"--" + streamBoundary + "\r\nContent-Type: application/octet-stream; name=\"image.bin\"\r\n" +
		"Content-Disposition: attachment; filename=\"image.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	return &Stream{
		r:       newRand(8),
		left:    n,
		digest:  sha256.New(),
		pending: []byte(head),
		plain:   make([]byte, linesAtOnce*lineBytes),
	}
}

// Read implements io.Reader.
func (s *Stream) Read(p []byte) (int, error) {
	if len(s.pending) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		s.fill()
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

func (s *Stream) fill() {
	s.pending = s.buf[:0]
	if s.left == 0 {
		s.ended = true
		s.pending = append(s.pending, "--"+streamBoundary+"--\r\n"...)
		return
	}
	plain := s.plain[:min(s.left, int64(len(s.plain)))]
	noise(s.r, plain)
	s.left -= int64(len(plain))
	s.digest.Write(plain)
	for len(plain) > 0 {
		n := min(len(plain), lineBytes)
		s.pending = base64.StdEncoding.AppendEncode(s.pending, plain[:n])
		s.pending = append(s.pending, "\r\n"...)
		plain = plain[n:]
	}
	s.buf = s.pending
}

// Sum returns the SHA-256 of the attachment, valid when the message was read to
// its end.
func (s *Stream) Sum() []byte { return s.digest.Sum(nil) }
