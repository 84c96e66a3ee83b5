package archive

import (
	"bufio"
	"errors"
	"io"
	"sync"
)

// byteInput is the compressed side of a decoder. It hands out single bytes, so
// that no decoder takes more than it needs, and knows how many it handed out.
type byteInput struct {
	src   source
	taken int64 // from src
	buf   *bufio.Reader
}

var byteInputs = sync.Pool{New: func() any {
	return &byteInput{buf: bufio.NewReaderSize(nil, 16<<10)}
}}

// newByteInput takes an input from the pool; release gives it back.
func newByteInput(r io.Reader) *byteInput {
	in := byteInputs.Get().(*byteInput)
	in.src.r, in.taken = r, 0
	in.buf.Reset(tally{in})
	return in
}

// tally counts what a byteInput takes from its source.
type tally struct{ in *byteInput }

func (t tally) Read(p []byte) (int, error) {
	n, err := t.in.src.Read(p)
	t.in.taken += int64(n)
	return n, err
}

func (in *byteInput) release() {
	in.src.r = nil
	in.buf.Reset(nil)
	byteInputs.Put(in)
}

// at is the number of bytes handed out.
func (in *byteInput) at() int64 { return in.taken - int64(in.buf.Buffered()) }

func (in *byteInput) ReadByte() (byte, error)    { return in.buf.ReadByte() }
func (in *byteInput) Read(p []byte) (int, error) { return in.buf.Read(p) }

// lowBits reads bits, the least significant of each byte first.
type lowBits struct {
	in   *byteInput
	acc  uint64
	have uint
}

// want fills up to n bits (at most 32) as far as the input goes.
func (b *lowBits) want(n uint) error {
	for b.have < n {
		c, err := b.in.ReadByte()
		if err != nil {
			return err
		}
		b.acc |= uint64(c) << b.have
		b.have += 8
	}
	return nil
}

// take returns the next n bits, at most 32.
func (b *lowBits) take(n uint) (uint32, error) {
	if err := b.want(n); err != nil {
		return 0, noEOF(err)
	}
	v := uint32(b.acc & (1<<n - 1))
	b.drop(n)
	return v, nil
}

func (b *lowBits) drop(n uint) {
	b.acc >>= n
	b.have -= n
}

// consumed is the number of bytes of which at least one bit was used.
func (b *lowBits) consumed() int64 { return b.in.at() - int64(b.have/8) }

// noEOF is for an end of input in the middle of something.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var (
	errBadCode  = errors.New("bits that are no code")
	errBadTable = errors.New("impossible code lengths")
)

// Sizes of a prefix code.
const (
	maxCodeBits    = 16
	fastCodeBits   = 9
	maxCodeSymbols = 320
)

// prefixCode is a canonical prefix code (RFC 1951 section 3.2.2).
type prefixCode struct {
	fast   [1 << fastCodeBits]uint16 // symbol<<5 | length; 0 for longer codes
	count  [maxCodeBits + 1]uint16
	symbol [maxCodeSymbols]uint16
	// inverted codes are read with all bits turned around, as in implode.
	inverted bool
}

// build makes the code for the given lengths; 0 means that a symbol is not used.
//
// QUIRK: RFC 1951 wants codes to be complete. 7-Zip reads incomplete ones, so
// only bits that no code uses are an error here.
func (c *prefixCode) build(lengths []uint8) error {
	c.count, c.fast = [maxCodeBits + 1]uint16{}, [1 << fastCodeBits]uint16{}
	for _, n := range lengths {
		c.count[n]++
	}
	c.count[0] = 0
	left := 1
	var next [maxCodeBits + 2]uint16
	var code [maxCodeBits + 2]uint32
	for n := 1; n <= maxCodeBits; n++ {
		if left = left<<1 - int(c.count[n]); left < 0 {
			return errBadTable
		}
		next[n+1] = next[n] + c.count[n]
		code[n+1] = (code[n] + uint32(c.count[n])) << 1
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		c.symbol[next[n]] = uint16(s)
		next[n]++
		if n <= fastCodeBits {
			c.spread(code[n], uint(n), uint16(s))
		}
		code[n]++
	}
	return nil
}

// spread enters a short code into the table, under all bits that may follow it.
func (c *prefixCode) spread(code uint32, n uint, symbol uint16) {
	low := uint32(0)
	for i := range n {
		low |= code >> i & 1 << (n - 1 - i)
	}
	for i := low; i < 1<<fastCodeBits; i += 1 << n {
		c.fast[i] = symbol<<5 | uint16(n)
	}
}

// decode reads one symbol.
func (c *prefixCode) decode(b *lowBits) (int, error) {
	err := b.want(maxCodeBits)
	if err != nil && err != io.EOF {
		return 0, err
	}
	acc := b.acc
	if c.inverted {
		acc = ^acc
	}
	if e := c.fast[acc&(1<<fastCodeBits-1)]; e != 0 && uint(e&31) <= b.have {
		b.drop(uint(e & 31))
		return int(e >> 5), nil
	}
	var code, first, index int
	for n := uint(1); n <= maxCodeBits; n++ {
		if n > b.have {
			return 0, io.ErrUnexpectedEOF
		}
		code |= int(acc >> (n - 1) & 1)
		count := int(c.count[n])
		if code-count < first {
			b.drop(n)
			return int(c.symbol[index+code-first]), nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, errBadCode
}
