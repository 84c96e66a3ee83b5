package stream

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// zstdBlocks reads the blocks of one frame under a head of our own, and ends
// with the last of them.
type zstdBlocks struct {
	in   *input.Stream
	head []byte // still to be given
	left int    // bytes of the present block, with its header
	last bool   // it is the last
}

func (b *zstdBlocks) restart(head []byte) { b.head, b.left, b.last = head, 0, false }

func (b *zstdBlocks) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.left == 0 {
		if b.last {
			return 0, io.EOF
		}
		h, err := b.in.Peek(3)
		if err != nil {
			return 0, level.Truncated(err)
		}
		if b.left, _, b.last, err = zstdBlockHeader(h); err != nil {
			return 0, err
		}
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, level.Truncated(err)
}

// zstdBlockHeader reads a block's header (RFC 8878 section 3.1.1.2): its length
// with the header, and the most that it decodes to, in bytes.
func zstdBlockHeader(h []byte) (length int, most int64, last bool, err error) {
	v := int(h[0]) | int(h[1])<<8 | int(h[2])<<16
	size := v >> 3
	last = v&1 != 0
	switch v >> 1 & 3 {
	case 0: // raw
		return 3 + size, int64(size), last, nil
	case 1: // one byte, repeated
		return 4, int64(size), last, nil
	case 2:
		return 3 + size, zstdMaxBlock, last, nil
	}
	return 0, 0, last, fmt.Errorf("block type: %w", level.ErrMalformed)
}

// most bounds what the frame can decode to, as far as that is less than window:
// a declared window is no reason to allocate it.
func (b *zstdBlocks) most(window int64) (int64, error) {
	sum, ahead := int64(0), int64(0)
	for sum < window {
		h, err := b.in.At(ahead, 3)
		if err != nil {
			return 0, err
		}
		if len(h) < 3 {
			break
		}
		length, most, last, err := zstdBlockHeader(h)
		if err != nil {
			break // the decoder says so when it gets there
		}
		sum += most
		ahead += int64(length)
		if last {
			return min(sum, window), nil
		}
	}
	return max(min(sum, window), 1), nil
}
