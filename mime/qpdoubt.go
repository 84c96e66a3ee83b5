package mime

import "bytes"

// qpDoubts are reasons for which clients get different bytes from a
// quoted-printable body.
type qpDoubts uint8

const (
	// qpTokens: an "=" that is no escape has another "=" close by, or only blanks
	// between it and the line end. Thunderbird and GMime take three bytes for one
	// token, and let it stand if it is none.
	qpTokens qpDoubts = 1 << iota
	// qpLines: blanks before a line end, a NUL, a CR that stands alone after "=",
	// an "=0D" before a line end. mutt reads line by line and drops them; RFC 2045
	// section 6.7 wants the blanks deleted.
	qpLines
	// qpDoubled: "==", which Python's binascii reads as one "=".
	qpDoubled

	allQPDoubts = qpTokens | qpLines | qpDoubled
)

// meet branches the readings off that differ from the next byte on.
func (d *qpDecoder) meet(doubts qpDoubts) {
	d.met |= doubts
	if doubts&(qpTokens|qpDoubled) != 0 {
		d.e.note(AnomalyBadQP)
	}
	if doubts&qpLines != 0 {
		d.e.note(AnomalyQPLine)
	}
	if doubts&qpTokens != 0 {
		if to := branchOff(d.e, d.to, "qp=tokens"); to != nil {
			d.also = append(d.also, &qpTokenDecoder{to: to})
		}
	}
	if doubts&qpLines != 0 {
		if to := branchOff(d.e, d.to, "qp=lines"); to != nil {
			d.also = append(d.also, &qpLineDecoder{to: to})
		}
	}
	if doubts&qpDoubled != 0 {
		if to := branchOff(d.e, d.to, "qp=doubled"); to != nil {
			d.also = append(d.also, &qpDecoder{e: new(Entity), to: to, double: true, met: allQPDoubts})
		}
	}
}

// meetEnd gives the readings of a body that ends in what is held: an "=", and at
// most one digit or some blanks.
//
// QUIRK: RFC 2045 section 6.7. Thunderbird keeps a last "=" after a byte that
// stood for itself and drops an escape that is cut off; mutt drops a last "="
// and keeps blanks after it.
func (d *qpDecoder) meetEnd() error {
	if d.met&qpTokens != 0 || d.held[0] != '=' {
		return nil
	}
	switch rest := bytes.TrimRight(d.held[1:], " \t"); {
	case len(d.held) == 1 && d.plain, len(d.held) > 1 && len(rest) == 0:
		return d.to.snapshot("qp=end-kept", d.held)
	case len(d.held) == 2 && !isLineEnd(d.held[1]):
		return d.to.snapshot("qp=end-dropped", nil)
	}
	return nil
}

// qpTrim is how many blanks before a line end are looked through, in bytes: mutt
// reads lines in pieces of 255.
const qpTrim = 254

// trailing returns where in p the first blanks stand that end a line, or a NUL,
// and that this is a doubt; or how much of p is known to be without. lf is the
// index of the first LF before that, or len(p).
func trailing(p []byte, last bool) (end, lf int, doubts qpDoubts) {
	end, lf = len(p), len(p)
	if i := bytes.IndexByte(p, 0); i >= 0 {
		end, doubts = i, qpLines
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(p[i:end], '\n')
		if n < 0 {
			break
		}
		i += n
		lf = min(lf, i)
		k := i
		if k > 0 && p[k-1] == '\r' {
			k--
		}
		if k > 0 && (p[k-1] == ' ' || p[k-1] == '\t') {
			if start := heldBlanks(p[:i]); start < i {
				return start, lf, qpLines
			}
		}
	}
	if doubts != 0 || last {
		return end, lf, doubts
	}
	return heldBlanks(p[:end]), lf, 0
}

// heldBlanks returns where the blanks start that stand at the end of p, a CR
// after them included; len(p) if there are none, or an "=" makes a soft break of
// them.
func heldBlanks(p []byte) int {
	k := len(p)
	if k > 0 && p[k-1] == '\r' {
		k--
	}
	if k == 0 || p[k-1] != ' ' && p[k-1] != '\t' {
		return len(p)
	}
	start := blanksBefore(p, k)
	if start == k || start > 0 && p[start-1] == '=' {
		return len(p)
	}
	return start
}

