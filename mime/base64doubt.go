package mime

import "slices"

// base64Doubts are reasons for which clients get different bytes from a base64
// body.
type base64Doubts uint8

const (
	// base64Resumes: data follows padding. Thunderbird, Apple Mail and GMime go
	// on; mutt and Perl's MIME::Base64 stop.
	base64Resumes base64Doubts = 1 << iota
	// base64PadInside: padding stands where a quantum can't end. Thunderbird and
	// GMime give it a place in the quantum, where it counts for an A; mutt too,
	// but there it counts for -1; Python's email package skips it.
	base64PadInside
	// base64Outside: a byte outside the alphabet. Most clients skip it; Dovecot
	// and strict decoders end there.
	base64Outside
	// base64URL: a "-" or "_", which those skip that know RFC 2045 only; decoders
	// of the web (Node's, for one) read them as RFC 4648 section 5 has it.
	base64URL
	// base64Text: a line that holds more than base64, such as the footer of a
	// mailing list. UUDeview, and whoever cleans up by hand, leaves it out.
	base64Text

	allBase64Doubts = base64Resumes | base64PadInside | base64Outside | base64URL | base64Text
)

// doubts returns those that src[i], of the class given, raises for the first time.
func (d *base64Decoder) doubts(class byte, src []byte, i int) (all base64Doubts) {
	switch {
	case class < 64:
		if d.eq > 0 {
			all = base64Resumes | base64PadInside
		} else if d.padded {
			all = base64Resumes
		}
	case class == b64Pad:
		if d.n < 2 && d.n+d.eq == 3 {
			all = base64PadInside
		}
	case class == b64Junk:
		all = base64Outside
		if c := src[i]; c == '-' || c == '_' {
			all |= base64URL
		}
	case d.met&base64Text == 0 && d.mark.at >= 0 && i-d.mark.at < base64Line:
		all = base64Text // perhaps
	}
	if all &^= d.met; all == 0 {
		return 0
	}
	all &^= base64Text
	if d.met&base64Text == 0 && d.mark.at >= 0 && isBase64Text(firstLine(src[d.mark.at:])) {
		all |= base64Text
	}
	return all
}

// firstLine is the line at the start of p, or as much as is looked at.
func firstLine(p []byte) []byte {
	p = p[:min(len(p), base64Line)]
	if i := lineEnd(p); i >= 0 {
		return p[:i]
	}
	return p
}

// isBase64Text reports whether a line holds more than base64: a byte outside the
// alphabet, or blanks between characters.
func isBase64Text(line []byte) bool {
	data, gap := false, false
	for _, c := range line {
		switch class := base64Class[c]; {
		case class == b64Junk:
			return true
		case class == b64Blank:
			gap = data
		case gap:
			return true
		default:
			data = true
		}
	}
	return false
}

// meet branches the readings off that differ from the next byte on.
func (d *base64Decoder) meet(doubts base64Doubts) error {
	d.met |= doubts
	if doubts&base64PadInside != 0 {
		d.e.note(AnomalyBase64Resumed)
		tok := base64Places{n: d.n + d.eq}
		d.characters(tok.tok[:])
		for _, c := range []base64Client{padIsZero, padIsMinusOne} {
			p := tok
			p.client = c
			d.branchPlaces(&p)
		}
		d.branchPlaces(&base64Places{client: padIsSkipped, tok: tok.tok, n: d.n, pads: d.eq})
	}
	if doubts&base64Resumes != 0 {
		d.e.note(AnomalyBase64Resumed)
		var last [2]byte
		if err := d.give(last[:d.flush(last[:])]); err != nil {
			return err
		}
		if err := d.to.snapshot("base64=stop", nil); err != nil {
			return err
		}
	}
	if doubts&base64Outside != 0 {
		d.e.note(AnomalyBase64Junk)
		c := *d
		var last [2]byte
		c.e = new(Entity)
		if err := d.to.snapshot("base64=strict", last[:c.flush(last[:])]); err != nil {
			return err
		}
	}
	if doubts&base64URL != 0 {
		d.e.note(AnomalyBase64URL)
		if to := branchOff(d.e, d.to, "base64=url"); to != nil {
			d.also = append(d.also, &base64Decoder{
				e: new(Entity), to: to, url: true, bits: d.bits, n: d.n, eq: d.eq,
				met: allBase64Doubts, mid: d.mid,
			})
		}
	}
	return nil
}

