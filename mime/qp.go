package mime

import (
	"bytes"
	"slices"
)

// qpDecoder decodes quoted-printable (RFC 2045 section 6.7). What is no valid
// escape stays as it is. Where clients get something else from the body, their
// readings branch off (qpdoubt.go).
//
// QUIRK: RFC 2045 section 6.7. Lower case digits, blanks and a lone CR or LF after
// the "=" of a soft break are tolerated; blanks at the end of a line are kept.
// Thunderbird does the same but for the blanks after "=", mutt but for the others.
type qpDecoder struct {
	e      *Entity
	to     sink
	double bool     // "==" stands for "="
	met    qpDoubts // each is met once
	also   []sink   // other readings, from where they differ on; they take what this one takes

	held   []byte // what is not decided yet: an "=" and what follows it, blanks that may end a line
	skipLF bool   // a soft break ended in CR; an LF belongs to it
	plain  bool   // the last byte stood for itself
	lf     bool   // an LF was met
}

// qpBlanks is how many blanks are looked through after an "=" for the line end
// of a soft break, in bytes. RFC 2045 allows lines of 76.
const qpBlanks = 78

func (d *qpDecoder) write(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for len(d.held) > 0 && len(p) > 0 {
		had := len(d.held)
		d.held = append(d.held, p[:min(len(p), qpTrim+2)]...)
		n, err := d.advance(d.held, buf, false)
		if err != nil {
			return err
		}
		if n < had {
			p = p[len(d.held)-had:]
			d.held = append(d.held[:0], d.held[n:]...)
			continue
		}
		p = p[n-had:]
		d.held = d.held[:0]
	}
	for len(p) > 0 {
		src := p[:min(len(p), chunk)]
		n, err := d.advance(src, buf, false)
		if err != nil {
			return err
		}
		if len(src) == len(p) {
			d.held = append(d.held, p[n:]...)
			return nil
		}
		p = p[n:] // what src cuts off is far shorter than src
	}
	return nil
}

// advance decodes p, through all doubts, and returns how much of it is done with.
func (d *qpDecoder) advance(p []byte, buf *[chunk]byte, last bool) (done int, err error) {
	for {
		n, doubts, err := d.decode(p[done:], buf, last)
		if err != nil {
			return done, err
		}
		for _, s := range d.also {
			if err := s.write(p[done : done+n]); err != nil {
				return done, err
			}
		}
		done += n
		if doubts == 0 {
			return done, nil
		}
		d.meet(doubts)
	}
}

// decode decodes p, of chunk bytes at most, into d.to through buf and returns how
// much of p is done with: all of it, or all but what p cuts off, or all up to a
// doubt.
func (d *qpDecoder) decode(p []byte, buf *[chunk]byte, last bool) (i int, doubts qpDoubts, err error) {
	if d.skipLF && len(p) > 0 {
		if d.skipLF = false; p[0] == '\n' {
			i = 1
		}
	}
	end, lf := len(p), len(p)
	if d.met&qpLines == 0 {
		end, lf, doubts = trailing(p, last)
	}
	n := 0        // no more than i: what is decoded does not grow
	escaped := -1 // where the last escape ended
	for i < end {
		if p[i] != '=' {
			run := p[i:end]
			if eq := bytes.IndexByte(run, '='); eq >= 0 {
				run = run[:eq]
			}
			n += copy(buf[n:], run)
			i += len(run)
			continue
		}
		read, wrote := d.escapes(buf[n:], p[i:end], last)
		if i, n = i+read, n+wrote; read > 0 {
			escaped = i
			continue
		}
		d.lf = d.lf || lf < i
		e := d.escape(p[i:], last)
		if e.doubts &^= d.met; e.doubts != 0 {
			doubts, end = e.doubts, i
			break
		}
		if e.size == 0 {
			break
		}
		i += e.size
		if e.literal {
			d.e.note(AnomalyBadQP)
			buf[n] = '='
			n++
			continue
		}
		if e.cr && i == len(p) {
			d.skipLF = true
		} else if e.cr && p[i] == '\n' {
			i++
		}
		escaped = i
	}
	if i < end {
		doubts = 0
	}
	d.lf = d.lf || lf < i
	if i > 0 {
		d.plain = i != escaped
	}
	return i, doubts, d.give(buf[:n])
}

