package mime

import "bytes"

// qpDecoder decodes quoted-printable. What is no valid escape stays as it is.
//
// QUIRK: RFC 2045 section 6.7. Lower case digits, blanks and a lone CR or LF after
// the "=" of a soft break are tolerated, as Thunderbird does; blanks at the end of
// a line are kept, as it does, since a client saves them.
type qpDecoder struct {
	e      *Entity
	to     sink
	held   []byte // an "=" and what follows it, not decided yet
	skipLF bool   // a soft break ended in CR; an LF belongs to it
}

// qpBlanks is how many blanks are looked through after an "=" for the line end
// of a soft break, in bytes. RFC 2045 allows lines of 76.
const qpBlanks = 78

func (d *qpDecoder) write(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for len(d.held) > 0 && len(p) > 0 {
		had := len(d.held)
		d.held = append(d.held, p[:min(len(p), qpBlanks+2)]...)
		n, err := d.decode(d.held, buf, false)
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
	if len(p) == 0 {
		return nil
	}
	n, err := d.decode(p, buf, false)
	if err != nil {
		return err
	}
	d.held = append(d.held[:0], p[n:]...)
	return nil
}

// decode decodes p into d.to through buf and returns how much of p is done with:
// all of it, or all but an escape that p cuts off.
func (d *qpDecoder) decode(p []byte, buf *[chunk]byte, last bool) (int, error) {
	n := 0
	i := 0
	for i < len(p) {
		if n > chunk/2 {
			if err := d.to.write(buf[:n]); err != nil {
				return i, err
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
					buf[n] = hi<<4 | lo
					n, i = n+1, i+3
					continue
				}
			}
			c, size, ok := d.escape(p[i:], last)
			if size == 0 {
				break
			}
			if ok {
				buf[n] = c
				n++
			}
			i += size
			continue
		}
		if i+1 < len(p) && p[i+1] == '=' { // escapes stand close together in binary data
			buf[n] = p[i]
			n, i = n+1, i+1
			continue
		}
		run := p[i:]
		if len(run) > chunk-n {
			run = run[:chunk-n]
		}
		if eq := bytes.IndexByte(run, '='); eq >= 0 {
			run = run[:eq]
		}
		n += copy(buf[n:], run)
		i += len(run)
	}
	if n > 0 {
		return i, d.to.write(buf[:n])
	}
	return i, nil
}

// escape reads what starts with the "=" in p[0] and is no escaped byte: the byte
// that it stands for if ok, and its size in p; size 0 asks for more of the body.
func (d *qpDecoder) escape(p []byte, last bool) (c byte, size int, ok bool) {
	if len(p) < 3 && !last && (len(p) == 1 || hexValue[p[1]] < 16) {
		return 0, 0, false
	}
	j := 1
	for j < len(p) && j <= qpBlanks && (p[j] == ' ' || p[j] == '\t') {
		j++
	}
	switch {
	case j == len(p):
		if !last && j <= qpBlanks {
			return 0, 0, false
		}
		if last {
			return 0, j, false // the body ends in a soft break
		}
	case p[j] == '\n':
		return 0, j + 1, false
	case p[j] == '\r':
		d.skipLF = true
		return 0, j + 1, false
	}
	d.e.note(AnomalyBadQP)
	return '=', 1, true
}

func (d *qpDecoder) snapshot(label string, tail []byte) error {
	c := qpDecoder{e: new(Entity), held: bytes.Clone(d.held), skipLF: d.skipLF}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *qpDecoder) close() error {
	if len(d.held) > 0 {
		buf := chunks.Get().(*[chunk]byte)
		_, err := d.decode(d.held, buf, true)
		chunks.Put(buf)
		if err != nil {
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
