package wim

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// xpressDecoder decodes XPRESS with Huffman codes ([MS-XCA] section 2.2).
type xpressDecoder struct {
	code huffman.Decoder
	lens [512]byte
}

func (d *xpressDecoder) decode(out, in []byte) (int, error) {
	if len(in) < 256 {
		return 0, fmt.Errorf("XPRESS table: %w", level.ErrMalformed)
	}
	for i, b := range in[:256] {
		d.lens[2*i], d.lens[2*i+1] = b&15, b>>4
	}
	if err := d.code.Init(d.lens[:]); err != nil {
		return 0, fmt.Errorf("XPRESS table: %w", level.ErrMalformed)
	}
	b := xpressBits{in: in, pos: 256}
	b.start()
	n := 0
	for n < len(out) {
		sym, bits := d.code.Decode(b.buf >> 16)
		b.take(int(bits))
		if sym < 0 || b.over {
			return n, fmt.Errorf("XPRESS: %w", level.ErrMalformed)
		}
		if sym < 256 {
			out[n] = byte(sym)
			n++
			continue
		}
		length, err := b.length(sym & 15)
		if err != nil {
			return n, err
		}
		offset := 1<<(sym>>4&15) | int(b.take(int(sym>>4&15)))
		if n, err = input.CopyMatch(out, n, offset, length); err != nil {
			return n, err
		}
	}
	return n, nil
}

// xpressBits are the bits of the format, between whose words stand the bytes of
// long lengths: so it matters how far it reads ahead.
type xpressBits struct {
	in    []byte
	pos   int
	buf   uint32
	extra int  // bits of buf beyond the 16 that are always there
	over  bool // more was read than there is
}

func (b *xpressBits) start() {
	b.buf = b.word() << 16
	b.buf |= b.word()
	b.extra = 16
}

// word reads 16 bits; past the end, where the last code words look ahead, zeros.
func (b *xpressBits) word() uint32 {
	if b.pos+1 >= len(b.in) {
		b.over = b.over || b.pos >= len(b.in)+4
		b.pos += 2
		return 0
	}
	w := uint32(b.in[b.pos]) | uint32(b.in[b.pos+1])<<8
	b.pos += 2
	return w
}

func (b *xpressBits) take(n int) uint32 {
	v := uint32(uint64(b.buf) >> (32 - n))
	b.buf <<= n
	b.extra -= n
	if b.extra < 0 {
		b.buf |= b.word() << -b.extra
		b.extra += 16
	}
	return v
}

func (b *xpressBits) byte() int {
	if b.pos >= len(b.in) {
		b.over = true
		return 0
	}
	b.pos++
	return int(b.in[b.pos-1])
}

// length completes the length that a symbol begins.
func (b *xpressBits) length(n int) (int, error) {
	if n == 15 {
		more := b.byte()
		if n += more; more == 255 {
			n = b.byte() | b.byte()<<8
			if n == 0 {
				n = b.byte() | b.byte()<<8 | b.byte()<<16 | b.byte()<<24
			}
			if n < 15 {
				return 0, fmt.Errorf("XPRESS length: %w", level.ErrMalformed)
			}
		}
	}
	return n + 3, nil
}
