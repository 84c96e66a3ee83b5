package cab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// kwajLZH decodes KWAJ's method 3: runs of literals and matches in a dictionary
// of 4 KiB, with five Huffman codes that stand at the start.
type kwajLZH struct {
	in  *bufio.Reader
	acc uint32
	n   uint  // bits in acc, at its top
	end uint  // bits in acc behind the input's end
	src error // why the input ended

	started  bool
	first    huffman.Decoder // lengths of matches behind a match or a full run
	second   huffman.Decoder // behind a run of literals
	runs     huffman.Decoder
	offsets  huffman.Decoder
	literals huffman.Decoder

	win      [lzssWindow]byte
	at       int
	afterRun bool
	run      int // literals to come
	match    int // bytes of a match to come
	distance int
	err      error
}

func newKwajLZH(r io.Reader) io.Reader {
	z := &kwajLZH{in: bufio.NewReaderSize(r, 4<<10)}
	for i := range z.win {
		z.win[i] = ' '
	}
	return z
}

func (z *kwajLZH) fill() {
	for z.n <= 24 {
		var b byte
		if z.src == nil {
			b, z.src = z.in.ReadByte()
		}
		if z.src != nil {
			z.end += 8
		}
		z.acc |= uint32(b) << (24 - z.n)
		z.n += 8
	}
}

func (z *kwajLZH) take(n uint) uint32 {
	z.fill()
	v := z.acc >> (32 - n)
	z.acc <<= n
	z.n -= n
	return v
}

// symbol returns a code's next symbol, -1 if there is none.
func (z *kwajLZH) symbol(d *huffman.Decoder) int {
	z.fill()
	s, n := d.Decode(z.acc >> 16)
	z.acc <<= n
	z.n -= n
	switch {
	case z.end > z.n:
		z.err = z.src // the stream has no end of its own
	case s < 0:
		z.err = fmt.Errorf("code: %w", level.ErrMalformed)
	}
	return s
}

func (z *kwajLZH) Read(p []byte) (int, error) {
	if !z.started {
		z.started = true
		z.start()
	}
	n := 0
	for n < len(p) && z.err == nil {
		var b byte
		switch {
		case z.run > 0:
			b = byte(z.symbol(&z.literals))
			z.run--
		case z.match > 0:
			b = z.win[(z.at-z.distance)&(lzssWindow-1)]
			z.match--
		default:
			z.step()
			continue
		}
		if z.err != nil {
			break
		}
		z.win[z.at] = b
		z.at = (z.at + 1) & (lzssWindow - 1)
		p[n] = b
		n++
	}
	if n > 0 {
		return n, nil
	}
	return 0, z.err
}

// step reads a match, or the length of a run of literals.
func (z *kwajLZH) step() {
	code := &z.first
	if z.afterRun {
		code = &z.second
	}
	n := z.symbol(code)
	if z.err != nil {
		return
	}
	if n > 0 {
		z.afterRun = false
		z.match = n + 2
		z.distance = z.symbol(&z.offsets)<<6 | int(z.take(6))
		return
	}
	z.run = z.symbol(&z.runs) + 1
	z.afterRun = z.run != 32
}

// start reads the codes.
func (z *kwajLZH) start() {
	var kinds [6]uint32
	for i := range kinds {
		kinds[i] = z.take(4)
	}
	for i, c := range []struct {
		d       *huffman.Decoder
		symbols int
		bits    byte
	}{{&z.first, 16, 4}, {&z.second, 16, 4}, {&z.runs, 32, 5}, {&z.offsets, 64, 6}, {&z.literals, 256, 8}} {
		var lengths [256]byte
		z.lengths(lengths[:c.symbols], kinds[i], c.bits)
		if c.d.Init(lengths[:c.symbols]) != nil {
			z.err = fmt.Errorf("codes: %w", level.ErrMalformed)
			return
		}
	}
}

// lengths reads the lengths of a code: all equal, or in one of three packed forms.
func (z *kwajLZH) lengths(out []byte, kind uint32, equal byte) {
	switch kind {
	case 0:
		for i := range out {
			out[i] = equal
		}
	case 1:
		c := byte(z.take(4))
		out[0] = c
		for i := 1; i < len(out); i++ {
			if z.take(1) == 1 {
				if z.take(1) == 0 {
					c++
				} else {
					c = byte(z.take(4))
				}
			}
			out[i] = c
		}
	case 2:
		c := byte(z.take(4))
		out[0] = c
		for i := 1; i < len(out); i++ {
			if v := z.take(2); v == 3 {
				c = byte(z.take(4))
			} else {
				c += byte(v) - 1
			}
			out[i] = c
		}
	case 3:
		for i := range out {
			out[i] = byte(z.take(4))
		}
	}
}

// kwajMSZIP decodes KWAJ's method 4: blocks of MSZIP, each behind its length.
type kwajMSZIP struct {
	in       *bufio.Reader
	deflated mszipBlocks
	data     []byte // decoded, not yet read
	err      error
}

func (k *kwajMSZIP) Read(p []byte) (int, error) {
	for len(k.data) == 0 {
		if k.err != nil {
			return 0, k.err
		}
		k.data, k.err = k.block()
	}
	n := copy(p, k.data)
	k.data = k.data[n:]
	return n, nil
}

func (k *kwajMSZIP) block() ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(k.in, head[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint16(head[:]))
	if n == 0 {
		return nil, io.EOF
	}
	var packed bytes.Buffer
	if _, err := io.CopyN(&packed, k.in, n); err != nil && err != io.EOF {
		return nil, err
	}
	return k.deflated.block(packed.Bytes())
}
