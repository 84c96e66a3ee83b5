package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// frames decodes the frames of one format, one after the other. What the format
// calls them differs: streams (xz), members (lzip), frames (zstd, lz4).
type frames interface {
	// begins says whether head begins a frame. head is series.peek bytes of the
	// file, less at the file's end.
	begins(head []byte) bool

	// open reads what precedes the data of the frame at the input's position.
	open() error

	// Read decodes the open frame. io.EOF is its end, with the input behind it;
	// any other error comes after all bytes that could be decoded.
	Read(p []byte) (int, error)

	// release gives back what the decoder holds.
	release()
}

// series yields one member: all frames of a file put together, as the formats'
// own programs do. A broken frame does not end it: frames behind it are sought
// and decoded, and the first error comes at the end. If there are bytes that
// belong to no frame, a second member shows the file from there on: some programs
// go on with another format (zstd does with gzip, xz and lz4).
type series struct {
	in     *input
	dec    frames
	peek   int  // bytes that dec.begins looks at
	padded bool // zero bytes between frames and at the end are padding
	member *Member

	given  bool  // the member was yielded
	inside bool  // a frame is open
	lost   bool  // behind a frame that broke off
	fail   error // the first error of a frame
	stray  int64 // offset of the first bytes that belong to no frame, 0 for none
	notes  []string
}

// idleFrames is how many frames without output are decoded in one call of Read:
// the caller gets a turn to look at the clock.
const idleFrames = 256

func newSeries(in *input, peek int, method string) *series {
	return &series{in: in, peek: peek, member: &Member{Size: -1, Method: method}}
}

func (s *series) anomalies() []string { return s.notes }

func (s *series) close() {
	if s.in != nil {
		s.dec.release()
		s.in.release()
		s.in = nil
	}
}

func (s *series) next() (*Member, io.Reader, error) {
	if s.given {
		return appendedMember(s.in.src, &s.stray)
	}
	s.given = true
	// A head may name the member; and what has none that can be read may be
	// something else.
	if err := s.nextFrame(); err != nil {
		return nil, nil, err
	}
	return s.member, s, nil
}

// appendedMember is a member of the bytes from an offset on, io.EOF if that is 0
// or the member was given before.
func appendedMember(src *io.SectionReader, stray *int64) (*Member, io.Reader, error) {
	from := *stray
	*stray = 0
	if from == 0 {
		return nil, nil, io.EOF
	}
	size := src.Size() - from
	return &Member{Size: size, Method: "stored", Reading: "appended"}, io.NewSectionReader(src, from, size), nil
}

func (s *series) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for range idleFrames {
		if !s.inside {
			if err := s.nextFrame(); err != nil {
				return 0, err
			}
		}
		n, err := s.dec.Read(p)
		if err != nil {
			s.inside = false
			if err != io.EOF {
				err = s.broken(err)
			} else {
				err = nil
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// nextFrame opens the next frame. At the end it returns io.EOF, or the first
// error of a frame.
func (s *series) nextFrame() error {
	for {
		found, err := s.find()
		switch {
		case err != nil:
			return sourceOf(err)
		case !found && s.fail != nil:
			return s.fail
		case !found:
			return io.EOF
		}
		if err := s.dec.open(); err == nil {
			s.inside = true
			return nil
		} else if err := s.broken(err); err != nil {
			return err
		}
	}
}

// find goes to the next frame.
//
// QUIRK: most formats say nothing about bytes between frames. Their programs
// stop there, with or without a warning; 7-Zip and recovery tools go on.
func (s *series) find() (bool, error) {
	for {
		head, err := s.in.Peek(s.peek)
		if len(head) == 0 {
			if err == io.EOF {
				err = nil
			}
			return false, err
		}
		if len(head) == s.peek || err == io.EOF {
			err = nil
		}
		if err != nil {
			return false, err
		}
		if s.dec.begins(head) {
			s.lost = false
			return true, nil
		}
		if err := s.skipGarbage(); err != nil {
			return false, err
		}
	}
}

// skipGarbage goes on to what may be a frame, within what is buffered.
func (s *series) skipGarbage() error {
	chunk, _ := s.in.Peek(s.in.Buffered())
	n := 1
	for n < len(chunk) && !s.dec.begins(chunk[n:min(n+s.peek, len(chunk))]) {
		n++
	}
	if n == len(chunk) && n > s.peek {
		n -= s.peek - 1 // a frame may begin at the border
	}
	s.garbage(chunk[:n])
	_, err := s.in.Discard(n)
	return err
}

// garbage notes bytes that belong to no frame.
func (s *series) garbage(b []byte) {
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	if s.lost || s.padded && zeros == len(b) {
		return
	}
	s.notes = noteOnce(s.notes, AnomalyAppended)
	if s.stray == 0 && zeros < len(b) {
		s.stray = s.in.offset() + int64(zeros)
	}
}

// broken keeps the first error of a frame. What the source answers is returned,
// and ends the series.
func (s *series) broken(err error) error {
	var src *sourceError
	if errors.As(err, &src) {
		return src.err
	}
	s.lost = true
	s.flaw(err)
	return nil
}

// flaw keeps an error that does not end the frame.
func (s *series) flaw(err error) {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		s.member.note(AnomalyTruncated)
	}
	if s.fail == nil {
		s.fail = classed(err)
	}
}

// checkFlaw keeps a wrong check or size, which is known once all bytes were
// yielded.
func (s *series) checkFlaw(anomaly, what string) {
	s.member.note(anomaly)
	if s.fail == nil {
		s.fail = fmt.Errorf("%s: %w", what, ErrMalformed)
	}
}

// classed puts an error in a class if it is in none.
func classed(err error) error {
	for _, class := range []error{ErrMalformed, ErrUnsupported, ErrLimit, ErrEncrypted} {
		if errors.Is(err, class) {
			return err
		}
	}
	return bodyError(err)
}

// sourceOf is the source's own error within err, else err.
func sourceOf(err error) error {
	var src *sourceError
	if errors.As(err, &src) {
		return src.err
	}
	return err
}
