// Package rar15 decodes what RAR 1.3 to 1.5 pack: bytes and matches, in codes that
// are fixed, over places in tables that follow what was met.
//
// What is known of the format is in unrar's and 7-Zip's sources. It has no end of its
// own, and nothing in it is invalid: a stream ends at the size that it is given, or
// where the input does.
//
// # Security
//
// All input is hostile. A Decoder takes the same memory for any of it. It is for one
// goroutine.
package rar15

import (
	"bufio"
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Window is how far a match reaches back at most, in bytes.
const Window = 64 << 10

// ErrCorrupt says that a match has no distance, on which unpackers differ.
var ErrCorrupt = errors.New("corrupt RAR 1.5 stream")

// Decoder decodes one file after the other; what solid files go on with stays.
type Decoder struct {
	in  huffman.Bits
	src *bufio.Reader
	win []byte
	w   int

	left             int64 // bytes that are still to be given
	length, distance int   // of a match to be copied
	err              error

	state state
	flags uint // bits that say what comes
	count int  // of them
	plain bool // only bytes come, until one is a sign
	again int  // how often the last match was repeated
	old   [4]int
	oldAt int

	lastLength, lastDistance int

	bytes, far, marks ranked
	near              [256]uint8 // distances of short matches
}

// state is what the choice of codes follows. The names are those of the quantities
// that averages are of.
type state struct {
	bytePlace, farPlace          int
	shortLength, longLength, run int
	byteRun                      int // bytes in a row
	byteWeight, longWeight       int
	farLimit                     int // distances from here on are for longer matches
	wide                         int // 1: the second form of the short matches' code
}

// New returns a Decoder without a file.
func New() *Decoder { return &Decoder{win: make([]byte, Window), src: bufio.NewReaderSize(nil, 4<<10)} }

// Next begins a file of size bytes. A solid one goes on with what the file before has left.
func (d *Decoder) Next(r io.Reader, size int64, solid bool) {
	for solid && d.length > 0 {
		d.copyByte()
	}
	if !solid {
		clear(d.win)
		d.w = 0
		d.state = state{bytePlace: 0x3500, farLimit: 0x2001, byteWeight: 0x80, longWeight: 0x80}
		d.old, d.oldAt, d.lastLength, d.lastDistance = [4]int{}, 0, 0, 0
		for i := range 256 {
			d.bytes.set[i], d.far.set[i] = uint16(i)<<8, uint16(i)<<8
			d.near[i] = uint8(i)
			d.marks.set[i] = uint16(-i&0xff) << 8
		}
		d.bytes.next, d.marks.next = [256]uint8{}, [256]uint8{}
		d.far.regroup()
	}
	d.flags, d.count, d.plain, d.again = 0, 0, false, 0
	d.length, d.left, d.err = 0, size, nil
	d.src.Reset(r)
	d.in.Reset(d.src)
	if size > 0 {
		d.readFlags()
		d.count = 8
	}
}

func (d *Decoder) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), max(d.left, 0))]
	n := 0
	for n < len(p) && d.err == nil {
		if d.length > 0 {
			p[n] = d.copyByte()
			n++
			continue
		}
		b, literal := d.step()
		switch {
		case d.in.Short():
			d.err, d.length = d.in.Fault(ErrCorrupt), 0
		case d.length > 0 && d.distance <= 0:
			d.err, d.length = ErrCorrupt, 0
		case literal:
			p[n] = d.put(b)
			n++
		}
	}
	d.left -= int64(n)
	switch {
	case n > 0:
		return n, nil
	case d.left <= 0:
		return 0, io.EOF
	}
	return 0, d.err
}

func (d *Decoder) copyByte() byte {
	d.length--
	return d.put(d.win[(d.w-d.distance)&(Window-1)])
}

func (d *Decoder) put(b byte) byte {
	d.win[d.w] = b
	d.w = (d.w + 1) & (Window - 1)
	return b
}

// step decodes a byte, or a match into length and distance, or what changes the
// state alone.
func (d *Decoder) step() (b byte, literal bool) {
	if d.plain {
		return d.byte()
	}
	likely := d.state.longWeight > d.state.byteWeight // a long match is
	if d.flag() {
		if likely {
			d.long()
			return 0, false
		}
		return d.byte()
	}
	switch {
	case !d.flag():
		d.short()
	case likely:
		return d.byte()
	default:
		d.long()
	}
	return 0, false
}

// flag takes one of the flags.
func (d *Decoder) flag() bool {
	if d.count--; d.count < 0 {
		d.readFlags()
		d.count = 7
	}
	set := d.flags&0x80 != 0
	d.flags <<= 1
	return set
}

func (d *Decoder) readFlags() {
	if place := codeC.read(&d.in); place < 256 {
		d.flags = uint(d.marks.use(place, 0xff))
	}
}

// match sets what is to be copied, and what repeats it.
func (d *Decoder) match(distance, length int) {
	d.length, d.distance = length, distance
	d.lastLength, d.lastDistance = length, distance
}

func (d *Decoder) remember(distance int) {
	d.old[d.oldAt] = distance
	d.oldAt = (d.oldAt + 1) & 3
}

// byte decodes a byte: its place in a table.
func (d *Decoder) byte() (b byte, literal bool) {
	s := &d.state
	var c *code
	switch v := s.bytePlace; {
	case v > 0x75ff:
		c = &codeE
	case v > 0x5dff:
		c = &codeD
	case v > 0x35ff:
		c = &codeC
	case v > 0x0dff:
		c = &codeB
	default:
		c = &codeA
	}
	place := c.read(&d.in)
	if d.plain {
		if place == 0 {
			d.sign()
			return 0, false
		}
		place--
	} else {
		d.plain = s.byteRun >= 16 && d.count == 0
		s.byteRun++
	}
	place &= 0xff
	s.bytePlace += place
	s.bytePlace -= s.bytePlace >> 8
	if s.byteWeight += 16; s.byteWeight > 0xff {
		s.byteWeight = 0x90
		s.longWeight >>= 1
	}
	return d.bytes.use(place, 0xa1), true
}