// blanksBefore returns where the blanks start that stand before p[i]; i if there
// are more than qpTrim.
func blanksBefore(p []byte, i int) int {
	start := i
	for start > 0 && (p[start-1] == ' ' || p[start-1] == '\t') {
		if start--; i-start > qpTrim {
			return i
		}
	}
	return start
}

// qpTokenDecoder decodes quoted-printable as Thunderbird does: in a window of
// three bytes, which stands as it is if it starts with "=" and is no escape.
type qpTokenDecoder struct {
	to  sink
	tok [3]byte
	n   int
}

func (d *qpTokenDecoder) write(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	n := 0
	for _, c := range p {
		if n > chunk-3 {
			if err := d.to.write(buf[:n]); err != nil {
				return err
			}
			n = 0
		}
		d.tok[d.n] = c
		if d.n++; d.n == 3 {
			n += d.token(buf[n:])
		}
	}
	if n == 0 {
		return nil
	}
	return d.to.write(buf[:n])
}

// token takes what it can from the window and returns how many bytes it put to dst.
func (d *qpTokenDecoder) token(dst []byte) int {
	t := &d.tok
	switch {
	case t[0] != '=':
		dst[0] = t[0]
		t[0], t[1], d.n = t[1], t[2], 2
		return 1
	case hexValue[t[1]]|hexValue[t[2]] < 16:
		dst[0] = hexValue[t[1]]<<4 | hexValue[t[2]]
		d.n = 0
		return 1
	case t[1] == '\r' && t[2] == '\n':
		d.n = 0
		return 0
	case isLineEnd(t[1]):
		t[0], d.n = t[2], 1
		return 0
	}
	d.n = 0
	return copy(dst, t[:])
}

func (d *qpTokenDecoder) snapshot(label string, tail []byte) error {
	c := *d
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *qpTokenDecoder) close() error {
	if d.n > 0 && d.tok[0] != '=' {
		if err := d.to.write(d.tok[:d.n]); err != nil {
			return err
		}
	}
	return d.to.close()
}

// qpLineDecoder decodes quoted-printable as mutt does: line by line, a long line
// in pieces. It takes the piece in which it starts for one that starts there.
type qpLineDecoder struct {
	to   sink
	line []byte
	out  [qpTrim + 1]byte
}

func (d *qpLineDecoder) write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), qpTrim+1-len(d.line))
		if i := bytes.IndexByte(p[:n], '\n'); i >= 0 {
			n = i + 1
		}
		d.line = append(d.line, p[:n]...)
		p = p[n:]
		if len(d.line) <= qpTrim && d.line[len(d.line)-1] != '\n' {
			return nil
		}
		if err := d.endLine(); err != nil {
			return err
		}
	}
	return nil
}

// endLine decodes the line, without the blanks before its end.
func (d *qpLineDecoder) endLine() error {
	line := d.line
	d.line = d.line[:0]
	end := len(line)
	if i := bytes.IndexByte(line, 0); i >= 0 {
		line = line[:i]
		end = i
	} else if line[end-1] == '\n' {
		if end--; end > 0 && line[end-1] == '\r' {
			end--
		}
	}
	lineEnd := line[end:]
	if len(lineEnd) > 0 {
		line = bytes.TrimRight(line[:end], " \t\r\v\f")
	}
	out, n := &d.out, 0
	soft, cr := false, false
	for i := 0; i < len(line); {
		cr = false
		switch {
		case line[i] == '=' && i+1 == len(line):
			soft = true
			i++
		case line[i] == '=' && i+2 < len(line) && hexValue[line[i+1]]|hexValue[line[i+2]] < 16:
			out[n] = hexValue[line[i+1]]<<4 | hexValue[line[i+2]]
			cr = out[n] == '\r'
			n, i = n+1, i+3
		default:
			out[n] = line[i]
			n, i = n+1, i+1
		}
	}
	if !soft {
		if cr && len(lineEnd) > 0 {
			n--
		}
		n += copy(out[n:], lineEnd)
	}
	if n == 0 {
		return nil
	}
	return d.to.write(out[:n])
}

func (d *qpLineDecoder) snapshot(label string, tail []byte) error {
	c := qpLineDecoder{line: bytes.Clone(d.line)}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *qpLineDecoder) close() error {
	if len(d.line) > 0 {
		if err := d.endLine(); err != nil {
			return err
		}
	}
	return d.to.close()
}
