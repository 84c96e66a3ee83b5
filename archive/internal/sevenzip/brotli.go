package sevenzip

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/andybalholm/brotli"
)

// brotliBytes is what the decoder holds: the largest window of RFC 7932, and tables.
const brotliBytes = 17 << 20

// brotliFrame is what stands before each stream that a packer with several threads wrote:
// a skippable frame of zstd with the stream's size, "BR", and how much comes out of it.
const brotliFrame = 16

// brotliStreams decodes brotli (RFC 7932), which 7-Zip's forks know: a single stream, or
// several in frames.
type brotliStreams struct {
	in     *bufio.Reader
	r      *brotli.Reader
	framed bool
	opened bool
}

func newBrotli(in io.Reader) *brotliStreams {
	return &brotliStreams{in: bufio.NewReaderSize(in, 4<<10)}
}

func (b *brotliStreams) Read(p []byte) (int, error) {
	for {
		if !b.opened {
			if err := b.open(); err != nil {
				return 0, err
			}
		}
		n, err := b.r.Read(p)
		if err != io.EOF || !b.framed {
			return n, err
		}
		b.opened = false
		if n > 0 {
			return n, nil
		}
	}
}

// open begins a stream; io.EOF behind the last frame.
func (b *brotliStreams) open() error {
	var src io.Reader = b.in
	head, err := b.in.Peek(brotliFrame)
	frame := len(head) == brotliFrame && string(head[:8]) == "\x50\x2a\x4d\x18\x08\x00\x00\x00" && string(head[12:14]) == "BR"
	switch {
	case frame:
		b.framed = true
		size := int64(binary.LittleEndian.Uint32(head[8:]))
		if _, err := b.in.Discard(brotliFrame); err != nil {
			return err
		}
		src = io.LimitReader(b.in, size)
	case b.framed && len(head) == 0:
		return err
	}
	b.opened = true
	if b.r == nil {
		b.r = brotli.NewReader(src)
		return nil
	}
	return b.r.Reset(src)
}
