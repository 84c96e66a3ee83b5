// Package lzx decodes LZX as cabinets and compiled help files hold it: frames of
// 32 KiB, each of which is packed by itself but for the window and the codes. WIM
// files hold a variant, in chunks of any length, each by itself.
//
// The source is Microsoft's [MS-PATCH] and the description of LZX in the cabinet
// SDK; for WIM, what wimlib says.
//
// # Security
//
// All input is hostile. The window is at most 2 MiB, checked before it is
// allocated. What was decoded before an error is returned. A Decoder is for one
// goroutine.
package lzx

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// ErrCorrupt is any fault of the data.
var ErrCorrupt = errors.New("corrupt LZX stream")

// FrameSize is the number of bytes in a frame but the last.
const FrameSize = 32 << 10

// Bounds of the window's logarithm.
const (
	MinBits = 15
	MaxBits = 21
)

// Kinds of blocks.
const (
	verbatim = 1
	aligned  = 2
	stored   = 3
)

// slots is the number of position slots by the window's logarithm from MinBits.
var slots = [...]int{30, 32, 34, 36, 38, 42, 50}

const (
	lengthSymbols = 249
	maxMain       = 256 + 8*50
)

// Decoder keeps what goes on from frame to frame.
type Decoder struct {
	win  []byte
	w    int   // next byte to write
	seen int64 // bytes since the reset, for distances and for calls
	main int   // symbols of the main code

	r0, r1, r2 uint32
	kind       uint32
	left       int // bytes of the block to come
	pending    int // bytes of a match that did not fit into the frame
	dist       uint32
	odd        bool   // the stored block's size is odd
	begun      bool   // the stream's first bits were read
	fileSize   uint32 // for the translation of calls; 0: none
	wim        bool

	mainLengths   [maxMain]byte
	lengthLengths [lengthSymbols]byte
	mainCode      huffman.Decoder
	lengthCode    huffman.Decoder
	alignedCode   huffman.Decoder
	preCode       huffman.Decoder

	in words
}

// New returns a decoder for a window of 1<<order bytes.
func New(order int) (*Decoder, error) {
	if order < MinBits || order > MaxBits {
		return nil, ErrCorrupt
	}
	d := &Decoder{win: make([]byte, 1<<order), main: 256 + 8*slots[order-MinBits]}
	d.Reset()
	return d, nil
}

// NewWIM returns a decoder for a WIM file's chunks of up to size bytes.
func NewWIM(size int64) (*Decoder, error) {
	d, err := New(max(MinBits, bits.Len64(uint64(size-1))))
	if err == nil {
		d.wim = true
	}
	return d, err
}

// Reset forgets all but the allocations.
func (d *Decoder) Reset() {
	d.w, d.seen = 0, 0
	d.r0, d.r1, d.r2 = 1, 1, 1
	d.left, d.pending, d.kind = 0, 0, 0
	d.begun, d.fileSize = false, 0
	clear(d.mainLengths[:])
	clear(d.lengthLengths[:])
}

// Frame decodes one frame from in to out, whose length is that of the decoded
// frame, at most FrameSize, or a chunk. It returns how many bytes were decoded.
func (d *Decoder) Frame(out, in []byte) (int, error) {
	d.in = words{b: in}
	if d.wim {
		d.Reset()
		out = out[:min(len(out), len(d.win))]
		d.fileSize = wimFileSize
	} else {
		out = out[:min(len(out), FrameSize)]
		d.begin()
	}
	at := d.seen
	n := 0
	var err error
	for n < len(out) && err == nil {
		if d.left <= 0 && d.pending == 0 { // a match can go beyond the block's end
			if err = d.block(); err != nil {
				break
			}
		}
		var got int
		got, err = d.run(out[n:])
		n += got
	}
	if d.fileSize != 0 && n > 10 && at < 1<<30 {
		d.calls(out[:n], int32(at))
	}
	return n, err
}

// wimFileSize is the size of file that calls are translated for in WIM files.
const wimFileSize = 12_000_000

// begin reads what precedes a stream's first block.
func (d *Decoder) begin() {
	if d.begun {
		return
	}
	d.begun = true
	if d.in.take(1) == 1 {
		d.fileSize = d.in.take(16) << 16
		d.fileSize |= d.in.take(16)
	}
}

// Consumed is how many bytes of its input the last frame took.
func (d *Decoder) Consumed() int { return d.in.consumed(d.kind == stored && d.left > 0) }

