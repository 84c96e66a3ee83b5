package lz

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
)

// LZWShape is what differs between the LZW of programs that write the lowest bit first
// and codes of 9 bits and more.
type LZWShape struct {
	Bits    uint // of the longest code, 16 at most
	End     bool // code 257 ends the stream
	Grouped bool // behind a clearing, the rest of eight codes is not used, as in compress
}

const (
	lzwMinBits = 9
	lzwClear   = 256
	lzwEnd     = 257
)

// LZW decodes the strings of codes. Without a code for the end, the stream ends where
// less than a code is left.
type LZW struct {
	Stream
	shape   LZWShape
	bitsNow uint
	codes   uint // since the last clearing
	next    int  // free entry
	last    int  // the code before, -1 for none
	first   byte // of its string
	parent  []uint16
	value   []byte
	word    []byte
}

var errLZW = errors.New("impossible LZW code")

// NewLZW decodes one stream.
func NewLZW(in *input.Bytes, shape LZWShape) *LZW {
	n := 1 << shape.Bits
	d := &LZW{shape: shape, parent: make([]uint16, n), value: make([]byte, n), word: make([]byte, n)}
	for i := range 256 {
		d.value[i] = byte(i)
	}
	d.clear()
	d.open(in, d.symbol)
	return d
}

func (d *LZW) clear() {
	d.bitsNow, d.codes, d.last, d.next = lzwMinBits, 0, -1, lzwClear+1
	if d.shape.End {
		d.next = lzwEnd + 1
	}
}

func (d *LZW) symbol() error {
	if err := d.bits.Want(d.bitsNow); err != nil {
		return err
	}
	v, err := d.bits.Take(d.bitsNow)
	if err != nil {
		return err
	}
	c := int(v)
	d.codes++
	switch {
	case c == lzwClear:
		return d.skipGroup()
	case c == lzwEnd && d.shape.End:
		return io.EOF
	case d.last < 0:
		if c > 0xff {
			return errLZW
		}
		d.out.put(byte(c))
		d.last, d.first = c, byte(c)
		return nil
	case c > d.next, c == d.next && d.next == len(d.parent):
		return errLZW
	}
	d.word = d.word[:0]
	at := c
	if c == d.next { // the string that is about to be entered
		d.word = append(d.word, d.first)
		at = d.last
	}
	for at > 0xff {
		d.word = append(d.word, d.value[at])
		at = int(d.parent[at])
	}
	d.first = byte(at)
	d.out.put(d.first)
	for i := len(d.word) - 1; i >= 0; i-- {
		d.out.put(d.word[i])
	}
	if d.next < len(d.parent) {
		d.parent[d.next], d.value[d.next] = uint16(d.last), d.first
		d.next++
		if d.next < len(d.parent) && d.next&(d.next-1) == 0 {
			d.bitsNow++
		}
	}
	d.last = c
	return nil
}

// skipGroup clears the table.
func (d *LZW) skipGroup() error {
	rest := d.codes % 8
	for ; d.shape.Grouped && rest > 0 && rest < 8; rest++ {
		if _, err := d.bits.Take(d.bitsNow); err != nil {
			return err
		}
	}
	d.clear()
	return nil
}
