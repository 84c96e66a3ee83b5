package stream

import (
	"bufio"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// lz4Body is a body in another container that consists of lz4 frames.
type lz4Body struct {
	frames lz4Frames
	inside bool  // a frame is open
	opened bool  // one was
	fail   error // what was wrong and did not end it
}

// NewLz4 decodes lz4 frames up to the end of in, as the packers of 7z with that
// method write them: one, or many with a skippable frame before each that says how
// long it is. limit is Limits.Dictionary.
func NewLz4(in io.Reader, limit int64) io.Reader {
	b := &lz4Body{}
	b.frames = lz4Frames{in: bufio.NewReaderSize(in, 4<<10), flaws: b, limit: limit}
	return b
}

func (b *lz4Body) Read(p []byte) (int, error) {
	for range IdleFrames {
		if !b.inside {
			if err := b.next(); err != nil {
				return 0, err
			}
		}
		n, err := b.frames.Read(p)
		if err == io.EOF {
			b.inside, err = false, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// next opens the frame at the input's position. At the input's end it returns
// io.EOF, or what was wrong before.
func (b *lz4Body) next() error {
	head, err := b.frames.in.Peek(4)
	switch {
	case b.frames.Begins(head):
		b.inside, b.opened = true, true
		return b.frames.Open()
	case err != nil && err != io.EOF:
		return err
	case b.fail != nil:
		return b.fail
	case len(head) > 0 || !b.opened:
		return fmt.Errorf("no lz4 frame: %w", level.ErrMalformed)
	}
	return io.EOF
}

func (b *lz4Body) Flaw(err error) {
	if b.fail == nil {
		b.fail = err
	}
}

func (b *lz4Body) CheckFlaw(_, what string) {
	b.Flaw(fmt.Errorf("%s: %w", what, level.ErrMalformed))
}

func (b *lz4Body) OverDictionary(declared, limit int64) {
	if declared > limit {
		b.Flaw(fmt.Errorf("dictionary of %d bytes: %w", declared, level.ErrLimit))
	}
}
