package lz

import (
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/input"
)

// Sizes and codes of shrink, APPNOTE.TXT section 5.1.
const (
	shrinkMinBits = 9
	shrinkMaxBits = 13
	shrinkControl = 256 // a further code says what to do
	shrinkCodes   = 1 << shrinkMaxBits
	shrinkFree    = 0xffff // parent of a code that stands for nothing
)

// Unshrink decodes method 1, LZW whose dictionary is cleared in part.
type Unshrink struct {
	Stream
	bitsNow uint
	parent  [shrinkCodes]uint16
	value   [shrinkCodes]byte
	last    int // the code before, -1 at the start
	first   byte
	free    int // where the search for a free code begins
	word    [shrinkCodes]byte
}

var errShrink = errors.New("impossible shrink code")

// NewUnshrink decodes shrink.
func NewUnshrink(in *input.Bytes) *Unshrink {
	d := &Unshrink{bitsNow: shrinkMinBits, last: -1, free: shrinkControl + 1}
	for i := range d.parent {
		d.parent[i] = shrinkFree
	}
	d.open(in, d.symbol)
	return d
}

// code reads one code. The stream has no end mark: less than a code is padding.
func (d *Unshrink) code() (int, error) {
	if err := d.bits.Want(d.bitsNow); err != nil {
		return 0, err
	}
	v, err := d.bits.Take(d.bitsNow)
	return int(v), err
}

func (d *Unshrink) symbol() error {
	c, err := d.code()
	switch {
	case err != nil:
		return err
	case c == shrinkControl:
		return d.control()
	case d.last < 0:
		if c > 255 {
			return errShrink
		}
		d.last, d.first = c, byte(c)
		d.out.put(byte(c))
		return nil
	}
	if err := d.spell(c); err != nil {
		return err
	}
	d.learn()
	d.last = c
	return nil
}

// control carries out a control code.
func (d *Unshrink) control() error {
	c, err := d.code()
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case c == 1 && d.bitsNow < shrinkMaxBits:
		d.bitsNow++
	case c == 2:
		d.clearLeaves()
	default:
		return errShrink
	}
	return nil
}

// spell puts what code c stands for. A code that stands for nothing is the
// word before with its first byte once more.
func (d *Unshrink) spell(c int) error {
	at := len(d.word)
	if c > 255 && d.parent[c] == shrinkFree {
		at--
		d.word[at] = d.first
		c = d.last
	}
	for c > 255 {
		if at <= 1 || d.parent[c] == shrinkFree {
			return errShrink // a circle, or a word that was cleared
		}
		at--
		d.word[at] = d.value[c]
		c = int(d.parent[c])
	}
	at--
	d.word[at] = byte(c)
	d.first = byte(c)
	for _, b := range d.word[at:] {
		d.out.put(b)
	}
	return nil
}

// learn gives the next free code to the word before and the byte behind it.
func (d *Unshrink) learn() {
	for d.free < shrinkCodes && d.parent[d.free] != shrinkFree {
		d.free++
	}
	if d.free < shrinkCodes {
		d.parent[d.free], d.value[d.free] = uint16(d.last), d.first
		d.free++
	}
}

// clearLeaves frees the codes that no other code builds on.
func (d *Unshrink) clearLeaves() {
	var inner [shrinkCodes]bool
	for c := shrinkControl + 1; c < shrinkCodes; c++ {
		if p := d.parent[c]; p != shrinkFree {
			inner[p] = true
		}
	}
	for c := shrinkControl + 1; c < shrinkCodes; c++ {
		if !inner[c] {
			d.parent[c] = shrinkFree
		}
	}
	d.free = shrinkControl + 1
}
