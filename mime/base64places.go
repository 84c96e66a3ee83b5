package mime

// base64Client says what a client takes "=" for where it can't end a quantum.
type base64Client uint8

const (
	// padIsZero: Thunderbird, GMime. It has a place in the quantum and counts for
	// an A; the quantum gives a byte less for each, but one at least.
	padIsZero base64Client = iota
	// padIsMinusOne: mutt. It has a place; in the last two it ends the data, in
	// the first two it counts for -1.
	padIsMinusOne
	// padIsSkipped: Python's email package. It is skipped unless it completes a
	// quantum, and then it ends the data.
	padIsSkipped
)

// String is the label of the client's reading.
func (c base64Client) String() string {
	return [...]string{"base64=pad-is-zero", "base64=pad-is-minus-one", "base64=pad-skipped"}[c]
}

// base64Places decodes base64 as one client does, four characters at a time.
type base64Places struct {
	client base64Client
	to     sink
	tok    [4]byte // characters of the quantum, "=" too where it has a place
	n      int
	pads   int  // "=" since the last character, where they have none
	done   bool // the client reads no further
}

func (d *base64Places) write(p []byte) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	n := 0
	for _, c := range p {
		class := base64Class[c]
		if d.done || class == b64Blank || class == b64Junk {
			continue
		}
		if n > chunk-4 {
			if err := d.to.write(buf[:n]); err != nil {
				return err
			}
			n = 0
		}
		n += d.take(buf[n:], c)
	}
	if n == 0 {
		return nil
	}
	return d.to.write(buf[:n])
}

// take takes a character and returns how many bytes it put to dst.
func (d *base64Places) take(dst []byte, c byte) int {
	if d.client == padIsSkipped {
		if c == '=' {
			if d.n < 2 {
				return 0
			}
			if d.pads++; d.n+d.pads < 4 {
				return 0
			}
			d.done = true
			return d.rest(dst)
		}
		d.pads = 0
	}
	d.tok[d.n] = c
	if d.n++; d.n < 4 {
		return 0
	}
	d.n = 0
	if d.client == padIsMinusOne {
		return d.signed(dst)
	}
	var v uint32
	eq := 0
	for _, c := range d.tok {
		v <<= 6
		if c == '=' {
			eq++
		} else {
			v |= uint32(base64Class[c])
		}
	}
	dst[0], dst[1], dst[2] = byte(v>>16), byte(v>>8), byte(v)
	return max(1, 3-eq)
}

// signed decodes a quantum in which "=" counts for -1.
func (d *base64Places) signed(dst []byte) int {
	var v [4]int8
	for i, c := range d.tok {
		if v[i] = int8(base64Class[c]); c == '=' {
			v[i] = -1
		}
	}
	dst[0] = byte(v[0]<<2 | v[1]>>4)
	if d.done = d.tok[2] == '='; d.done {
		return 1
	}
	dst[1] = byte(v[1]&15<<4 | v[2]>>2)
	if d.done = d.tok[3] == '='; d.done {
		return 2
	}
	dst[2] = byte(v[2]&3<<6 | v[3])
	return 3
}

// rest decodes the characters of a quantum that is not complete.
func (d *base64Places) rest(dst []byte) int {
	var v uint32
	for _, c := range d.tok[:d.n] {
		v = v<<6 | uint32(base64Class[c])
	}
	v <<= 6 * (4 - d.n)
	dst[0], dst[1] = byte(v>>16), byte(v>>8)
	n := max(0, d.n-1)
	d.n = 0
	return n
}

func (d *base64Places) snapshot(label string, tail []byte) error {
	c := *d
	return snapshotOf(&c, &c.to, d.to, label, tail)
}

func (d *base64Places) close() error {
	var last [4]byte
	n := 0
	switch {
	case d.n == 0:
	case d.client == padIsSkipped:
		n = d.rest(last[:])
	case d.client == padIsZero && d.tok[0] != '=':
		n = copy(last[:], d.tok[:d.n])
		for ; n < 4; n++ {
			last[n] = '='
		}
	}
	if n > 0 {
		if err := d.to.write(last[:n]); err != nil {
			return err
		}
	}
	return d.to.close()
}
