package arc

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/lz"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

var errStream = errors.New("corrupt stream")

// buffers are what the decoder of one member holds, to be given back.
type buffers struct{ held []interface{ Release() } }

func (h *buffers) input(r io.Reader) *input.Bytes {
	in := input.NewBytes(r)
	h.held = append(h.held, in)
	return in
}

// lzw decodes LZW, which takes its input with it.
func (h *buffers) lzw(in *input.Bytes, shape lz.LZWShape) *lz.LZW {
	d := lz.NewLZW(in, shape)
	h.held[len(h.held)-1] = d
	return d
}

func (h *buffers) release() {
	for _, b := range h.held {
		b.Release()
	}
	h.held = h.held[:0]
}

// Bounds of the tree of squeezed data.
const (
	squeezeNodes = 257
	squeezeEnd   = 256
)

// squeezed decodes a Huffman code that is given as a tree.
type squeezed struct {
	bits  huffman.LowBits
	nodes [2 * squeezeNodes]int16 // two branches each; a negative one is a symbol's complement
	count int
	err   error
}

func newSqueezed(r io.ByteReader) *squeezed {
	z := &squeezed{bits: huffman.LowBits{R: r}}
	n, err := z.bits.Take(16)
	if z.err = err; err == nil && n > squeezeNodes {
		z.err = errStream
	}
	z.nodes[0], z.nodes[1] = ^int16(squeezeEnd), ^int16(squeezeEnd)
	for i := 0; z.err == nil && i < 2*int(n); i++ {
		var v uint32
		v, z.err = z.bits.Take(16)
		z.nodes[i] = int16(v)
	}
	z.count = max(1, int(n))
	return z
}

func (z *squeezed) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		at := int16(0)
		for at >= 0 {
			bit, err := z.bits.Take(1)
			if err != nil || int(at) >= z.count {
				if err == nil {
					err = errStream
				}
				z.err = err
				break
			}
			at = z.nodes[2*at+int16(bit)]
		}
		switch s := int(^at); {
		case z.err != nil:
		case s == squeezeEnd:
			z.err = io.EOF
		case s > squeezeEnd:
			z.err = errStream
		default:
			p[n] = byte(s)
			n++
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}

const crunchCodes = 1 << 12

// crunched decodes ARC's first LZW: codes of 12 bits are places in a hash table.
type crunched struct {
	bits   huffman.Bits
	fast   bool // the hash function of the last version
	used   [crunchCodes]bool
	next   [crunchCodes]uint16 // of those with one hash, 0 for none
	parent [crunchCodes]int16  // -1 for a single byte
	value  [crunchCodes]byte
	free   int
	last   int // the code before, -1 for none
	first  byte
	word   [crunchCodes]byte
	out    []byte // of word, the last byte first
	err    error
}

func newCrunched(r io.ByteReader, fast bool) *crunched {
	z := &crunched{fast: fast, last: -1, free: crunchCodes - 256}
	z.bits.R = r
	for i := range 256 {
		z.enter(-1, byte(i))
	}
	return z
}

// enter puts a string into the table, and returns its code.
func (z *crunched) enter(parent int, b byte) int {
	h := uint32(parent+int(b)) & 0xffff
	if z.fast {
		h = h * 15073 & (crunchCodes - 1)
	} else {
		h |= 0x0800
		h = h * h >> 6 & (crunchCodes - 1)
	}
	if z.used[h] {
		for z.next[h] != 0 {
			h = uint32(z.next[h])
		}
		at := (h + 101) & (crunchCodes - 1)
		for z.used[at] {
			at = (at + 1) & (crunchCodes - 1)
		}
		z.next[h] = uint16(at)
		h = at
	}
	z.used[h], z.parent[h], z.value[h] = true, int16(parent), b
	return int(h)
}

func (z *crunched) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(z.out) == 0 {
			if z.err == nil {
				z.err = z.step()
			}
			if len(z.out) == 0 {
				break
			}
		}
		p[n] = z.out[len(z.out)-1]
		z.out = z.out[:len(z.out)-1]
		n++
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, z.err
}

// step decodes one code. What is left at the end is padding.
func (z *crunched) step() error {
	code := int(z.bits.Take(12))
	if z.bits.Short() {
		if err := z.bits.Fault(io.EOF); err != io.ErrUnexpectedEOF {
			return err
		}
		return io.EOF
	}
	word := z.word[:0]
	at := code
	if !z.used[code] {
		if z.last < 0 {
			return errStream
		}
		word = append(word, z.first)
		at = z.last
	}
	for z.parent[at] >= 0 {
		if len(word) == len(z.word)-1 {
			return errStream
		}
		word = append(word, z.value[at])
		at = int(z.parent[at])
	}
	z.first = z.value[at]
	z.out = append(word, z.first)
	if z.last >= 0 && z.free > 0 {
		z.enter(z.last, z.first)
		z.free--
	}
	z.last = code
	return nil
}
