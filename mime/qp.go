package mime

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
		if p = p[n:]; len(p) <= chunk && n < len(src) {
			d.held = append(d.held, p...)
			return nil
		}
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

// decode decodes p into d.to through buf and returns how much of p is done with:
// all of it, or all but what p cuts off, or all up to a doubt.
func (d *qpDecoder) decode(p []byte, buf *[chunk]byte, last bool) (i int, doubts qpDoubts, err error) {
	end, lf := len(p), len(p)
	if d.met&qpLines == 0 {
		end, lf, doubts = trailing(p, last)
	}
	n := 0
	plain := d.plain
	for i < end {
		if n > chunk/2 {
			if err := d.to.write(buf[:n]); err != nil {
				return i, 0, err
			}
			n = 0
		}
		if d.skipLF {
			d.skipLF = false
			if p[i] == '\n' {
				i++
				continue
			}
		}
		if p[i] == '=' {
			if len(p)-i >= 3 {
				if hi, lo := hexValue[p[i+1]], hexValue[p[i+2]]; hi|lo < 16 {
					c := hi<<4 | lo
					if c == '\r' && d.met&qpLines == 0 {
						if len(p)-i < 5 && !last {
							break
						}
						if startsLineEnd(p[i+3:]) {
							d.plain = plain
							return i, qpLines, d.give(buf[:n])
						}
					}
					buf[n] = c
					n, i = n+1, i+3
					plain = false
					continue
				}
			}
			d.lf = d.lf || lf < i
			e := d.escape(p[i:], last)
			if e.doubts &^= d.met; e.doubts != 0 {
				d.plain = plain
				return i, e.doubts, d.give(buf[:n])
			}
			if e.size == 0 {
				break
			}
			if plain = e.literal; plain {
				d.e.note(AnomalyBadQP)
				buf[n] = '='
				n++
			}
			d.skipLF = e.cr
			i += e.size
			continue
		}
		plain = true
		k := copyUntilEqual(buf[n:], p[i:end])
		n += k
		i += k
	}
	if i < end {
		doubts = 0
	}
	d.lf = d.lf || lf < i
	d.plain = plain
	return i, doubts, d.give(buf[:n])
}

// copyUntilEqual copies src to dst up to an "=", to the end of dst at most, and
// returns how much that is. In binary data escapes stand close together: there,
// eight bytes at a time are faster than a search.
func copyUntilEqual(dst, src []byte) (n int) {
	const ones, high, equal = 0x0101010101010101, 0x8080808080808080, '=' * 0x0101010101010101
	src = src[:min(len(src), len(dst))]
	for ; n < 16 && len(src)-n >= 8; n += 8 {
		v := binary.LittleEndian.Uint64(src[n:])
		binary.LittleEndian.PutUint64(dst[n:], v)
		v ^= equal
		if v = (v - ones) &^ v & high; v != 0 {
			return n + bits.TrailingZeros64(v)/8
		}
	}
	src = src[n:]
	if i := bytes.IndexByte(src, '='); i >= 0 {
		src = src[:i]
	}
	return n + copy(dst[n:], src)
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
