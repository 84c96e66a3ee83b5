package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// frames decodes the frames of one format, one after the other. What the format
// calls them differs: streams (xz), members (lzip), frames (zstd, lz4).
type frames interface {
	// Begins says whether head begins a frame. head is series.peek bytes of the
	// file, less at the file's end.
	Begins(head []byte) bool

	// Open reads what precedes the data of the frame at the input's position.
	Open() error

	// Read decodes the open frame. io.EOF is its end, with the input behind it;
	// any other error comes after all bytes that could be decoded.
	Read(p []byte) (int, error)

	// Release gives back what the decoder holds.
	Release()
}

// flaws takes what is wrong with a frame but does not end it.
type flaws interface {
	Flaw(error)
	CheckFlaw(anomaly, what string)
}

// overDictionary notes a window above the limit, where a frame's blocks are decoded with
// a smaller one all the same.
func overDictionary(f flaws, declared, limit int64) {
	if declared > limit {
		f.Flaw(fmt.Errorf("dictionary of %d bytes: %w", declared, level.ErrLimit))
	}
}

// series yields one member: all frames of a file put together, as the formats'
// own programs do. A broken frame does not end it: frames behind it are sought
// and decoded, and the first error comes at the end. If there are bytes that
// belong to no frame, a second member shows the file from there on: some programs
// go on with another format (zstd does with gzip, xz and lz4).
type series struct {
	in     *input.Stream
	dec    frames
	peek   int  // bytes that dec.begins looks at
	padded bool // zero bytes between frames and at the end are padding
	member *level.Member

	// adjacent says that a frame is sought only right behind another one, or the padding:
	// its head is too weak to be found in anything else.
	adjacent bool

	given  bool  // the member was yielded
	inside bool  // a frame is open
	lost   bool  // behind a frame that broke off
	fail   error // the first error of a frame
	stray  int64 // offset of the first bytes that belong to no frame, 0 for none
	notes  []string
}

// IdleFrames is how many frames without output are decoded in one call of Read:
// the caller gets a turn to look at the clock.
const IdleFrames = 256

func newSeries(in *input.Stream, peek int, method string) *series {
	return &series{in: in, peek: peek, member: &level.Member{Size: -1, Method: method}}
}

func (s *series) Anomalies() []string { return s.notes }

func (s *series) Close() {
	if s.in != nil {
		s.dec.Release()
		s.in.Release()
		s.in = nil
	}
}

func (s *series) Next() (*level.Member, io.Reader, error) {
	if s.given {
		return AppendedMember(s.in.Src, &s.stray)
	}
	s.given = true
	// A head may name the member; and what has none that can be read may be
	// something else.
	if err := s.nextFrame(); err != nil {
		return nil, nil, err
	}
	return s.member, s, nil
}

// AppendedMember is a member of the bytes from an offset on, io.EOF if that is 0
// or the member was given before.
func AppendedMember(src *io.SectionReader, stray *int64) (*level.Member, io.Reader, error) {
	from := *stray
	*stray = 0
	if from == 0 {
		return nil, nil, io.EOF
	}
	size := src.Size() - from
	return &level.Member{Size: size, Method: "stored", Reading: "appended"}, io.NewSectionReader(src, from, size), nil
}

func (s *series) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for range IdleFrames {
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
			return level.Unmarked(err)
		case !found && s.fail != nil:
			return s.fail
		case !found:
			return io.EOF
		}
		if err := s.dec.Open(); err == nil {
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
		if s.dec.Begins(head) {
			s.lost = false
			return true, nil
		}
		if s.adjacent && head[0] != 0 {
			s.garbage(head)
			return false, nil
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
	for n < len(chunk) && !s.mayBegin(chunk[n:min(n+s.peek, len(chunk))]) {
		n++
	}
	if n == len(chunk) && n > s.peek && !s.adjacent {
		n -= s.peek - 1 // a frame may begin at the border
	}
	s.garbage(chunk[:n])
	_, err := s.in.Discard(n)
	return err
}

// mayBegin says whether the search through garbage ends before b.
func (s *series) mayBegin(b []byte) bool {
	if s.adjacent {
		return b[0] != 0
	}
	return s.dec.Begins(b)
}

// garbage notes bytes that belong to no frame.
func (s *series) garbage(b []byte) {
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	if s.lost || s.padded && zeros == len(b) {
		return
	}
	s.notes = level.NoteOnce(s.notes, anomaly.Appended)
	if s.stray == 0 && zeros < len(b) {
		s.stray = s.in.Offset() + int64(zeros)
	}
}

// broken keeps the first error of a frame. What the source answers is returned,
// and ends the series.
func (s *series) broken(err error) error {
	var src *level.SourceError
	if errors.As(err, &src) {
		return src.Err
	}
	s.lost = true
	s.Flaw(err)
	return nil
}

// Flaw keeps an error that does not end the frame.
func (s *series) Flaw(err error) {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		level.Note(s.member, anomaly.Truncated)
	}
	if s.fail == nil {
		s.fail = level.Classed(err)
	}
}

// CheckFlaw keeps a wrong check or size, which is known once all bytes were
// yielded.
func (s *series) CheckFlaw(anomaly, what string) {
	level.Note(s.member, anomaly)
	if s.fail == nil {
		s.fail = fmt.Errorf("%s: %w", what, level.ErrMalformed)
	}
}
