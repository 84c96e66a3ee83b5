package zip

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// zstdFeed hands a zstd decoder whole frames and not a byte of what follows them
// (RFC 8878 section 3.1). It only follows lengths; the decoder judges.
type zstdFeed struct {
	in       *input.Bytes
	ready    []byte // a header, to be handed out
	pass     int64  // bytes of the input to be handed out after ready
	inFrame  bool
	checksum bool // the frame ends with one
	buf      [18]byte
	any      bool // a frame was read
	d        *decoders
	large    bool // a frame has a window that is not worth keeping
}

// zstdKept is the largest window that a file's decoder keeps between bodies.
const zstdKept = 1 << 20

const (
	zstdFrameMagic = 0xfd2fb528
	zstdSkipMagic  = 0x184d2a50 // to 0x184d2a5f
)

func (f *zstdFeed) Read(p []byte) (int, error) {
	for len(p) > 0 {
		switch {
		case len(f.ready) > 0:
			n := copy(p, f.ready)
			f.ready = f.ready[n:]
			return n, nil
		case f.pass > 0:
			n, err := f.in.Read(p[:min(int64(len(p)), f.pass)])
			f.pass -= int64(n)
			return n, input.NoEOF(err)
		}
		var err error
		if f.inFrame {
			err = f.block()
		} else {
			err = f.frame()
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// take adds n bytes of the input to the header that is ready.
func (f *zstdFeed) take(n int) error {
	have := len(f.ready)
	f.ready = f.ready[:have+n]
	_, err := io.ReadFull(f.in, f.ready[have:])
	return input.NoEOF(err)
}

// frame reads a frame's header; io.EOF if no frame follows.
func (f *zstdFeed) frame() error {
	head, err := f.in.Buf.Peek(4)
	if len(head) < 4 {
		if err == io.EOF && !f.any {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	magic := le.Uint32(head)
	skip := magic&^15 == zstdSkipMagic
	if !skip && magic != zstdFrameMagic {
		if f.any {
			return io.EOF
		}
		return zstd.ErrMagicMismatch
	}
	f.any = true
	f.ready = f.buf[:0]
	if err := f.take(5); err != nil {
		return err
	}
	if skip {
		if err := f.take(3); err != nil {
			return err
		}
		f.pass = int64(le.Uint32(f.ready[4:]))
		return nil
	}
	descriptor := f.ready[4]
	f.inFrame, f.checksum = true, descriptor&4 != 0
	rest := [4]int{0, 1, 2, 4}[descriptor&3] + [4]int{0, 2, 4, 8}[descriptor>>6]
	single := descriptor&0x20 != 0
	if !single || descriptor>>6 == 0 {
		rest++ // the window, or a content size of one byte
	}
	if err := f.take(rest); err != nil {
		return err
	}
	if w := f.window(); w > zstdKept && w <= f.d.dictionary {
		f.large = true
		return f.d.allocate(2 * w)
	}
	return nil
}

// window is the size of the window that the frame header in ready asks for.
func (f *zstdFeed) window() int64 {
	descriptor, rest := f.ready[4], f.ready[5:]
	if descriptor&0x20 == 0 {
		base := int64(1) << (10 + rest[0]>>3)
		return base + base/8*int64(rest[0]&7)
	}
	rest = rest[[4]int{0, 1, 2, 4}[descriptor&3]:]
	var size [8]byte
	copy(size[:], rest)
	n := int64(le.Uint64(size[:]) &^ (1 << 63))
	if len(rest) == 2 {
		n += 256
	}
	return n
}

// block reads a block's header, or what follows the last one.
func (f *zstdFeed) block() error {
	f.ready = f.buf[:0]
	if err := f.take(3); err != nil {
		return err
	}
	h := uint32(f.ready[0]) | uint32(f.ready[1])<<8 | uint32(f.ready[2])<<16
	f.pass = int64(h >> 3)
	if h>>1&3 == 1 {
		f.pass = 1 // one byte, repeated
	}
	if h&1 != 0 {
		f.inFrame = false
		if f.checksum {
			f.pass += 4
		}
	}
	return nil
}

func openZstd(d *decoders, in *input.Bytes, _ bodyHints) (bodyDecoder, error) {
	feed := &zstdFeed{in: in, d: d}
	if err := d.resetZstd(feed); err != nil {
		return nil, err
	}
	b := &libraryBody{Reader: d.zstd, in: in}
	b.done = func() {
		if feed.large {
			d.close()
		} else {
			_ = d.zstd.Reset(nil) // lets go of the input
		}
	}
	b.end = func(err error) error {
		if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			return fmt.Errorf("window: %w", level.ErrLimit)
		}
		return err
	}
	return b, nil
}

// resetZstd points the file's one zstd decoder, with its window, at a new body.
func (d *decoders) resetZstd(r io.Reader) (err error) {
	if d.zstd == nil {
		window := uint64(max(d.dictionary, zstd.MinWindowSize))
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.IgnoreChecksum(true), // a wrong one would cost the bytes before it; zip has its own
			zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(window))
		if err != nil {
			return err
		}
	}
	return d.zstd.Reset(r)
}
