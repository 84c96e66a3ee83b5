package lz

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// InflateAny decodes deflate (RFC 1951) and deflate64, in all the ways in which
// some unpacker does: it is the decoder for what the fast one refuses.
//
// Deflate64 is deflate with a window of 64 KiB: distance codes 30 and 31 stand for
// distances above 32768 with 14 further bits, and length code 285 stands for 3
// and a number of 16 bits.
type InflateAny struct {
	Stream
	kind    InflateKind
	last    bool // the block is the stream's last
	inBlock bool
	stored  int // bytes left of a stored block
	lit     huffman.Decoder
	dist    huffman.Decoder
	lens    huffman.Decoder
	order   *[19]uint8 // of the lengths of the code of lengths
}

// InflateKind is what an InflateAny takes.
type InflateKind int

const (
	// InflateLax takes incomplete codes, which 7-Zip reads, so that only bits that no
	// code uses are an error, and copies from before the start, where Info-ZIP finds
	// zeros. RFC 1951 forbids both.
	InflateLax  InflateKind = iota
	InflateWide             // is deflate64, as lax
	// InflateLoose takes also what viewers do whose decoder comes from xpdf (poppler,
	// pdf.js): code lengths that make more than a whole code or go on behind its
	// end, and stored blocks whose length has a wrong check.
	InflateLoose
)

// NewInflateAny decodes one stream of in.
func NewInflateAny(in *input.Bytes, kind InflateKind) *InflateAny {
	d := &InflateAny{kind: kind, order: &codeOrder}
	d.open(in, d.symbol)
	return d
}

// NewInflateOrder decodes deflate whose code of lengths has its own lengths in another
// order.
func NewInflateOrder(in *input.Bytes, order [19]uint8) *InflateAny {
	d := NewInflateAny(in, InflateLax)
	d.order = &order
	return d
}

var errBadTable = errors.New("impossible code lengths")

var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	// codeOrder is the order in which the lengths of the length code come.
	codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// symbol decodes one literal, copy, stored byte or block header.
func (d *InflateAny) symbol() error {
	switch {
	case d.stored > 0:
		return d.storedByte()
	case !d.inBlock && d.last:
		return io.EOF
	case !d.inBlock:
		return d.block()
	}
	s, err := d.bits.Symbol(&d.lit)
	switch {
	case err != nil:
		return err
	case s < 256:
		d.out.put(byte(s))
		return nil
	case s == 256:
		d.inBlock = false
		return nil
	}
	return d.copy(s - 257)
}

func (d *InflateAny) copy(code int) error {
	if code >= len(lengthBase) {
		if d.kind != InflateLoose {
			return huffman.ErrCode
		}
		code = len(lengthBase) - 1 // so xpdf's table has it
	}
	base, extra := int(lengthBase[code]), uint(lengthExtra[code])
	if d.kind == InflateWide && code == 28 {
		base, extra = 3, 16
	}
	more, err := d.bits.Take(extra)
	if err != nil {
		return err
	}
	length := base + int(more)
	s, err := d.bits.Symbol(&d.dist)
	if err != nil {
		return err
	}
	if s >= 32 || s >= 30 && d.kind != InflateWide {
		return huffman.ErrCode
	}
	dist := s + 1
	if s >= 4 {
		extra := uint(s/2 - 1)
		more, err := d.bits.Take(extra)
		if err != nil {
			return err
		}
		dist = (2+s&1)<<extra + int(more) + 1
	}
	d.out.repeat(dist, length)
	return nil
}

func (d *InflateAny) storedByte() error {
	c, err := d.bits.Take(8)
	if err != nil {
		return err
	}
	d.out.put(byte(c))
	d.stored--
	return nil
}

// block reads a block's header.
func (d *InflateAny) block() error {
	h, err := d.bits.Take(3)
	if err != nil {
		return err
	}
	d.last = h&1 != 0
	switch h >> 1 {
	case 0:
		return d.storedBlock()
	case 1:
		return d.fixedBlock()
	case 2:
		return d.dynamicBlock()
	}
	return errBadTable
}

func (d *InflateAny) storedBlock() error {
	d.bits.Align()
	n, err := d.bits.Take(32)
	if err != nil {
		return err
	}
	if n>>16 != ^n&0xffff && d.kind != InflateLoose {
		return errBadTable
	}
	d.stored = int(n & 0xffff)
	return nil
}

func (d *InflateAny) fixedBlock() error {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	if err := d.build(&d.lit, lengths[:]); err != nil {
		return err
	}
	for i := range 32 {
		lengths[i] = 5
	}
	d.inBlock = true
	return d.build(&d.dist, lengths[:32])
}

func (d *InflateAny) dynamicBlock() error {
	h, err := d.bits.Take(14)
	if err != nil {
		return err
	}
	literals, distances, n := int(h&31)+257, int(h>>5&31)+1, int(h>>10)+4
	var lengths [19]uint8
	for _, at := range d.order[:n] {
		v, err := d.bits.Take(3)
		if err != nil {
			return err
		}
		lengths[at] = uint8(v)
	}
	if err := d.build(&d.lens, lengths[:]); err != nil {
		return err
	}
	var all [288 + 32]uint8
	if err := d.codeLengths(all[:literals+distances]); err != nil {
		return err
	}
	if err := d.build(&d.lit, all[:literals]); err != nil {
		return err
	}
	d.inBlock = true
	return d.build(&d.dist, all[literals:literals+distances])
}

// build makes the code of these lengths.
func (d *InflateAny) build(c *huffman.Decoder, lengths []uint8) error {
	if err := c.Init(lengths); err != nil && d.kind != InflateLoose {
		return err
	}
	return nil
}

// codeLengths reads run-length coded code lengths, RFC 1951 section 3.2.7.
func (d *InflateAny) codeLengths(all []uint8) error {
	for i := 0; i < len(all); {
		s, err := d.bits.Symbol(&d.lens)
		if err != nil {
			return err
		}
		if s < 16 {
			all[i] = uint8(s)
			i++
			continue
		}
		value, base, extra := uint8(0), 3, uint(3)
		switch s {
		case 16:
			if i > 0 {
				value = all[i-1]
			} else if d.kind != InflateLoose {
				return errBadTable
			}
			extra = 2
		case 18:
			base, extra = 11, 7
		}
		more, err := d.bits.Take(extra)
		if err != nil {
			return err
		}
		run := base + int(more)
		if run > len(all)-i && d.kind != InflateLoose {
			return errBadTable
		}
		for range min(run, len(all)-i) {
			all[i] = value
			i++
		}
	}
	return nil
}
