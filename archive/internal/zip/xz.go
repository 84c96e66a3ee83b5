package zip

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/stream"
)

// zipXZ is method 95: streams of xz.
type zipXZ struct {
	stream.XzFrames
	src    *input.Bytes
	opened bool  // a stream was met
	inside bool  // and is not at its end
	fail   error // what was wrong and did not end it
}

var zipXZs = sync.Pool{New: func() any { return new(zipXZ) }}

func openXZ(d *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	z := zipXZs.Get().(*zipXZ)
	z.In, z.At, z.Flaws, z.Limit = in.Buf, in.At, z, d.dictionary
	z.src, z.opened, z.inside, z.fail = in, false, false, nil
	return z, nil
}

func (z *zipXZ) Read(p []byte) (int, error) {
	for range stream.IdleFrames {
		if !z.inside {
			if err := z.nextStream(); err != nil {
				return 0, err
			}
		}
		n, err := z.XzFrames.Read(p)
		if err == io.EOF {
			z.inside, err = false, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// nextStream opens the stream at the input's position. Where there is none, the
// body ends. Zeros are padding if a stream follows (section 2.2).
func (z *zipXZ) nextStream() error {
	head, err := z.In.Peek(1024)
	if err != nil && err != io.EOF {
		return err
	}
	zeros := len(head) - len(bytes.TrimLeft(head, "\x00"))
	switch {
	case z.Begins(head):
		zeros = 0
	case !z.opened:
		return fmt.Errorf("no xz stream: %w", level.ErrMalformed)
	case !z.Begins(head[zeros:]) && z.fail != nil:
		return z.fail
	case !z.Begins(head[zeros:]):
		return io.EOF
	}
	_, _ = z.In.Discard(zeros)
	z.opened, z.inside = true, true
	return z.Open()
}

func (z *zipXZ) Flaw(err error) {
	if z.fail == nil {
		z.fail = err
	}
}

func (z *zipXZ) CheckFlaw(_, what string) { z.Flaw(fmt.Errorf("%s: %w", what, level.ErrMalformed)) }

func (z *zipXZ) Consumed() int64 { return z.src.At() }

func (z *zipXZ) Release() {
	z.src.Release()
	z.src, z.In, z.At = nil, nil, nil
	zipXZs.Put(z)
}
