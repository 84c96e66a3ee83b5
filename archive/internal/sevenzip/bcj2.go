package sevenzip

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// bcj2 joins the four streams of BCJ2: the program without the operands of its
// branches, those of calls, those of jumps, and a range-coded stream of bits that
// says which branches were taken apart.
type bcj2 struct {
	program, calls, jumps, bits *bufio.Reader
	probs                       [2 + 256]uint16
	rng, code                   uint32
	started                     bool
	prev                        byte
	at                          uint32 // decoded bytes
	operand                     [4]byte
	left                        int // bytes of operand to come
	err                         error
}

func newBCJ2(program, calls, jumps, bits io.Reader) io.Reader {
	b := &bcj2{
		program: bufio.NewReaderSize(program, 4<<10), calls: bufio.NewReaderSize(calls, 4<<10),
		jumps: bufio.NewReaderSize(jumps, 4<<10), bits: bufio.NewReaderSize(bits, 4<<10),
	}
	for i := range b.probs {
		b.probs[i] = 1 << 10
	}
	return b
}

func (b *bcj2) Read(p []byte) (int, error) {
	if !b.started && b.err == nil {
		b.start()
	}
	n := 0
	for n < len(p) && b.err == nil {
		if b.left > 0 {
			p[n] = b.operand[4-b.left]
			b.left--
			n++
			continue
		}
		c, err := b.program.ReadByte()
		if err != nil {
			b.err = err
			break
		}
		p[n] = c
		n++
		b.at++
		b.step(c)
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

func (b *bcj2) start() {
	b.started = true
	b.rng = 0xffffffff
	for range 5 {
		b.code = b.code<<8 | uint32(b.bitsByte())
	}
}

func (b *bcj2) bitsByte() byte {
	c, err := b.bits.ReadByte()
	if err != nil && b.err == nil {
		b.err = unexpected(err)
	}
	return c
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// step looks at a byte of the program: behind a branch's opcode, a bit says
// whether its operand stands elsewhere.
func (b *bcj2) step(c byte) {
	prev := b.prev
	b.prev = c
	index := 257
	switch {
	case c == 0xe8:
		index = int(prev)
	case c == 0xe9:
		index = 256
	case prev != 0x0f || c&0xf0 != 0x80:
		return
	}
	if !b.bit(&b.probs[index]) || b.err != nil {
		return
	}
	from := b.jumps
	if c == 0xe8 {
		from = b.calls
	}
	var raw [4]byte
	if _, err := io.ReadFull(from, raw[:]); err != nil {
		b.err = fmt.Errorf("operands: %w", unexpected(err))
		return
	}
	b.at += 4
	dest := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	dest -= b.at
	binary.LittleEndian.PutUint32(b.operand[:], dest)
	b.left = 4
	b.prev = byte(dest >> 24)
}

func (b *bcj2) bit(p *uint16) bool {
	if b.rng < 1<<24 {
		b.rng <<= 8
		b.code = b.code<<8 | uint32(b.bitsByte())
	}
	v := uint32(*p)
	bound := b.rng >> 11 * v
	if b.code < bound {
		b.rng = bound
		*p = uint16(v + (1<<11-v)>>5)
		return false
	}
	b.rng -= bound
	b.code -= bound
	*p = uint16(v - v>>5)
	return true
}
