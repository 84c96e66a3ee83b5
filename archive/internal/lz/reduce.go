package lz

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/internal/huffman"
)

// reduceMark begins a copy in the inner layer of reduce, APPNOTE.TXT section 5.2.
const reduceMark = 144

// Unreduce decodes methods 2 to 5: bytes coded by which byte they follow, and
// what they say is text with copies.
type Unreduce struct {
	Stream
	factor   uint // 1 to 4
	sets     [256][]byte
	follows  byte // the byte before
	state    int
	distance int
	length   int
	started  bool
}

// States of the inner layer.
const (
	reduceText   = iota // a byte, or the mark
	reduceHead          // length and the high bits of the distance; 0: the mark itself
	reduceLonger        // more length
	reduceFar           // the low bits of the distance
)

// NewUnreduce decodes reduce; factor is 1 to 4.
func NewUnreduce(in *input.Bytes, factor uint) *Unreduce {
	d := &Unreduce{factor: factor}
	d.open(in, d.symbol)
	return d
}

// readSets reads which bytes follow each byte, from 255 down to 0.
func (d *Unreduce) readSets() error {
	for c := 255; c >= 0; c-- {
		n, err := d.bits.Take(6)
		if err != nil {
			return err
		}
		set := make([]byte, n)
		for i := range set {
			v, err := d.bits.Take(8)
			if err != nil {
				return err
			}
			set[i] = byte(v)
		}
		d.sets[c] = set
	}
	return nil
}

// outer decodes one byte of the outer layer. The stream has no end mark.
func (d *Unreduce) outer() (byte, error) {
	set := d.sets[d.follows]
	literal := len(set) == 0
	if !literal {
		if err := d.bits.Want(1); err != nil {
			return 0, err
		}
		flag, err := d.bits.Take(1)
		if err != nil {
			return 0, err
		}
		literal = flag == 1
	}
	width := uint(8)
	if !literal {
		for width = 1; 1<<width < len(set); width++ {
		}
	}
	if err := d.bits.Want(width); err != nil {
		return 0, err
	}
	v, err := d.bits.Take(width)
	if err != nil {
		return 0, err
	}
	c := byte(v)
	if !literal {
		if int(v) >= len(set) {
			return 0, huffman.ErrCode
		}
		c = set[v]
	}
	d.follows = c
	return c, nil
}

func (d *Unreduce) symbol() error {
	if !d.started {
		d.started = true
		return d.readSets()
	}
	c, err := d.outer()
	if err == io.EOF && d.state != reduceText {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	most := 1<<(8-d.factor) - 1
	switch d.state {
	case reduceText:
		if c == reduceMark {
			d.state = reduceHead
		} else {
			d.out.put(c)
		}
	case reduceHead:
		if c == 0 {
			d.out.put(reduceMark)
			d.state = reduceText
			break
		}
		d.length = int(c) & most
		d.distance = int(c) >> (8 - d.factor) << 8
		d.state = reduceFar
		if d.length == most {
			d.state = reduceLonger
		}
	case reduceLonger:
		d.length += int(c)
		d.state = reduceFar
	case reduceFar:
		d.out.repeat(d.distance+int(c)+1, d.length+3)
		d.state = reduceText
	}
	return nil
}
