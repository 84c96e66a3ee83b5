package stream

import (
	"encoding/binary"
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// snappyDecoder decodes one block (Snappy compressed format description). What the block
// says of its length neither allocates nor ends it.
type snappyDecoder struct {
	src    []byte // what is left of it
	out    []byte
	offset int // of the last copy, which S2 may repeat
	max    int // bytes of out
}

// snappyBlock decodes a block behind dst, which is empty, up to max bytes. With an error
// come the bytes before it.
func snappyBlock(dst, block []byte, max int) ([]byte, error) {
	_, n := binary.Uvarint(block) // the decoded length, section 1
	if n <= 0 {
		return dst, fmt.Errorf("block without a length: %w", level.ErrMalformed)
	}
	d := &snappyDecoder{src: block[n:], out: dst, max: max}
	for len(d.src) > 0 {
		if err := d.element(); err != nil {
			return d.out, err
		}
	}
	return d.out, nil
}

// element decodes a literal or a copy, section 2.
func (d *snappyDecoder) element() error {
	tag := d.src[0]
	d.src = d.src[1:]
	switch tag & 3 {
	case 0:
		return d.literal(int(tag >> 2))
	case 1:
		return d.copy1(tag)
	case 2:
		offset, err := d.number(2)
		if err != nil {
			return err
		}
		d.offset = offset
	default:
		offset, err := d.number(4)
		if err != nil {
			return err
		}
		d.offset = offset
	}
	return d.copy(int(tag>>2) + 1)
}

// literal is bytes as they are, section 2.1. Of what is cut off the bytes that there are
// count.
func (d *snappyDecoder) literal(code int) error {
	n := code + 1
	if code >= 60 {
		var err error
		if n, err = d.number(code - 59); err != nil {
			return err
		}
		n++
	}
	have := min(n, len(d.src), d.max-len(d.out))
	d.out = append(d.out, d.src[:have]...)
	d.src = d.src[have:]
	return d.short(have, n)
}

// copy1 is a copy with an offset of eleven bits, section 2.2.1. In S2 an offset of zero
// repeats the last one, and its length may go on in up to three bytes.
func (d *snappyDecoder) copy1(tag byte) error {
	low, err := d.number(1)
	if err != nil {
		return err
	}
	length := int(tag >> 2 & 7)
	if offset := int(tag&0xe0)<<3 | low; offset != 0 {
		d.offset = offset
		return d.copy(length + 4)
	}
	if length >= 5 {
		more, err := d.number(length - 4)
		if err != nil {
			return err
		}
		length = more + [...]int{4, 1 << 8, 1 << 16}[length-5]
	}
	return d.copy(length + 4)
}

// number reads a little-endian number of n bytes.
func (d *snappyDecoder) number(n int) (v int, err error) {
	if len(d.src) < n {
		d.src = nil
		return 0, fmt.Errorf("block ends too early: %w", level.ErrMalformed)
	}
	for i := range n {
		v |= int(d.src[i]) << (8 * i)
	}
	d.src = d.src[n:]
	return v, nil
}

// copy repeats length bytes.
func (d *snappyDecoder) copy(length int) error {
	from, have := len(d.out), min(length, d.max-len(d.out))
	if d.offset <= 0 || d.offset > from {
		return fmt.Errorf("copy before the start: %w", level.ErrMalformed)
	}
	begin, end := from-d.offset, from+have
	for len(d.out) < end { // what was copied is there to be copied again
		d.out = append(d.out, d.out[begin:begin+min(end-len(d.out), len(d.out)-begin)]...)
	}
	return d.short(have, length)
}

// short is the error of having n bytes of want.
func (d *snappyDecoder) short(n, want int) error {
	switch {
	case n == want:
		return nil
	case len(d.out) == d.max:
		return fmt.Errorf("block decodes to more than %d bytes: %w", d.max, level.ErrLimit)
	}
	return fmt.Errorf("block ends too early: %w", level.ErrMalformed)
}
