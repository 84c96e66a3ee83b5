package decmpfs

import (
	"bufio"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse"
)

// block is a piece of a compressed file.
type block struct{ off, n int64 }

// oneBlock is all of a device, once.
func oneBlock(dev *device.Device) func() (block, bool) {
	left := 1
	return func() (block, bool) {
		left--
		return block{0, dev.Size}, left == 0
	}
}

// blocksOf goes through the blocks of a resource fork. Zlib's are a resource of
// their own: their number, then offset and length of each, little-endian. The others
// begin the fork with where each block begins, and where the last ends.
func blocksOf(fork *device.Device, way int) func() (block, bool) {
	var b [8]byte
	if way != wayZlib {
		at := int64(0)
		first := int64(device.LE32(fork.Read(b[:4], 0), 0))
		return func() (block, bool) {
			if at+8 > first || !fork.Full(b[:], at) {
				return block{}, false
			}
			at += 4
			from := int64(device.LE32(b[:], 0))
			return block{from, int64(device.LE32(b[:], 4)) - from}, true
		}
	}
	base := int64(device.BE32(fork.Read(b[:4], 0), 0)) + 4
	left := int64(device.LE32(fork.Read(b[:4], base), 0))
	at := base + 4
	return func() (block, bool) {
		if left <= 0 || !fork.Full(b[:], at) {
			return block{}, false
		}
		left, at = left-1, at+8
		return block{base + int64(device.LE32(b[:], 0)), int64(device.LE32(b[:], 4))}, true
	}
}

// body decodes the blocks of a compressed file, one after the other. One that is
// broken ends early, and why comes at the end. A size that is too small is passed over.
type body struct {
	dev    *device.Device
	way    int
	blocks func() (block, bool)
	left   int64 // bytes of the declared size that are still to come
	block  io.Reader
	lzfse  *lzfse.Reader
	in     *bufio.Reader
	fail   error
}

func (r *body) Read(p []byte) (int, error) {
	for range idleBlocks {
		if r.block == nil {
			b, ok := r.blocks()
			if !ok {
				return 0, r.end()
			}
			if !r.dev.Spend(max(b.n, leastBlock)) {
				return 0, device.ErrWork
			}
			if err := r.open(r.dev.Part(b.off, b.n)); err != nil {
				r.fail = device.FirstError(r.fail, err)
				continue
			}
		}
		n, err := r.block.Read(p)
		if err != nil {
			r.block = nil
			if err != io.EOF {
				r.fail = device.FirstError(r.fail, level.Classed(err))
			}
		}
		if n > 0 {
			r.left -= int64(n)
			return n, nil
		}
	}
	return 0, nil
}

// end is what comes behind the last block.
func (r *body) end() error {
	switch {
	case r.dev.Err != nil:
		return r.dev.Err
	case r.fail != nil:
		return r.fail
	case r.left > 0:
		return fmt.Errorf("%d bytes are missing: %w", r.left, level.ErrMalformed)
	}
	return io.EOF
}

// leastBlock is what a block costs, in bytes, however short it is.
const leastBlock = 64

// idleBlocks is how many blocks without output are decoded in one call of Read.
const idleBlocks = 256

// open begins a block. What its packing would have made longer is behind a byte that
// cannot begin a packed one.
func (r *body) open(dev *device.Device) error {
	var b [3]byte
	head := dev.Read(b[:], 0)
	if len(head) == 0 {
		return device.FirstError(dev.Err, fmt.Errorf("a block without bytes: %w", level.ErrMalformed))
	}
	plain := false
	switch r.way {
	case wayStored:
		plain = head[0] == 0xcc
	case wayZlib:
		plain = head[0]&0xf == 0xf
	case wayLZVN:
		plain = head[0] == 6
	case wayLZFSE:
		plain = string(head) != "bvx"
	}
	switch {
	case plain:
		r.block = dev.Part(1, dev.Size-1).Reader()
	case r.way == wayPlain, r.way == wayStored:
		r.block = dev.Reader()
	case r.way == wayZlib:
		r.block = &input.Zlib{Src: dev.Reader(), Want: -1}
	default:
		r.openLZFSE(dev.Reader())
	}
	return nil
}

func (r *body) openLZFSE(in io.Reader) {
	if r.lzfse == nil {
		r.in = bufio.NewReader(nil)
		r.lzfse = lzfse.NewReader(r.in)
	}
	r.in.Reset(in)
	if r.way == wayLZVN {
		r.lzfse.ResetLZVN(r.in)
	} else {
		r.lzfse.Reset(r.in)
	}
	r.block = r.lzfse
}
