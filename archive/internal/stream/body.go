package stream

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Body is a body in another container that consists of frames of one format, from
// its first byte to its last. What is wrong and does not end a frame comes as an
// error at the end.
type Body struct {
	in     *input.Bytes
	frames frames
	peek   int   // bytes that frames.Begins looks at
	inside bool  // a frame is open
	opened bool  // one was
	fail   error // the first flaw
}

// NewLz4 decodes lz4 frames, as the packers of 7z with that method write them: one,
// or many with a skippable frame before each that says how long it is. limit is
// Limits.Dictionary.
func NewLz4(in io.Reader, limit int64) *Body {
	b := &Body{in: input.NewBytes(in), peek: 4}
	b.frames = &lz4Frames{in: b.in.Buf, flaws: b, limit: limit}
	return b
}

// NewXz decodes xz streams. limit is Limits.Dictionary.
func NewXz(in io.Reader, limit int64) *Body {
	b := &Body{in: input.NewBytes(in), peek: len(XzMagic)}
	b.frames = &XzFrames{In: b.in.Buf, At: b.in.At, Flaws: b, Limit: limit}
	return b
}

// Reset begins another body of the same format. The memory is kept.
func (b *Body) Reset(in io.Reader) {
	b.in.Reset(in)
	b.inside, b.opened, b.fail = false, false, nil
}

func (b *Body) Read(p []byte) (int, error) {
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
func (b *Body) next() error {
	head, err := b.in.Buf.Peek(b.peek)
	switch {
	case b.frames.Begins(head):
		b.inside, b.opened = true, true
		return b.frames.Open()
	case err != nil && err != io.EOF:
		return err
	case b.fail != nil:
		return b.fail
	case len(head) > 0 || !b.opened:
		return fmt.Errorf("no frame: %w", level.ErrMalformed)
	}
	return io.EOF
}

func (b *Body) Flaw(err error) {
	if b.fail == nil {
		b.fail = err
	}
}

func (b *Body) CheckFlaw(_, what string) { b.Flaw(fmt.Errorf("%s: %w", what, level.ErrMalformed)) }
