package archive

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// zipXZ is method 95: streams of xz.
type zipXZ struct {
	xzFrames
	src    *byteInput
	opened bool  // a stream was met
	inside bool  // and is not at its end
	fail   error // what was wrong and did not end it
}

var zipXZs = sync.Pool{New: func() any { return new(zipXZ) }}

func openZipXZ(d *zipDecoders, in *byteInput, _ bodyHints) (bodyDecoder, error) {
	z := zipXZs.Get().(*zipXZ)
	z.in, z.at, z.flaws, z.limit = in.buf, in.at, z, d.dictionary
	z.src, z.opened, z.inside, z.fail = in, false, false, nil
	return z, nil
}

func (z *zipXZ) Read(p []byte) (int, error) {
	for range idleFrames {
		if !z.inside {
			if err := z.nextStream(); err != nil {
				return 0, err
			}
		}
		n, err := z.xzFrames.Read(p)
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
	head, err := z.in.Peek(1024)
	if err != nil && err != io.EOF {
		return err
	}
	zeros := len(head) - len(bytes.TrimLeft(head, "\x00"))
	switch {
	case z.begins(head):
		zeros = 0
	case !z.opened:
		return fmt.Errorf("no xz stream: %w", ErrMalformed)
	case !z.begins(head[zeros:]) && z.fail != nil:
		return z.fail
	case !z.begins(head[zeros:]):
		return io.EOF
	}
	_, _ = z.in.Discard(zeros)
	z.opened, z.inside = true, true
	return z.open()
}

func (z *zipXZ) flaw(err error) {
	if z.fail == nil {
		z.fail = err
	}
}

func (z *zipXZ) checkFlaw(_, what string) { z.flaw(fmt.Errorf("%s: %w", what, ErrMalformed)) }

func (z *zipXZ) overDictionary(declared, limit int64) {
	if declared > limit {
		z.flaw(fmt.Errorf("dictionary of %d bytes: %w", declared, ErrLimit))
	}
}

func (z *zipXZ) consumed() int64 { return z.src.at() }

func (z *zipXZ) release() {
	z.src.release()
	z.src, z.in, z.at = nil, nil, nil
	zipXZs.Put(z)
}