// sign reads what interrupts a run of bytes: its end, or a match.
func (d *Decoder) sign() {
	if d.in.Take(1) == 1 {
		d.plain, d.state.byteRun = false, 0
		return
	}
	d.length = 3 + int(d.in.Take(1))
	d.distance = codeC.read(&d.in)<<5 | int(d.in.Take(5))
}

// Codes of short matches: their first bits, and how many count.
var (
	shortBits = [2][15]uint8{
		{0, 0xa0, 0xd0, 0xe0, 0xf0, 0xf8, 0xfc, 0xfe, 0xff, 0xc0, 0x80, 0x90, 0x98, 0x9c, 0xb0},
		{0, 0x40, 0x60, 0xa0, 0xd0, 0xe0, 0xf0, 0xf8, 0xfc, 0xc0, 0x80, 0x90, 0x98, 0x9c, 0xb0},
	}
	shortWidth = [2][15]uint{
		{1, 3, 4, 4, 5, 6, 7, 8, 8, 4, 4, 5, 6, 6, 4},
		{2, 3, 3, 3, 4, 4, 5, 6, 6, 4, 4, 5, 6, 6, 4},
	}
	// shortWide is the code whose width is one more in the second form.
	shortWide = [2]int{1, 3}
)

// Symbols of short matches; those before are lengths.
const (
	shortAgain  = 9  // the last match
	shortOld    = 10 // one of the old distances
	shortSwitch = 10 // or, with the greatest length, the other form
	shortFar    = 14 // a distance that is given
)

// shortSymbol reads the code of a short match.
func (d *Decoder) shortSymbol() int {
	form := 0
	if d.state.shortLength >= 37 {
		form = 1
	}
	next := uint8(d.in.Peek(8))
	for i, bits := range shortBits[form] {
		width := shortWidth[form][i]
		if i == shortWide[form] {
			width += uint(d.state.wide)
		}
		if (next^bits)>>(8-width) == 0 {
			d.in.Take(width)
			return i
		}
	}
	return shortFar // the codes are whole
}

// short decodes a match that is short, or one like those before.
func (d *Decoder) short() {
	s := &d.state
	s.byteRun = 0
	if d.again == 2 {
		if d.in.Take(1) == 1 {
			d.match(d.lastDistance, d.lastLength)
			return
		}
		d.again = 0
	}
	symbol := d.shortSymbol()
	if symbol == shortAgain {
		d.again++
		d.match(d.lastDistance, d.lastLength)
		return
	}
	d.again = 0
	switch {
	case symbol == shortFar:
		n := codeM.read(&d.in) + 5
		d.match(int(d.in.Take(15))|0x8000, n)
	case symbol >= shortOld:
		distance := d.old[(d.oldAt-(symbol-9))&3]
		n := codeL.read(&d.in) + 2
		if n == 0x101 && symbol == shortSwitch {
			s.wide ^= 1
			return
		}
		if distance > 256 {
			n++
		}
		if distance >= s.farLimit {
			n++
		}
		d.remember(distance)
		d.match(distance, n)
	default:
		s.shortLength += symbol
		s.shortLength -= s.shortLength >> 4
		place := codeC.read(&d.in) & 0xff
		distance := d.near[place]
		if place > 0 { // nearer to the front each time
			d.near[place-1], d.near[place] = distance, d.near[place-1]
		}
		d.remember(int(distance) + 1)
		d.match(int(distance)+1, symbol+2)
	}
}

// long decodes a match.
func (d *Decoder) long() {
	s := &d.state
	s.byteRun = 0
	if s.longWeight += 16; s.longWeight > 0xff {
		s.longWeight = 0x90
		s.byteWeight >>= 1
	}
	before, run := s.longLength, s.run
	n := d.longLength()
	s.longLength += n
	s.longLength -= s.longLength >> 5

	c := &codeA
	switch {
	case s.farPlace > 0x28ff:
		c = &codeC
	case s.farPlace > 0x6ff:
		c = &codeB
	}
	place := c.read(&d.in)
	s.farPlace += place
	s.farPlace -= s.farPlace >> 8
	distance := int(d.far.use(place&0xff, 0xff))<<7 | int(d.in.Take(7))
	switch {
	case n == 1 || n == 4:
	case n == 0 && distance <= s.farLimit:
		s.run++
		s.run -= s.run >> 8
	case s.run > 0:
		s.run--
	}
	n += 3
	if distance >= s.farLimit {
		n++
	}
	if distance <= 256 {
		n += 8
	}
	s.farLimit = 0x2001
	if run > 0xb0 || s.bytePlace >= 0x2a00 && before < 0x40 {
		s.farLimit = 0x7f00
	}
	d.remember(distance)
	d.match(distance, n)
}

// longLength reads a match's length.
func (d *Decoder) longLength() int {
	switch {
	case d.state.longLength >= 122:
		return codeM.read(&d.in)
	case d.state.longLength >= 64:
		return codeL.read(&d.in)
	}
	next := d.in.Peek(16)
	if next < 0x100 {
		d.in.Take(16)
		return int(next)
	}
	n := 0
	for next<<n&0x8000 == 0 {
		n++
	}
	d.in.Take(uint(n + 1))
	return n
}
