package archive

import (
	"fmt"
	"math/bits"
)

// Numbers of the LZX format as WIM files use it ([MS-PATCH] LZX DELTA describes the
// common parts; the rest is as wimlib reads it).
const (
	lzxLengths     = 249
	lzxMaxMain     = 256 + 8*50
	lzxDefaultSize = 32768
	lzxE8Size      = 12_000_000 // the file size that calls are translated for
)

// Types of blocks.
const (
	lzxVerbatim     = 1
	lzxAligned      = 2
	lzxUncompressed = 3
)

// lzxSlots is the number of position slots for a window of 2^15 bytes and more.
var lzxSlots = [...]int{30, 32, 34, 36, 38, 42, 50}

// wimLZXDecoder decodes LZX chunks, each of which stands for itself.
type wimLZXDecoder struct {
	bits     bitWords
	order    int // binary logarithm of the window, 15 to 21
	mainLens [lzxMaxMain]byte
	lenLens  [lzxLengths]byte
	mainCode wimCode
	lenCode  wimCode
	aligned  wimCode
	pre      wimCode
	recent   [3]int
}

// newWIMLZXDecoder returns a decoder for chunks of up to that many bytes.
func newWIMLZXDecoder(chunk int64) *wimLZXDecoder {
	return &wimLZXDecoder{order: min(max(15, bits.Len64(uint64(chunk-1))), 21)}
}

func (d *wimLZXDecoder) decode(out, in []byte) (int, error) {
	d.bits = bitWords{in: in}
	clear(d.mainLens[:])
	clear(d.lenLens[:])
	d.recent = [3]int{1, 1, 1}
	n := 0
	var err error
	for n < len(out) && err == nil {
		n, err = d.block(out, n)
	}
	undoE8(out[:n])
	return n, err
}

// block decodes one block behind out[:n].
func (d *wimLZXDecoder) block(out []byte, n int) (int, error) {
	kind := d.bits.bits(3)
	size := lzxDefaultSize
	if d.bits.bits(1) == 0 {
		size = int(d.bits.bits(16))
		if d.order >= 16 {
			size = size<<8 | int(d.bits.bits(8))
		}
	}
	if size == 0 || size > len(out)-n || d.bits.spent() {
		return n, fmt.Errorf("LZX block: %w", ErrMalformed)
	}
	switch kind {
	case lzxUncompressed:
		return d.raw(out, n, size)
	case lzxVerbatim, lzxAligned:
		if err := d.codes(kind == lzxAligned); err != nil {
			return n, err
		}
		return d.matches(out, n, n+size, kind == lzxAligned)
	}
	return n, fmt.Errorf("LZX block type %d: %w", kind, ErrMalformed)
}

// raw copies an uncompressed block. It begins at the next word; where the bits end
// with one, at the one after.
func (d *wimLZXDecoder) raw(out []byte, n, size int) (int, error) {
	b := &d.bits
	b.need()
	pos := b.pos + b.over/8 - b.n/16*2 // without the words that were read ahead
	if b.n%16 == 0 {
		pos += 2
	}
	if pos < 0 || pos+12 > len(b.in) {
		return n, fmt.Errorf("LZX block: %w", ErrMalformed)
	}
	for i := range d.recent {
		d.recent[i] = int(le32(b.in, pos+4*i) & 0x7fffffff)
	}
	pos += 12
	got := copy(out[n:n+size], b.in[pos:])
	pos += size + size&1
	*b = bitWords{in: b.in, pos: min(pos, len(b.in))}
	if got < size {
		return n + got, fmt.Errorf("LZX block: %w", ErrMalformed)
	}
	return n + size, nil
}

