package mime

// uuDoubts are reasons for which clients get different bytes from a uuencoded
// file.
type uuDoubts uint8

const (
	// uuIrregular: a line is too short for its length, too long, or has bytes
	// outside the alphabet. Thunderbird decodes every line, six bits of each byte.
	uuIrregular uuDoubts = 1 << iota
	// uuPastZero: data follows a line of no bytes, which ends the file to POSIX
	// uudecode.
	uuPastZero
	// uuPastEnd: data follows a line that begins with "end", and ends the file for
	// Thunderbird where the file stands in a text.
	uuPastEnd

	allUUDoubts = uuIrregular | uuPastZero | uuPastEnd
)

// meetIrregular branches Thunderbird's reading off where it differs for the first
// time: at line, which n bytes were decoded from.
func (d *uuDecoder) meetIrregular(line []byte, n int) error {
	if d.met&uuIrregular != 0 || d.masked != nil || d.from.short(line) {
		return nil
	}
	var out [uuMax]byte
	if m := maskedLine(&out, line); string(out[:m]) == string(d.out[:n]) {
		return nil
	}
	d.met |= uuIrregular
	d.e.note(AnomalyBadUU)
	to := branchOff(d.e, d.to, "uu=every-line")
	if to == nil {
		return nil
	}
	d.masked = &uuMasked{to: to}
	return d.masked.endLine(line)
}

// meetZero gives the reading that ends before n bytes which follow a line of none.
func (d *uuDecoder) meetZero(n int) error {
	if n == 0 {
		d.zero = true
		return nil
	}
	if d.zero && d.met&uuPastZero == 0 {
		d.met |= uuPastZero
		d.e.note(AnomalyBadUU)
		return d.to.snapshot("uu=zero-ends", nil)
	}
	return nil
}

// uuMasked decodes uuencoded lines as Thunderbird does: every line up to "end",
// whatever it holds.
type uuMasked struct {
	to   sink
	line []byte
	done bool
	out  [uuMax]byte
}

// uuMaskedLine is how much Thunderbird takes for one line, in bytes: what is
// longer is cut, and its last two bytes are lost.
const uuMaskedLine = 127

func (d *uuMasked) write(p []byte) error {
	for len(p) > 0 && !d.done {
		i := lineEnd(p)
		n := i + 1
		if i < 0 {
			n = len(p)
		}
		n = min(n, uuMaskedLine-len(d.line))
		d.line = append(d.line, p[:n]...)
		p = p[n:]
		if end := len(d.line) - 1; isLineEnd(d.line[end]) {
			d.line = d.line[:end]
		} else if len(d.line) < uuMaskedLine {
			return nil
		} else {
			d.line = d.line[:uuMaskedLine-2]
		}
		line := d.line
		d.line = d.line[:0]
		if err := d.endLine(line); err != nil {
			return err
		}
	}
	return nil
}

func (d *uuMasked) endLine(line []byte) error {
	if len(line) == 0 || d.done {
		return nil
	}
	if string(line) == "end" {
		d.done = true
		return nil
	}
	n := maskedLine(&d.out, line)
	if n == 0 {
		return nil
	}
	return d.to.write(d.out[:n])
}

// maskedLine decodes a line of any bytes. What is missing at its end is zero.
func maskedLine(out *[uuMax]byte, line []byte) int {
	n := int(line[0]-' ') & 63
	line = line[1:]
	have := min(n, len(line)*3/4)
	clear(out[:])
	for i := range have {
		at := i / 3 * 4
		var v uint32
		for k := range 4 {
			v <<= 6
			if at+k < len(line) {
				v |= uint32(line[at+k]-' ') & 63
			}
		}
		out[i] = byte(v >> (16 - 8*(i%3)))
	}
	return n
}

func (d *uuMasked) snapshot(label string, tail []byte) error {
	c := uuMasked{line: append([]byte(nil), d.line...), done: d.done}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

// close drops what is left of a line: Thunderbird decodes whole lines only.
func (d *uuMasked) close() error { return d.to.close() }
