package archive

import (
	"errors"
	"fmt"
	"io"
)

var (
	errLZMA         = errors.New("impossible LZMA code")
	errLZMADistance = fmt.Errorf("%w: distance beyond the dictionary", errLZMA)
)

// lzmaProperties are the parameters of an LZMA stream.
type lzmaProperties struct{ lc, lp, pb uint }

// lzmaProps takes the properties apart: (pb*5 + lp)*9 + lc.
func lzmaProps(b byte) (p lzmaProperties, ok bool) {
	p.lc, b = uint(b%9), b/9
	p.lp, p.pb = uint(b%5), uint(b/5)
	return p, p.pb <= 4
}

// literalProbs is the number of probabilities for literals.
func (p lzmaProperties) literalProbs() int { return 0x300 << (p.lc + p.lp) }

// Sizes of the model.
const (
	lzmaStateCount   = 12
	lzmaLengthStates = 4
	lzmaInit         = 1 << 10 // a probability of one half
	lzmaEndMark      = 0xffffffff
)

// lzmaLengths codes the lengths of copies.
type lzmaLengths struct {
	choice [2]uint16
	low    [16][8]uint16
	mid    [16][8]uint16
	high   [256]uint16
}

// lzmaModel is what adapts.
type lzmaModel struct {
	match      [lzmaStateCount][16]uint16
	rep        [lzmaStateCount]uint16
	repG0      [lzmaStateCount]uint16
	repG1      [lzmaStateCount]uint16
	repG2      [lzmaStateCount]uint16
	rep0Long   [lzmaStateCount][16]uint16
	slots      [lzmaLengthStates][64]uint16
	special    [128]uint16
	align      [16]uint16
	length     lzmaLengths
	repLength  lzmaLengths
	literals   []uint16
	state      int
	reps       [4]uint32
	properties lzmaProperties
}

func (m *lzmaModel) reset() {
	literals, p := m.literals, m.properties
	*m = lzmaModel{literals: literals, properties: p}
	for _, list := range [][]uint16{m.rep[:], m.repG0[:], m.repG1[:], m.repG2[:], m.special[:], m.align[:], literals} {
		halve(list)
	}
	for i := range m.match {
		halve(m.match[i][:])
		halve(m.rep0Long[i][:])
	}
	for i := range m.slots {
		halve(m.slots[i][:])
	}
	m.length.reset()
	m.repLength.reset()
}

func (l *lzmaLengths) reset() {
	halve(l.choice[:])
	halve(l.high[:])
	for i := range l.low {
		halve(l.low[i][:])
		halve(l.mid[i][:])
	}
}

// halve sets probabilities to one half. The tables of literals can have megabytes.
func halve(list []uint16) {
	n := min(len(list), 64)
	for i := range n {
		list[i] = lzmaInit
	}
	for ; n < len(list); n *= 2 {
		copy(list[n:], list[:n])
	}
}

// lzmaRaw decodes an LZMA stream without a header. Its dictionary grows with
// what is decoded, up to the declared size.
type lzmaRaw struct {
	lzmaModel
	in        *byteInput
	code, rng uint32
	dict      []byte // grows to most, then is a ring
	at        int    // where the next byte goes
	most      int
	total     int64
	distance  uint32 // of the copy under way
	left      int    // its bytes not copied yet
	single    bool   // what is left is the byte below, and no copy
	byteOut   byte
	err       error
}

// newLZMARaw starts a stream with a dictionary of up to most bytes, for which
// dict may be reused.
func newLZMARaw(in *byteInput, p lzmaProperties, most int64, dict []byte, literals []uint16) (*lzmaRaw, error) {
	d := &lzmaRaw{in: in, most: int(max(most, 4096)), rng: 0xffffffff}
	d.dict = dict[:min(cap(dict), d.most)]
	d.properties, d.literals = p, literals
	d.reset()
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, noEOF(err)
	}
	for _, b := range head[1:] {
		d.code = d.code<<8 | uint32(b)
	}
	if head[0] != 0 || d.code == d.rng {
		return nil, errLZMA
	}
	return d, nil
}

func (d *lzmaRaw) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if d.left > 0 {
			n += d.copyTo(p[n:])
			continue
		}
		if d.err == nil {
			d.err = d.symbol()
		}
		if d.err != nil {
			break
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, d.err
}

// copyTo copies from the dictionary to itself and to p.
func (d *lzmaRaw) copyTo(p []byte) int {
	if d.single {
		d.single, d.left = false, 0
		p[0] = d.byteOut
		d.put(p[0])
		return 1
	}
	n := min(len(p), d.left)
	from := d.at - int(d.distance) - 1
	if from < 0 {
		from += len(d.dict)
	}
	for i := range n {
		c := d.dict[from]
		p[i] = c
		if from++; from == len(d.dict) {
			from = 0
		}
		grown := d.put(c)
		if grown {
			from = d.at - int(d.distance) - 1
		}
	}
	d.left -= n
	return n
}

// put adds a byte to the dictionary and says whether that grew.
func (d *lzmaRaw) put(c byte) (grown bool) {
	if d.at == len(d.dict) {
		if len(d.dict) < d.most {
			size := min(d.most, max(2*len(d.dict), 64<<10))
			d.dict = append(d.dict, make([]byte, size-len(d.dict))...)
			grown = true
		} else {
			d.at = 0
		}
	}
	d.dict[d.at] = c
	d.at++
	d.total++
	return grown
}

// back is the byte at a distance, 0 for the last one.
func (d *lzmaRaw) back(distance uint32) byte {
	at := d.at - int(distance) - 1
	if at < 0 {
		at += len(d.dict)
	}
	return d.dict[at]
}

// reaches says whether a distance lies in the dictionary.
func (d *lzmaRaw) reaches(distance uint32) bool {
	return int64(distance) < min(d.total, int64(d.most))
}

// bit decodes one bit under an adaptive probability.
func (d *lzmaRaw) bit(p *uint16) (uint32, error) {
	bound := d.rng >> 11 * uint32(*p)
	var b uint32
	if d.code < bound {
		d.rng = bound
		*p += (1<<11 - *p) >> 5
	} else {
		d.rng -= bound
		d.code -= bound
		*p -= *p >> 5
		b = 1
	}
	return b, d.normalize()
}

func (d *lzmaRaw) normalize() error {
	if d.rng >= 1<<24 {
		return nil
	}
	c, err := d.in.ReadByte()
	d.rng <<= 8
	d.code = d.code<<8 | uint32(c)
	return noEOF(err)
}

// direct decodes n bits of even probability.
func (d *lzmaRaw) direct(n uint) (v uint32, err error) {
	for range n {
		d.rng >>= 1
		v <<= 1
		if d.code >= d.rng {
			d.code -= d.rng
			v |= 1
		}
		if err := d.normalize(); err != nil {
			return 0, err
		}
	}
	return v, nil
}

// tree decodes n bits, the highest first, each under the ones before.
func (d *lzmaRaw) tree(probs []uint16, n uint) (uint32, error) {
	m := uint32(1)
	for range n {
		b, err := d.bit(&probs[m])
		if err != nil {
			return 0, err
		}
		m = m<<1 | b
	}
	return m - 1<<n, nil
}

// reverseTree decodes n bits, the lowest first.
func (d *lzmaRaw) reverseTree(probs []uint16, n uint) (v uint32, err error) {
	m := uint32(1)
	for i := range n {
		b, err := d.bit(&probs[m])
		if err != nil {
			return 0, err
		}
		m = m<<1 | b
		v |= b << i
	}
	return v, nil
}
