package mime

// base64Decoder decodes base64 as the clients do that decode most: bytes outside
// the alphabet are skipped, and after padding it goes on with a new quantum.
//
// QUIRK: RFC 2045 section 6.8 says to ignore other characters and that padding
// ends the data. Concatenated encodings and lines padded one by one exist in
// mail; Thunderbird and Apple Mail decode all of it, mutt stops.
type base64Decoder struct {
	e      *Entity
	to     sink
	bits   uint32 // of the quantum that is not complete
	n      int    // characters in bits, 0 to 3
	padded bool   // an "=" ended a quantum
	forked bool   // the reading that stops at the padding was given
}

// Classes of a byte in base64Class, beside values below 64.
const (
	b64Blank = 0x40 + iota
	b64Pad
	b64Junk
)

// base64Bad marks a byte outside the alphabet in the quad tables.
const base64Bad = 1 << 31

var base64Class, base64Quad = base64Tables()

// base64Tables builds the class of each byte and the value of each byte at each
// of the four places of a quantum.
func base64Tables() (class [256]byte, quad [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range class {
		class[i] = b64Junk
		for k := range quad {
			quad[k][i] = base64Bad
		}
	}
	for i := range len(alphabet) {
		class[alphabet[i]] = byte(i)
		for k := range quad {
			quad[k][alphabet[i]] = uint32(i) << (18 - 6*k)
		}
	}
	for _, c := range " \t\r\n\v\f" {
		class[c] = b64Blank
	}
	class['='] = b64Pad
	return class, quad
}

func (d *base64Decoder) write(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for len(p) > 0 {
		src := p[:min(len(p), chunk)] // decodes to no more than its own length
		read, n := d.decode(buf, src)
		p = p[read:]
		if n > 0 {
			if err := d.to.write(buf[:n]); err != nil {
				return err
			}
		}
		if read < len(src) { // data after padding: a client that stops there has all of it
			d.forked = true
			d.e.note(AnomalyBase64Resumed)
			if err := d.to.snapshot("base64=stop", nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// decode decodes src into dst and returns the bytes read and written. It stops
// early at the first data after padding.
func (d *base64Decoder) decode(dst *[chunk]byte, src []byte) (read, n int) {
	for i := 0; i < len(src); {
		if d.n == 0 && !d.padded {
			read, wrote := quads(dst[n:], src[i:])
			i += read
			n += wrote
			if i == len(src) {
				break
			}
		}
		if d.padded && !d.forked && base64Class[src[i]] < 64 {
			return i, n
		}
		n += d.slow(dst[n:], src[i])
		i++
	}
	return len(src), n
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

// slow takes one byte and returns how many it put to dst.
func (d *base64Decoder) slow(dst []byte, c byte) int {
	switch v := base64Class[c]; v {
	case b64Blank:
		return 0
	case b64Junk:
		d.e.note(AnomalyBase64Junk)
		return 0
	case b64Pad:
		d.padded = true
		return d.flush(dst)
	default:
		if d.padded {
			d.padded = false
		}
		d.bits = d.bits<<6 | uint32(v)
		if d.n++; d.n < 4 {
			return 0
		}
		dst[0], dst[1], dst[2] = byte(d.bits>>16), byte(d.bits>>8), byte(d.bits)
		d.bits, d.n = 0, 0
		return 3
	}
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
	d.bits, d.n = 0, 0
	return n
}

func (d *base64Decoder) snapshot(label string, tail []byte) error {
	c := base64Decoder{e: new(Entity), bits: d.bits, n: d.n, padded: d.padded, forked: true}
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *base64Decoder) close() error {
	if d.n > 0 {
		d.e.note(AnomalyBase64Truncated)
	}
	var last [2]byte
	if n := d.flush(last[:]); n > 0 {
		if err := d.to.write(last[:n]); err != nil {
			return err
		}
	}
	return d.to.close()
}
