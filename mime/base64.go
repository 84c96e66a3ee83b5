package mime

// base64Decoder decodes base64 (RFC 2045 section 6.8) as the clients do that
// decode most: bytes outside the alphabet are skipped, and after padding it goes
// on with a new quantum. Where others get something else from the body, their
// readings branch off (base64doubt.go).
//
// QUIRK: RFC 2045 section 6.8 says to ignore other characters and that padding
// ends the data. Concatenated encodings and lines padded one by one exist in
// mail; Thunderbird and Apple Mail decode all of it, mutt stops.
type base64Decoder struct {
	e      *Entity
	to     sink
	url    bool   // "-" and "_" are in the alphabet (RFC 4648 section 5)
	bits   uint32 // of the quantum that is not complete
	n      int    // characters in bits, 0 to 3
	eq     int    // "=" that followed them and do not end the quantum yet
	padded bool   // a quantum ended in "="

	met  base64Doubts // each is met once
	also []sink       // other readings, from where they differ on; they take what this one takes

	line []byte // the beginning of a line, until its end or base64Line bytes are there
	mid  bool   // the next byte belongs to a line that began before
	mark base64Mark
}

// base64Mark is the state at the start of a line in the bytes at hand.
type base64Mark struct {
	at   int // index of the line, -1 if it began earlier
	n    int // bytes decoded before it
	bits uint32
	have int
	eq   int
	pads bool
}

// base64Line is how much of a line is looked at, in bytes, to tell whether it is
// text. RFC 2045 allows 76 and no line of mail has more than 998.
const base64Line = 1 << 10

// Classes of a byte in base64Class, beside values below 64.
const (
	b64Blank = 0x40 + iota
	b64Pad
	b64Junk
)

// base64Bad marks a byte outside the alphabet in the quad tables.
const base64Bad = 1 << 31

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

var base64Class, base64Quad = base64Tables()

// base64Tables builds the class of each byte and the value of each byte at each
// of the four places of a quantum.
func base64Tables() (class [256]byte, quad [4][256]uint32) {
	for i := range class {
		class[i] = b64Junk
		for k := range quad {
			quad[k][i] = base64Bad
		}
	}
	for i := range len(base64Alphabet) {
		class[base64Alphabet[i]] = byte(i)
		for k := range quad {
			quad[k][base64Alphabet[i]] = uint32(i) << (18 - 6*k)
		}
	}
	for _, c := range " \t\r\n\v\f" {
		class[c] = b64Blank
	}
	class['='] = b64Pad
	return class, quad
}

func (d *base64Decoder) write(p []byte) error {
	for len(p) > 0 {
		if len(d.line) > 0 {
			rest, whole := d.keep(p)
			if p = rest; !whole {
				return nil
			}
			line := d.line
			d.line = d.line[:0]
			if err := d.feed(line); err != nil {
				return err
			}
			continue
		}
		src := p[:min(len(p), chunk)] // decodes to no more than its own length
		if d.mid {
			if i := lineEnd(src); i >= 0 {
				src = src[:i+1]
			}
		} else if i := lastLineEnd(src); i >= 0 {
			src = src[:i+1]
		} else if len(src) < base64Line {
			d.line = append(d.line, p...)
			return nil
		}
		p = p[len(src):]
		if err := d.feed(src); err != nil {
			return err
		}
	}
	return nil
}

// keep adds to the line that began earlier and returns what is left of p; whole
// says that the line is to be decoded now.
func (d *base64Decoder) keep(p []byte) (rest []byte, whole bool) {
	n := min(len(p), base64Line-len(d.line))
	i := lineEnd(p[:n])
	if i >= 0 {
		n = i + 1
	}
	d.line = append(d.line, p[:n]...)
	return p[n:], i >= 0 || len(d.line) == base64Line
}

// lastLineEnd returns the index of the last CR or LF within base64Line bytes of
// p's end, or -1.
func lastLineEnd(p []byte) int {
	for i := len(p) - 1; i >= max(0, len(p)-base64Line); i-- {
		if p[i] == '\n' || p[i] == '\r' {
			return i
		}
	}
	return -1
}

// feed decodes whole lines, or a piece of one that is long.
func (d *base64Decoder) feed(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for len(p) > 0 {
		d.mark = base64Mark{at: 0, bits: d.bits, have: d.n, eq: d.eq, pads: d.padded}
		if d.mid {
			d.mark.at = -1
		}
		read, n, doubts := d.decode(buf, p)
		if err := d.pass(buf[:n], p[:read], doubts); err != nil {
			return err
		}
		if read > 0 {
			c := p[read-1]
			d.mid = c != '\n' && c != '\r'
		}
		p = p[read:]
	}
	return nil
}

// pass passes on what src was decoded to, and branches where it meets doubts.
func (d *base64Decoder) pass(out, src []byte, doubts base64Doubts) error {
	for _, s := range d.also {
		if err := s.write(src); err != nil {
			return err
		}
	}
	if doubts&base64Text != 0 {
		if err := d.give(out[:d.mark.n]); err != nil {
			return err
		}
		out = out[d.mark.n:]
		if err := d.branchLines(src[d.mark.at:]); err != nil {
			return err
		}
	}
	if err := d.give(out); err != nil {
		return err
	}
	return d.meet(doubts)
}