// meetEnd gives the readings of a body that ends within a quantum.
//
// QUIRK: RFC 2045 section 6.8. Thunderbird saves the last characters as they
// stand, with "=" to make four; mutt drops them; most decode what there is.
func (d *base64Decoder) meetEnd() error {
	if d.met&base64PadInside == 0 {
		tail := [4]byte{'=', '=', '=', '='}
		d.characters(tail[:])
		d.e.note(AnomalyBase64Truncated)
		if err := d.to.snapshot("base64=raw-tail", tail[:]); err != nil {
			return err
		}
	}
	if d.n > 1 && d.met&base64Resumes == 0 {
		d.e.note(AnomalyBase64Truncated)
		return d.to.snapshot("base64=whole-quanta", nil)
	}
	return nil
}

// characters writes those of the quantum that is not complete.
func (d *base64Decoder) characters(to []byte) {
	for i := range d.n {
		to[i] = base64Alphabet[d.bits>>(6*(d.n-1-i))&63]
	}
	for i := d.n; i < d.n+d.eq; i++ {
		to[i] = '='
	}
}

func (d *base64Decoder) branchPlaces(p *base64Places) {
	if p.to = branchOff(d.e, d.to, p.client.String()); p.to != nil {
		d.also = append(d.also, p)
	}
}

// branchLines branches the reading off that leaves text lines out, from the start
// of the line that is src.
func (d *base64Decoder) branchLines(src []byte) error {
	d.e.note(AnomalyBase64Text)
	to := branchOff(d.e, d.to, "base64=lines")
	if to == nil {
		return nil
	}
	m := &d.mark
	l := &base64LineFilter{to: &base64Decoder{
		e: new(Entity), to: to, bits: m.bits, n: m.have, eq: m.eq, padded: m.pads, met: allBase64Doubts,
	}}
	d.also = append(d.also, l)
	return l.write(src)
}

// base64LineFilter passes on the lines of a base64 body that are not text.
type base64LineFilter struct {
	to   sink
	line []byte // the beginning of a line, at most base64Line bytes
	rest uint8  // what happens to the rest of a line
}

const (
	lineHeld = iota
	linePassed
	lineDropped
)

func (l *base64LineFilter) write(p []byte) error {
	for len(p) > 0 {
		i := lineEnd(p)
		n := i + 1
		if i < 0 {
			n = len(p)
		}
		if l.rest == lineHeld {
			n = min(n, base64Line-len(l.line))
			l.line = append(l.line, p[:n]...)
			if ended := isLineEnd(l.line[len(l.line)-1]); ended || len(l.line) == base64Line {
				if err := l.decide(); err != nil {
					return err
				}
			}
		} else {
			if l.rest == linePassed {
				if err := l.to.write(p[:n]); err != nil {
					return err
				}
			}
			if isLineEnd(p[n-1]) {
				l.rest = lineHeld
			}
		}
		p = p[n:]
	}
	return nil
}

func isLineEnd(c byte) bool { return c == '\n' || c == '\r' }

// decide passes the held line on unless it is text.
func (l *base64LineFilter) decide() error {
	line := l.line
	l.line = l.line[:0]
	ended := len(line) > 0 && isLineEnd(line[len(line)-1])
	text := isBase64Text(line)
	if !ended {
		l.rest = linePassed
		if text {
			l.rest = lineDropped
		}
	}
	if text {
		return nil
	}
	return l.to.write(line)
}

func (l *base64LineFilter) snapshot(label string, tail []byte) error {
	if isBase64Text(l.line) || l.rest == lineDropped {
		return l.to.snapshot(label, nil)
	}
	return l.to.snapshot(label, slices.Concat(l.line, tail))
}

func (l *base64LineFilter) close() error {
	if err := l.decide(); err != nil {
		return err
	}
	return l.to.close()
}
