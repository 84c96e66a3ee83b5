package mime

import (
	"bytes"
	"encoding/binary"
)

// BinHex 4.0 (RFC 1741 appendix A): a line that says so, then between colons, six
// bits a character, with runs of a byte shortened, a file's name, its data fork
// and its resource fork.
var binHexMark = []byte("(This file must be converted with BinHex")

func isBinHexMark(line []byte) bool { return bytes.HasPrefix(line, binHexMark) }

const binHexAlphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"

var binHexValue = binHexTable()

// binHexTable gives each byte its value; 255 is none.
func binHexTable() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range len(binHexAlphabet) {
		t[binHexAlphabet[i]] = byte(i)
	}
	return t
}

// binHexDecoder decodes what stands between the colons.
type binHexDecoder struct {
	e    *Entity                                          // notes what is odd
	fork func(resource bool, name []byte) (*Entity, sink) // begins a fork; nil discards it

	state binHexState
	bits  uint32
	nbits int
	run   bool // the last byte was 0x90
	last  byte // that a run repeats

	head [256 + 19]byte // name's length, name, header
	n    int            // bytes of head, or of a checksum
	left int64          // bytes of the fork
	rsrc int64          // length of the resource fork
	crc  uint16
	sum  uint16
	to   sink // of the fork that is open
	toE  *Entity
	buf  []byte // decoded bytes of the fork that were not written yet
}

type binHexState uint8

const (
	binHexStart   binHexState = iota // before the first colon
	binHexHead                       // the name's length and name, version, type, creator, flags, lengths
	binHexHeadSum                    // and their checksum
	binHexData                       // the data fork
	binHexDataSum                    // and its checksum
	binHexRsrc                       // the resource fork
	binHexRsrcSum                    // and its checksum
	binHexRest                       // after all that
	binHexEnded                      // after the last colon
)

// binHexBuffer is how many decoded bytes are gathered before they are written.
const binHexBuffer = 4 << 10

// line takes a line, or a piece of one; end says that the last colon was in it.
func (d *binHexDecoder) line(line []byte, p piece) (end bool, err error) {
	if d.state == binHexStart {
		if !p.first || len(line) == 0 || line[0] != ':' {
			return false, nil
		}
		d.state = binHexHead
		line = line[1:]
	}
	for _, c := range line {
		if c == ':' {
			return true, d.end()
		}
		v := binHexValue[c]
		if v > 63 {
			if c != ' ' && c != '\t' {
				d.note(AnomalyBadBinHex)
			}
			continue
		}
		d.bits = d.bits<<6 | uint32(v)
		if d.nbits += 6; d.nbits >= 8 {
			d.nbits -= 8
			if err := d.expand(byte(d.bits >> d.nbits)); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// expand takes a byte before runs are expanded: 0x90 and a count repeat the byte
// before, a count of 0 is for 0x90 itself.
func (d *binHexDecoder) expand(c byte) error {
	if !d.run {
		if c == 0x90 {
			d.run = true
			return nil
		}
		d.last = c
		return d.put(c)
	}
	d.run = false
	if c == 0 {
		d.last = 0x90
		return d.put(0x90)
	}
	for range int(c) - 1 {
		if err := d.put(d.last); err != nil {
			return err
		}
	}
	return nil
}

// put takes a byte of the file's structure.
func (d *binHexDecoder) put(c byte) error {
	switch d.state {
	case binHexHead:
		d.update(c)
		d.head[d.n] = c
		if d.n++; d.n == 1+int(d.head[0])+19 {
			d.n, d.state = 0, binHexHeadSum
		}
	case binHexHeadSum:
		if d.checksum(c) {
			return d.openData()
		}
	case binHexData, binHexRsrc:
		d.update(c)
		d.buf = append(d.buf, c)
		if d.left--; d.left == 0 {
			d.state++ // its checksum follows
			return d.flush()
		}
		if len(d.buf) >= binHexBuffer {
			return d.flush()
		}
	case binHexDataSum:
		if d.checksum(c) {
			return d.openRsrc()
		}
	case binHexRsrcSum:
		if d.checksum(c) {
			d.state = binHexRest
			return d.closeFork()
		}
	case binHexRest:
		d.note(AnomalyBadBinHex)
	}
	return nil
}

// note notes what is odd, for the fork that is open too.
func (d *binHexDecoder) note(anomaly string) {
	d.e.note(anomaly)
	if d.toE != nil {
		d.toE.note(anomaly)
	}
}

// update adds c to the checksum: CRC-16 of polynomial 0x1021 from 0.
func (d *binHexDecoder) update(c byte) {
	d.crc = d.crc<<8 ^ crc16[byte(d.crc>>8)^c]
}

var crc16 = func() (t [256]uint16) {
	for i := range t {
		v := uint16(i) << 8
		for range 8 {
			if v&0x8000 != 0 {
				v = v<<1 ^ 0x1021
			} else {
				v <<= 1
			}
		}
		t[i] = v
	}
	return t
}()

// checksum takes one of the two bytes of a checksum; done says that it was the last.
func (d *binHexDecoder) checksum(c byte) (done bool) {
	d.sum = d.sum<<8 | uint16(c)
	if d.n++; d.n < 2 {
		return false
	}
	if d.sum != d.crc {
		d.note(AnomalyChecksum)
	}
	d.n, d.crc, d.sum = 0, 0, 0
	return true
}

// openData begins the data fork; a file that has another fork only has none.
func (d *binHexDecoder) openData() error {
	n := 1 + int(d.head[0])
	name := d.head[1:n]
	lengths := d.head[n+11 : n+19] // after version, type, creator and flags
	d.left = int64(binary.BigEndian.Uint32(lengths))
	d.rsrc = int64(binary.BigEndian.Uint32(lengths[4:]))
	if d.left > 0 || d.rsrc == 0 {
		d.toE, d.to = d.fork(false, name)
	}
	if d.state = binHexData; d.left == 0 {
		d.state = binHexDataSum
	}
	return nil
}

func (d *binHexDecoder) openRsrc() error {
	if err := d.closeFork(); err != nil {
		return err
	}
	d.left = d.rsrc
	if d.state = binHexRsrcSum; d.left == 0 {
		return nil
	}
	d.state = binHexRsrc
	d.toE, d.to = d.fork(true, d.head[1:1+int(d.head[0])])
	return nil
}

func (d *binHexDecoder) flush() error {
	p := d.buf
	d.buf = d.buf[:0]
	if d.to == nil || len(p) == 0 {
		return nil
	}
	return d.to.write(p)
}

// end ends the file, wherever it is.
func (d *binHexDecoder) end() error {
	if d.state != binHexRest {
		d.note(AnomalyBadBinHex)
	}
	d.state = binHexEnded
	if err := d.flush(); err != nil {
		return err
	}
	return d.closeFork()
}

func (d *binHexDecoder) closeFork() error {
	to := d.to
	if d.to = nil; to == nil {
		return nil
	}
	d.toE = nil
	return to.close()
}
