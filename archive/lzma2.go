package archive

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The control bytes of LZMA2 chunks (xz's file format description has the
// filter's properties only; the chunks are as in the LZMA SDK and xz).
const (
	lzma2End      = 0x00
	lzma2RawReset = 0x01 // stored bytes behind a reset of the dictionary
	lzma2Raw      = 0x02 // stored bytes
	lzma2Coded    = 0x80 // LZMA data: bits 5 and 6 say what is reset, 0 to 4 are the size's top
)

// lzma2Body reads LZMA2 data, whose chunks know their lengths.
type lzma2Body struct {
	lzmaDecoder
	in         *input
	dictionary int64

	left     int64 // bytes of the present chunk that are still to come
	raw      bool  // the chunk is stored
	ready    bool  // properties were set
	total    int64 // bytes since the last reset of the dictionary
	produced int64 // bytes in all
	err      error // comes once the window is empty
}

// start begins LZMA2 data at the input's position.
func (b *lzma2Body) start(in *input, dictionary int64) {
	b.in, b.rc.in, b.dictionary = in, in, dictionary
	b.left, b.raw, b.ready, b.total, b.produced, b.err = 0, false, false, 0, 0, nil
	b.win.reset(dictionary)
}

func (b *lzma2Body) Read(p []byte) (int, error) {
	for {
		if b.win.given < b.win.pos {
			return b.win.take(p), nil
		}
		switch {
		case b.err != nil:
			return 0, b.err
		case b.left == 0:
			b.err = b.chunk()
		case b.raw:
			b.err = b.stored()
		default:
			b.err = b.coded()
		}
	}
}

// chunk reads the head of a chunk.
func (b *lzma2Body) chunk() error {
	control, err := b.in.ReadByte()
	if err != nil {
		return truncated(err)
	}
	switch {
	case control == lzma2End:
		return io.EOF
	case control >= lzma2Coded:
		return b.codedChunk(control)
	case control > lzma2Raw:
		return fmt.Errorf("LZMA2 control byte %#x: %w", control, ErrMalformed)
	}
	var size [2]byte
	if err := b.in.full(size[:]); err != nil {
		return err
	}
	b.raw, b.left = true, int64(binary.BigEndian.Uint16(size[:]))+1
	if control == lzma2RawReset {
		b.resetDictionary()
	}
	return nil
}

func (b *lzma2Body) resetDictionary() {
	b.win.reset(b.dictionary)
	b.total = 0
}

// codedChunk reads the head of a chunk of LZMA data.
func (b *lzma2Body) codedChunk(control byte) error {
	var size [4]byte
	if err := b.in.full(size[:]); err != nil {
		return err
	}
	b.raw = false
	b.left = int64(control&0x1f)<<16 + int64(binary.BigEndian.Uint16(size[:])) + 1
	packed := int64(binary.BigEndian.Uint16(size[2:])) + 1
	reset := control >> 5 & 3
	if reset == 3 {
		b.resetDictionary()
	}
	if reset >= 2 {
		props, err := b.in.ReadByte()
		if err != nil {
			return truncated(err)
		}
		if err := b.setProps(props); err != nil {
			return err
		}
		if b.lc+b.lp > 4 {
			return fmt.Errorf("LZMA2 properties: %w", ErrMalformed)
		}
		b.ready = true
	}
	if !b.ready {
		return fmt.Errorf("LZMA2 data without properties: %w", ErrMalformed)
	}
	if reset >= 1 {
		b.resetState()
	}
	b.rc.start(packed)
	return b.rc.err
}

// stored copies bytes of a stored chunk into the window.
func (b *lzma2Body) stored() error {
	limit := b.win.room(int(min(lzmaStep, b.left)))
	n, err := io.ReadFull(b.in, b.win.buf[b.win.pos:limit])
	b.win.pos += n
	b.count(int64(n))
	return truncated(err)
}

// coded decodes bytes of a chunk of LZMA data.
func (b *lzma2Body) coded() error {
	n, err := b.decode(int(min(lzmaStep, b.left)), b.total)
	b.count(int64(n))
	if err != nil {
		b.rc.stop()
		return err
	}
	if b.left > 0 && b.marker < 0 {
		return nil
	}
	whole := b.rc.finished() && b.match == 0 && b.marker < 0
	b.rc.stop()
	if !whole || b.rc.left > 0 {
		return fmt.Errorf("LZMA2 chunk differs from its size: %w", ErrMalformed)
	}
	return nil
}

func (b *lzma2Body) count(n int64) {
	b.left -= n
	b.total += n
	b.produced += n
}

// lzma2Dictionary decodes a dictionary's size from the filter's property.
func lzma2Dictionary(b byte) (int64, bool) {
	switch {
	case b > 40:
		return 0, false
	case b == 40:
		return 1<<32 - 1, true
	}
	return int64(2|b&1) << (b/2 + 11), true
}
