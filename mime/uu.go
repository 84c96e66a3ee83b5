package mime

import (
	"bytes"
	"fmt"
)

// uuDecoder decodes the lines of a uuencoded file (POSIX uuencode) or, with
// another alphabet, of an xxencoded one. Lines that can't be data are skipped;
// where clients take them for data, their reading branches off (uudoubt.go).
type uuDecoder struct {
	e    *Entity
	to   sink
	from *uuAlphabet
	line []byte
	out  [uuMax]byte

	begun  bool // a "begin" line was seen
	done   bool // "end" was seen
	zero   bool // the last line of data was one of no bytes
	met    uuDoubts
	masked *uuMasked // the reading of Thunderbird, from where it differs on
}

var errBase64Begin = fmt.Errorf("mime: begin-base64 in uuencode: %w", ErrUnsupported)

// uuLineMax is what is kept of a line, in bytes: 61 is usual, 85 the longest.
const uuLineMax = 128

// uuMax is how many bytes a line can give, in whole groups of three.
const uuMax = 66

func (d *uuDecoder) write(p []byte) error {
	for len(p) > 0 {
		i := lineEnd(p)
		piece, n := p, len(p)
		if i >= 0 {
			piece, n = p[:i], i+1
		}
		if d.masked != nil {
			if err := d.masked.write(p[:n]); err != nil {
				return err
			}
		}
		d.line = append(d.line, piece[:min(len(piece), uuLineMax-len(d.line))]...)
		if i < 0 {
			return nil
		}
		p = p[i+1:]
		if err := d.endLine(); err != nil {
			return err
		}
	}
	return nil
}

// endLine decodes the line that is complete.
//
// QUIRK: "x-uuencode" has no RFC. Outlook decodes it with and without the "begin"
// line; Thunderbird and mutt want one, and read one file only.
func (d *uuDecoder) endLine() error {
	line := d.line
	d.line = d.line[:0]
	if b, ok := fileBegin(line); ok {
		if b.base64 {
			d.e.fault(errBase64Begin)
		}
		return d.begin(b)
	}
	if !d.begun && bytes.HasPrefix(line, []byte("begin ")) { // enough for Thunderbird and mutt
		return d.begin(begin{name: bytes.TrimSpace(line[6:])})
	}
	if d.done || len(line) == 0 {
		return nil
	}
	if isUUEnd(line) {
		d.done = true
		return nil
	}
	return d.data(line)
}

// begin starts a file. What was decoded before it is an entity of its own: lines
// that only look like data, or another file.
func (d *uuDecoder) begin(b begin) error {
	if d.begun || d.e.Size > 0 {
		if !d.done {
			d.e.note(AnomalyBadUU)
		}
		if d.masked != nil && d.masked.done { // or else that reading goes on
			if err := d.closeMasked(); err != nil {
				return err
			}
		}
		next, err := another(d.to, "uu=next", b)
		if err != nil {
			return err
		}
		if next != nil {
			d.to, d.e = next, next.e
		}
	}
	b.addName(d.e)
	d.begun, d.done, d.zero, d.met = true, false, false, 0
	return nil
}

// data decodes a line that may be one of data.
func (d *uuDecoder) data(line []byte) error {
	n, ok := d.from.line(&d.out, line)
	if !ok {
		d.e.note(AnomalyBadUU)
	}
	if d.from == uuencode && !d.from.regular(line) {
		if err := d.meetIrregular(line, n); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	if err := d.meetZero(n); err != nil {
		return err
	}
	return d.give(d.out[:n])
}

func (d *uuDecoder) give(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return d.to.write(p)
}

func (d *uuDecoder) closeMasked() error {
	if d.masked == nil {
		return nil
	}
	m := d.masked
	d.masked = nil
	return m.close()
}

func (d *uuDecoder) snapshot(label string, tail []byte) error {
	if d.masked != nil {
		if err := d.masked.snapshot(label, tail); err != nil {
			return err
		}
	}
	c := uuDecoder{e: new(Entity), from: d.from, begun: d.begun, done: d.done, met: allUUDoubts, line: bytes.Clone(d.line)}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *uuDecoder) close() error {
	if len(d.line) > 0 {
		if err := d.endLine(); err != nil {
			return err
		}
	}
	if err := d.closeMasked(); err != nil {
		return err
	}
	return d.to.close()
}

// uuAlphabet gives each byte its value; 255 is none.
type uuAlphabet [256]byte

var (
	uuencode = newUUAlphabet(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_")
	xxencode = newUUAlphabet("+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
)

func newUUAlphabet(chars string) *uuAlphabet {
	var a uuAlphabet
	for i := range a {
		a[i] = 255
	}
	for i := range len(chars) {
		a[chars[i]] = byte(i)
	}
	if chars[0] == ' ' {
		a['`'] = 0 // for a blank, which gets lost at the end of a line
	}
	return &a
}

// line decodes a line of data into out.
//
// QUIRK: blanks at the end of a line are lost in the mail; they stand for zero
// bits, so that a line of two bytes can give 63. A few bytes past the end are the
// checksum that some encoders write.
func (a *uuAlphabet) line(out *[uuMax]byte, line []byte) (n int, ok bool) {
	if len(line) == 0 || len(line) > uuLineMax-1 {
		return 0, false
	}
	for _, c := range line {
		if a[c] > 63 {
			return 0, false
		}
	}
	n = int(a[line[0]])
	line = line[1:]
	if need := (n + 2) / 3 * 4; len(line) > need+4 {
		return 0, false
	}
	for i := 0; i < (n+2)/3; i++ {
		var v uint32
		for k := range 4 {
			v <<= 6
			if j := i*4 + k; j < len(line) {
				v |= uint32(a[line[j]])
			}
		}
		out[i*3], out[i*3+1], out[i*3+2] = byte(v>>16), byte(v>>8), byte(v)
	}
	return n, true
}

// regular reports whether all clients read the line alike: it has the length that
// it says, and no byte outside the alphabet.
func (a *uuAlphabet) regular(line []byte) bool {
	for _, c := range line {
		if a[c] > 63 {
			return false
		}
	}
	need := (int(a[line[0]]) + 2) / 3 * 4
	return len(line)-1 >= need && len(line)-1 <= need+4
}

// short reports whether nothing is odd about the line but that whole groups of four
// are missing at its end: all clients take zeros for them.
func (a *uuAlphabet) short(line []byte) bool {
	for _, c := range line {
		if a[c] > 63 {
			return false
		}
	}
	return len(line)%4 == 1 && len(line)-1 <= (int(a[line[0]])+2)/3*4
}

func isUUEnd(line []byte) bool {
	return bytes.HasPrefix(line, []byte("end")) && len(bytes.TrimRight(line[3:], " \t")) == 0
}
