package mime

import "bytes"

// uuDecoder decodes the lines of a uuencoded file (POSIX uuencode).
type uuDecoder struct {
	e    *Entity
	to   sink
	bare bool // "begin" and "end" may be missing: the encoding was declared in the header
	line []byte
	done bool // "end" was seen
	out  [66]byte
}

// uuLineMax is what is kept of a line, in bytes: 61 is usual, 85 the longest.
const uuLineMax = 128

func (d *uuDecoder) write(p []byte) error {
	for len(p) > 0 {
		i := lineEnd(p)
		piece := p
		if i >= 0 {
			piece = p[:i]
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
// QUIRK: "x-uuencode" has no RFC. Thunderbird and Outlook decode it with and
// without the "begin" line; lines that can't be data are skipped.
func (d *uuDecoder) endLine() error {
	line := d.line
	d.line = d.line[:0]
	if _, ok := uuBegin(line); ok {
		d.done = false
		return nil
	}
	if d.done || len(line) == 0 {
		return nil
	}
	if isUUEnd(line) {
		d.done = true
		return nil
	}
	_, err := d.data(line)
	return err
}

// data decodes one line; ok is false if it can't be one of data.
func (d *uuDecoder) data(line []byte) (ok bool, err error) {
	n, ok := uuLine(&d.out, line)
	if !ok {
		d.e.note(AnomalyBadUU)
		return false, nil
	}
	return true, d.to.write(d.out[:n])
}

func (d *uuDecoder) snapshot(label string, tail []byte) error {
	c := uuDecoder{e: new(Entity), bare: d.bare, done: d.done, line: bytes.Clone(d.line)}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *uuDecoder) close() error {
	if len(d.line) > 0 {
		if err := d.endLine(); err != nil {
			return err
		}
	}
	return d.to.close()
}

// uuLine decodes a line of data into out.
//
// QUIRK: blanks at the end of a line are lost in the mail; they stand for zero
// bits, so that a line of two bytes can give 63. A few bytes past the end are the checksum that some encoders write.
func uuLine(out *[66]byte, line []byte) (n int, ok bool) {
	if len(line) == 0 || len(line) > uuLineMax-1 {
		return 0, false
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return 0, false
		}
	}
	n = int(line[0]-' ') & 63
	line = line[1:]
	if need := (n + 2) / 3 * 4; len(line) > need+4 {
		return 0, false
	}
	for i := 0; i < (n+2)/3; i++ {
		var v uint32
		for k := range 4 {
			v <<= 6
			if j := i*4 + k; j < len(line) {
				v |= uint32(line[j]-' ') & 63
			}
		}
		out[i*3], out[i*3+1], out[i*3+2] = byte(v>>16), byte(v>>8), byte(v)
	}
	return n, true
}

// uuBegin takes the name from a "begin 644 name" line.
func uuBegin(line []byte) (name []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return nil, false
	}
	rest = bytes.TrimLeft(rest, " ")
	i := 0
	for i < len(rest) && '0' <= rest[i] && rest[i] <= '7' {
		i++
	}
	if i < 3 || i > 4 || i == len(rest) || rest[i] != ' ' {
		return nil, false
	}
	name = bytes.Trim(rest[i:], " \t")
	return name, len(name) > 0
}

func isUUEnd(line []byte) bool {
	return bytes.HasPrefix(line, []byte("end")) && len(bytes.TrimRight(line[3:], " \t")) == 0
}