// escapes decodes escaped bytes, and single bytes between them, and returns how
// many it read and wrote. It stops at one that is none, or raises a doubt.
func (d *qpDecoder) escapes(dst, p []byte, last bool) (read, wrote int) {
	i, n := 0, 0
	for len(p)-i >= 3 && p[i] == '=' {
		hi, lo := hexValue[p[i+1]], hexValue[p[i+2]]
		if hi|lo > 15 {
			break
		}
		c := hi<<4 | lo
		if c == '\r' && d.met&qpLines == 0 && (len(p)-i < 5 && !last || startsLineEnd(p[i+3:])) {
			break
		}
		dst[n] = c
		i, n = i+3, n+1
		read, wrote = i, n
		if i+1 < len(p) && p[i] != '=' && p[i+1] == '=' { // binary data
			dst[n] = p[i]
			i, n = i+1, n+1
		}
	}
	return read, wrote
}

// startsLineEnd reports whether p starts with an LF or a CRLF.
func startsLineEnd(p []byte) bool {
	return len(p) > 0 && (p[0] == '\n' || p[0] == '\r' && len(p) > 1 && p[1] == '\n')
}

func (d *qpDecoder) give(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return d.to.write(p)
}

// qpEscape is what starts with an "=" and is no escaped byte.
type qpEscape struct {
	size    int  // in bytes; 0 asks for more of the body
	literal bool // it is an "=" that stands for itself
	cr      bool // it is a soft break that ends in CR
	doubts  qpDoubts
}

// escape reads what starts with the "=" in p[0].
func (d *qpDecoder) escape(p []byte, last bool) (e qpEscape) {
	if len(p) < 3 && !last && (len(p) == 1 || !isLineEnd(p[1])) {
		return qpEscape{}
	}
	if len(p) > 2 && hexValue[p[1]]|hexValue[p[2]] < 16 { // "=0D", or else escapes would have taken it
		if startsLineEnd(p[3:]) {
			return qpEscape{size: 3, doubts: qpLines}
		}
		return qpEscape{}
	}
	j := 1
	for j < len(p) && j <= qpBlanks && (p[j] == ' ' || p[j] == '\t') {
		j++
	}
	switch {
	case j == len(p):
		if last {
			return qpEscape{size: j} // the body ends in a soft break
		}
		if j <= qpBlanks {
			return qpEscape{}
		}
	case p[j] == '\n' || p[j] == '\r':
		e = qpEscape{size: j + 1, cr: p[j] == '\r'}
		if j > 1 {
			e.doubts = qpTokens
		}
		if !e.cr || d.met&qpLines != 0 {
			return e
		}
		if j+1 == len(p) && !last {
			return qpEscape{}
		}
		// In a body without LF the CR is the line end of all clients.
		if d.lf && (j+1 == len(p) || p[j+1] != '\n') {
			e.doubts |= qpLines
		}
		return e
	}
	e = qpEscape{size: 1, literal: true}
	if p[1] == '=' {
		e.doubts = qpTokens | qpDoubled
		if d.double {
			e.size = 2
		}
	} else if len(p) > 2 && p[2] == '=' {
		e.doubts = qpTokens
	}
	return e
}

func (d *qpDecoder) snapshot(label string, tail []byte) error {
	for _, s := range d.also {
		if err := s.snapshot(label, slices.Concat(d.held, tail)); err != nil {
			return err
		}
	}
	c := qpDecoder{e: new(Entity), double: d.double, met: allQPDoubts, held: bytes.Clone(d.held), skipLF: d.skipLF}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *qpDecoder) close() error {
	if len(d.held) > 0 {
		buf := chunks.Get().(*[chunk]byte)
		defer chunks.Put(buf)
		if err := d.meetEnd(); err != nil {
			return err
		}
		if _, err := d.advance(d.held, buf, true); err != nil {
			return err
		}
	}
	for _, s := range d.also {
		if err := s.close(); err != nil {
			return err
		}
	}
	return d.to.close()
}

var hexValue = hexTable()

// hexTable gives each byte its value as a hexadecimal digit; 255 is none.
func hexTable() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range "0123456789ABCDEF" {
		t[c] = byte(i)
	}
	for i, c := range "abcdef" {
		t[c] = byte(10 + i)
	}
	return t
}