// run decodes what fits into out from the present block.
func (d *Decoder) run(out []byte) (int, error) {
	n := 0
	for n < len(out) {
		if d.pending > 0 {
			out[n] = d.put(d.win[(d.w-int(d.dist))&(len(d.win)-1)])
			d.pending--
			n++
			continue
		}
		if d.left <= 0 {
			break
		}
		if d.kind == stored {
			b, ok := d.in.byte()
			if !ok {
				return n, ErrCorrupt
			}
			out[n] = d.put(b)
			n++
			if d.left--; d.left == 0 && d.odd {
				d.in.byte() // blocks fill whole words
			}
			continue
		}
		s, ok := d.in.symbol(&d.mainCode)
		if !ok {
			return n, ErrCorrupt
		}
		if s < 256 {
			out[n] = d.put(byte(s))
			n++
			d.left--
			continue
		}
		if err := d.match(s - 256); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (d *Decoder) put(b byte) byte {
	d.win[d.w] = b
	d.w = (d.w + 1) & (len(d.win) - 1)
	d.seen++
	return b
}

// match decodes a match's length and distance.
func (d *Decoder) match(s int) error {
	n := s & 7
	if n == 7 {
		more, ok := d.in.symbol(&d.lengthCode)
		if !ok {
			return ErrCorrupt
		}
		n += more
	}
	n += 2
	switch slot := s >> 3; slot {
	case 0:
	case 1:
		d.r0, d.r1 = d.r1, d.r0
	case 2:
		d.r0, d.r2 = d.r2, d.r0
	default:
		dist, ok := d.distance(slot)
		if !ok {
			return ErrCorrupt
		}
		d.r0, d.r1, d.r2 = dist, d.r0, d.r1
	}
	if d.in.short() || d.r0 == 0 || int64(d.r0) > min(d.seen, int64(len(d.win))) {
		return ErrCorrupt
	}
	d.pending, d.dist = n, d.r0
	d.left -= n
	return nil
}

// distance decodes the distance of a slot above the repeated ones.
func (d *Decoder) distance(slot int) (uint32, bool) {
	extra := uint(17)
	base := uint32(1<<18 + (slot-36)<<17)
	if slot < 36 {
		extra = uint(max(0, slot/2-1))
		base = uint32(2|slot&1) << extra
	}
	if slot == 3 {
		base = 3
	}
	if d.kind == aligned && extra >= 3 {
		v := d.in.take(extra-3) << 3
		low, ok := d.in.symbol(&d.alignedCode)
		return base + v + uint32(low) - 2, ok
	}
	return base + d.in.take(extra) - 2, true
}

// block reads a block's header.
func (d *Decoder) block() error {
	d.kind = d.in.take(3)
	size := d.blockSize()
	d.left = int(size)
	if d.in.short() {
		return ErrCorrupt
	}
	switch d.kind {
	case stored:
		d.odd = size%2 == 1
		d.in.align()
		for _, r := range [...]*uint32{&d.r0, &d.r1, &d.r2} {
			v, ok := d.in.uint32()
			if !ok {
				return ErrCorrupt
			}
			*r = v
		}
		return nil
	case aligned:
		var lengths [8]byte
		for i := range lengths {
			lengths[i] = byte(d.in.take(3))
		}
		if d.alignedCode.Init(lengths[:]) != nil {
			return ErrCorrupt
		}
	case verbatim:
	default:
		return ErrCorrupt
	}
	if !d.lengths(d.mainLengths[:256]) || !d.lengths(d.mainLengths[256:d.main]) || !d.lengths(d.lengthLengths[:]) {
		return ErrCorrupt
	}
	if d.mainCode.Init(d.mainLengths[:d.main]) != nil || d.lengthCode.Init(d.lengthLengths[:]) != nil {
		return ErrCorrupt
	}
	return nil
}

// blockSize reads the number of bytes of a block: 24 bits, in WIM files as many as
// the window needs, or one for the usual size.
func (d *Decoder) blockSize() uint32 {
	if !d.wim {
		size := d.in.take(8) << 16
		return size | d.in.take(16)
	}
	if d.in.take(1) == 1 {
		return FrameSize
	}
	size := d.in.take(16)
	if len(d.win) >= 1<<16 {
		size = size<<8 | d.in.take(8)
	}
	return size
}

// lengths reads code lengths as differences from those of the block before.
func (d *Decoder) lengths(out []byte) bool {
	var pre [20]byte
	for i := range pre {
		pre[i] = byte(d.in.take(4))
	}
	if d.preCode.Init(pre[:]) != nil {
		return false
	}
	for i := 0; i < len(out); {
		s, ok := d.in.symbol(&d.preCode)
		if !ok {
			return false
		}
		run, v := 1, byte(0)
		switch s {
		case 17:
			run = 4 + int(d.in.take(4))
		case 18:
			run = 20 + int(d.in.take(5))
		case 19:
			run = 4 + int(d.in.take(1))
			if s, ok = d.in.symbol(&d.preCode); !ok || s > 16 {
				return false
			}
			fallthrough
		default:
			v = byte((int(out[i]) - s + 17) % 17)
		}
		for ; run > 0 && i < len(out); run-- {
			out[i] = v
			i++
		}
	}
	return true
}

// calls undoes the translation of the operands of CALL in a frame at position at.
func (d *Decoder) calls(b []byte, at int32) {
	size := int32(d.fileSize)
	for i := 0; i < len(b)-10; i++ {
		if b[i] != 0xe8 {
			continue
		}
		pos := at + int32(i)
		v := int32(binary.LittleEndian.Uint32(b[i+1:]))
		switch {
		case v >= 0 && v < size:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v-pos))
		case v < 0 && v >= -pos:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v+size))
		}
		i += 4
	}
}