func (d *base64Decoder) give(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return d.to.write(p)
}

// decode decodes src into dst and returns the bytes read and written. It stops
// before a byte that raises doubts which were not met yet.
func (d *base64Decoder) decode(dst *[chunk]byte, src []byte) (read, n int, doubts base64Doubts) {
	for i := 0; i < len(src); {
		if d.n == 0 && d.eq == 0 && !d.padded {
			read, wrote := quads(dst[n:], src[i:])
			i += read
			n += wrote
			if i == len(src) {
				break
			}
			if i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' {
				i += 2
				d.mark = base64Mark{at: i, n: n}
				continue
			}
		}
		c := src[i]
		class := base64Class[c]
		if class == b64Blank && isLineEnd(c) {
			i++
			d.mark = base64Mark{at: i, n: n, bits: d.bits, have: d.n, eq: d.eq, pads: d.padded}
			continue
		}
		if class == b64Junk && d.url {
			class = urlClass(c)
		}
		if d.met != allBase64Doubts {
			if doubts = d.doubts(class, src, i); doubts != 0 {
				return i, n, doubts
			}
		}
		n += d.take(dst[n:], class)
		i++
	}
	return len(src), n, 0
}

// urlClass is the class of a byte outside the plain alphabet in the URL's one.
func urlClass(c byte) byte {
	switch c {
	case '-':
		return 62
	case '_':
		return 63
	}
	return b64Junk
}

// quads decodes whole quanta until a byte that is not in the alphabet.
func quads(dst, src []byte) (read, wrote int) {
	for len(src) >= 8 && len(dst) >= 8 {
		a := base64Quad[0][src[0]] | base64Quad[1][src[1]] | base64Quad[2][src[2]] | base64Quad[3][src[3]]
		b := base64Quad[0][src[4]] | base64Quad[1][src[5]] | base64Quad[2][src[6]] | base64Quad[3][src[7]]
		if (a|b)&base64Bad != 0 {
			break
		}
		v := uint64(a)<<40 | uint64(b)<<16
		dst[0], dst[1], dst[2], dst[3] = byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32)
		dst[4], dst[5] = byte(v>>24), byte(v>>16)
		src, dst = src[8:], dst[6:]
		read, wrote = read+8, wrote+6
	}
	for len(src) >= 4 && len(dst) >= 3 {
		a := base64Quad[0][src[0]] | base64Quad[1][src[1]] | base64Quad[2][src[2]] | base64Quad[3][src[3]]
		if a&base64Bad != 0 {
			break
		}
		dst[0], dst[1], dst[2] = byte(a>>16), byte(a>>8), byte(a)
		src, dst = src[4:], dst[3:]
		read, wrote = read+4, wrote+3
	}
	return read, wrote
}

// slow takes one byte and returns how many it put to dst, at most 3.
func (d *base64Decoder) slow(dst []byte, c byte) int { return d.take(dst, base64Class[c]) }

// take is slow for a byte of the class given.
func (d *base64Decoder) take(dst []byte, class byte) int {
	switch class {
	case b64Blank:
		return 0
	case b64Junk:
		d.e.note(AnomalyBase64Junk)
		return 0
	case b64Pad:
		d.eq++
		if d.n+d.eq < 4 {
			return 0
		}
		d.padded = true
		return d.flush(dst)
	}
	n := 0
	if d.eq > 0 {
		n = d.flush(dst)
	}
	d.padded = false
	d.bits = d.bits<<6 | uint32(class)
	if d.n++; d.n < 4 {
		return n
	}
	dst[n], dst[n+1], dst[n+2] = byte(d.bits>>16), byte(d.bits>>8), byte(d.bits)
	d.bits, d.n = 0, 0
	return n + 3
}

// flush ends a quantum that is not complete.
func (d *base64Decoder) flush(dst []byte) int {
	n := 0
	switch d.n {
	case 1:
		d.e.note(AnomalyBase64Truncated)
	case 2:
		dst[0] = byte(d.bits >> 4)
		n = 1
	case 3:
		dst[0], dst[1] = byte(d.bits>>10), byte(d.bits>>2)
		n = 2
	}
	d.bits, d.n, d.eq = 0, 0, 0
	return n
}

func (d *base64Decoder) snapshot(label string, tail []byte) error {
	for _, s := range d.also {
		if err := s.snapshot(label, tail); err != nil {
			return err
		}
	}
	c := base64Decoder{
		e: new(Entity), url: d.url, bits: d.bits, n: d.n, eq: d.eq, padded: d.padded,
		met: allBase64Doubts, mid: d.mid,
	}
	c.line = append(c.line, d.line...)
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *base64Decoder) close() error {
	if len(d.line) > 0 {
		if err := d.feed(d.line); err != nil {
			return err
		}
	}
	for _, s := range d.also {
		if err := s.close(); err != nil {
			return err
		}
	}
	if d.n > 0 {
		if err := d.meetEnd(); err != nil {
			return err
		}
	}
	var last [2]byte
	if n := d.flush(last[:]); n > 0 {
		if err := d.to.write(last[:n]); err != nil {
			return err
		}
	}
	return d.to.close()
}
