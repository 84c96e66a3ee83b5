package huffman

import (
	"errors"
	"io"
	"math/bits"
)

// ErrCode is bits that are no code.
var ErrCode = errors.New("bits that are no code")

// LowBits takes bits from bytes, the lowest first, as deflate and the first
// methods of zip have them. Set R before use.
//
// Unlike Bits it knows no zeros behind the end: io.EOF there is the reader's own,
// io.ErrUnexpectedEOF is an end within what was asked for.
type LowBits struct {
	R    io.ByteReader
	acc  uint64
	have uint
}

// Want fills up to n bits, at most 32, as far as the input goes.
func (b *LowBits) Want(n uint) error {
	for b.have < n {
		c, err := b.R.ReadByte()
		if err != nil {
			return err
		}
		b.acc |= uint64(c) << b.have
		b.have += 8
	}
	return nil
}

// Take returns the next n bits, at most 32.
func (b *LowBits) Take(n uint) (uint32, error) {
	if b.have < n {
		if err := b.Want(n); err != nil {
			return 0, noEOF(err)
		}
	}
	v := uint32(b.acc & (1<<n - 1))
	b.drop(n)
	return v, nil
}

func (b *LowBits) drop(n uint) {
	b.acc >>= n
	b.have -= n
}

// Align drops the rest of the byte that is being read.
func (b *LowBits) Align() { b.drop(b.have % 8) }

// Ahead is the number of whole bytes that were taken and not used.
func (b *LowBits) Ahead() int64 { return int64(b.have / 8) }

// Symbol returns the next symbol of a code. It takes bytes ahead, which Ahead
// tells.
func (b *LowBits) Symbol(d *Decoder) (int, error) { return b.symbol(d, 0) }

// SymbolInverted is Symbol for a code all of whose bits are turned around, as in
// implode.
func (b *LowBits) SymbolInverted(d *Decoder) (int, error) { return b.symbol(d, 0xffff) }

func (b *LowBits) symbol(d *Decoder, invert uint16) (int, error) {
	if b.have < MaxLength {
		if err := b.Want(MaxLength); err != nil && err != io.EOF {
			return 0, err
		}
	}
	s, n := d.Decode(uint32(bits.Reverse16(uint16(b.acc) ^ invert)))
	switch {
	case n > b.have || s < 0 && b.have < MaxLength:
		return 0, io.ErrUnexpectedEOF
	case s < 0:
		return 0, ErrCode
	}
	b.drop(n)
	return s, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