// codes reads the code lengths before a block.
func (d *wimLZXDecoder) codes(aligned bool) error {
	if aligned {
		var lens [8]byte
		for i := range lens {
			lens[i] = byte(d.bits.bits(3))
		}
		if err := d.aligned.build(lens[:]); err != nil {
			return err
		}
	}
	slots := lzxSlots[d.order-15]
	for _, part := range [][]byte{d.mainLens[:256], d.mainLens[256 : 256+8*slots], d.lenLens[:]} {
		if err := d.lengths(part); err != nil {
			return err
		}
	}
	if err := d.mainCode.build(d.mainLens[:256+8*slots]); err != nil {
		return err
	}
	return d.lenCode.build(d.lenLens[:])
}

// lengths reads code lengths, as differences to those of the block before.
func (d *wimLZXDecoder) lengths(lens []byte) error {
	var pre [20]byte
	for i := range pre {
		pre[i] = byte(d.bits.bits(4))
	}
	if err := d.pre.build(pre[:]); err != nil {
		return err
	}
	for i := 0; i < len(lens); {
		if d.bits.spent() {
			return fmt.Errorf("LZX code lengths: %w", ErrMalformed)
		}
		sym, run, value := d.pre.next(&d.bits), 1, byte(0)
		switch sym {
		case 17:
			run = 4 + int(d.bits.bits(4))
		case 18:
			run = 20 + int(d.bits.bits(5))
		case 19:
			run = 4 + int(d.bits.bits(1))
			sym = d.pre.next(&d.bits)
			if sym > 16 {
				return fmt.Errorf("LZX code lengths: %w", ErrMalformed)
			}
			fallthrough
		default:
			value = byte((int(lens[i]) + 17 - sym) % 17)
		}
		for ; run > 0 && i < len(lens); run-- {
			lens[i] = value
			i++
		}
	}
	return nil
}

// matches decodes a block's literals and matches up to out[end].
func (d *wimLZXDecoder) matches(out []byte, n, end int, aligned bool) (int, error) {
	for n < end {
		sym := d.mainCode.next(&d.bits)
		if d.bits.spent() {
			return n, fmt.Errorf("LZX: %w", ErrMalformed)
		}
		if sym < 256 {
			out[n] = byte(sym)
			n++
			continue
		}
		length := sym & 7
		if length == 7 {
			length += d.lenCode.next(&d.bits)
		}
		var err error
		if n, err = copyMatch(out[:end], n, d.offset((sym-256)>>3, aligned), length+2); err != nil {
			return n, err
		}
	}
	return n, nil
}

// offset decodes a match's offset.
func (d *wimLZXDecoder) offset(slot int, aligned bool) int {
	if slot < 3 {
		d.recent[0], d.recent[slot] = d.recent[slot], d.recent[0]
		return d.recent[0]
	}
	extra, base := lzxSlot(slot)
	offset := base - 2
	if aligned && extra >= 3 {
		offset += int(d.bits.bits(extra-3)) << 3
		offset += d.aligned.next(&d.bits)
	} else {
		offset += int(d.bits.bits(extra))
	}
	d.recent[2], d.recent[1], d.recent[0] = d.recent[1], d.recent[0], offset
	return offset
}

// lzxSlot returns how many bits follow a slot, and the first offset, formatted, of
// the slot.
func lzxSlot(slot int) (extra, base int) {
	switch {
	case slot < 4:
		return 0, slot
	case slot < 36:
		extra = slot/2 - 1
		return extra, (2 + slot&1) << extra
	}
	return 17, (slot - 34) << 17
}

// undoE8 translates the targets of x86 calls back to distances.
func undoE8(out []byte) {
	for i := 0; i < len(out)-10; i++ {
		if out[i] != 0xe8 {
			continue
		}
		target := int32(le32(out, i+1))
		switch {
		case target >= 0 && target < lzxE8Size:
			target -= int32(i)
		case target < 0 && target >= -int32(i):
			target += lzxE8Size
		default:
			i += 4
			continue
		}
		out[i+1], out[i+2], out[i+3], out[i+4] = byte(target), byte(target>>8), byte(target>>16), byte(target>>24)
		i += 4
	}
}
