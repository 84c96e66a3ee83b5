// Package lha decodes the methods of LHA and ARJ: a sliding dictionary with
// static, dynamic or no Huffman codes.
//
// The sources are H. Okumura's ar002, the LZHUF of H. Okumura and H. Yoshizaki, and
// the notes of the LHa for UNIX, Lhasa and ARJ projects on their formats.
//
// # Security
//
// All input is hostile. A dictionary is at most 1 MiB and its size comes from the
// method's name. These streams have no end of their own: a reader ends at the size
// that it is given, or fails where the input ends, with all bytes up to there
// yielded. A reader is for one goroutine.
package lha

import (
	"bufio"
	"errors"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// ErrCorrupt is any fault of the data but its early end.
var ErrCorrupt = errors.New("corrupt LHA stream")

// Method is how a stream is packed.
type Method int

// The methods. The numbers of LHA are those of its names.
const (
	LH1     Method = iota + 1 // dynamic codes, 4 KiB
	LH2                       // 8 KiB, positions too
	LH3                       // static codes, of another kind, 8 KiB
	LH4                       // static codes, 4 KiB
	LH5                       // 8 KiB
	LH6                       // 32 KiB
	LH7                       // 64 KiB
	LHX                       // 1 MiB
	LK7                       // LHARK's, which it calls LH7, 64 KiB
	PM1                       // PMarc's, 16 KiB
	PM2                       // 8 KiB
	LZS                       // no codes, 2 KiB
	LZ5                       // no codes, 4 KiB
	ARJ                       // ARJ's methods 1 to 3
	ARJFast                   // ARJ's method 4
)

// shape is what differs between methods.
type shape struct {
	window    int // logarithm
	positions int // symbols of the position code
	posBits   int // bits of their number
}

var shapes = map[Method]shape{
	LH1: {window: 12}, LH2: {window: 13}, LH3: {window: 13}, PM1: {window: 14}, PM2: {window: 13}, LZS: {window: 11}, LZ5: {window: 12}, ARJFast: {window: 15},
	LH4: {12, 14, 4}, LH5: {13, 14, 4}, LH6: {15, 16, 5}, LH7: {16, 17, 5}, LHX: {20, 21, 5}, LK7: {16, 63, 6}, ARJ: {15, 17, 5},
}

// step decodes one literal or one match. It returns the literal's value, or 256
// and more for a match of length n at a distance.
type step func() (literal byte, n int, distance int, ok bool)

// Reader decodes one stream.
type Reader struct {
	in   huffman.Bits
	step step
	left int64
	err  error // sticky

	win      []byte
	w        int
	seen     int64      // bytes that were put
	each     func(byte) // is called for each of them, if there is one
	slack    int        // bits that may be taken behind the end: zeros
	n        int        // bytes of a match to come
	distance int
}

// Window is the size of a method's dictionary in bytes.
func Window(m Method) int64 { return 1 << shapes[m].window }

// NewReader returns a reader of size bytes that are packed with the method.
func NewReader(m Method, r io.Reader, size int64) *Reader {
	s := shapes[m]
	z := &Reader{left: size, win: make([]byte, 1<<s.window)}
	z.in.R = bufio.NewReaderSize(r, 4<<10)
	for i := range z.win {
		z.win[i] = ' '
	}
	switch m {
	case LH1:
		z.step = newLH1(&z.in).step
	case LH2:
		z.step = newLH2(z).step
	case LH3:
		z.step = (&lh3{in: &z.in}).step
	case PM1:
		p := &pm1{z: z, recent: newRecency()}
		z.step, z.each, z.slack = p.step, p.recent.put, pm1Slack
	case PM2:
		p := &pm2{z: z, recent: newRecency()}
		z.step, z.each = p.step, p.put
	case LZS:
		z.w = len(z.win) - 17
		z.step = z.stepLZS
	case LZ5:
		z.fillLZ5()
		z.step = (&lz5{z: z}).step
	case ARJFast:
		z.step = z.stepFast
	default:
		z.step = (&static{in: &z.in, shape: s, lhark: m == LK7}).step
	}
	return z
}

func (z *Reader) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), z.left)]
	n := 0
	for n < len(p) && z.err == nil {
		if z.n > 0 {
			p[n] = z.put(z.win[(z.w-z.distance)&(len(z.win)-1)])
			z.n--
			n++
			continue
		}
		b, length, distance, ok := z.step()
		switch {
		case !ok || z.in.Over() > z.slack:
			z.err = z.in.Fault(ErrCorrupt)
		case length > 0:
			z.n, z.distance = length, distance
		default:
			p[n] = z.put(b)
			n++
		}
	}
	z.left -= int64(n)
	switch {
	case n > 0:
		return n, nil
	case z.left == 0:
		return 0, io.EOF
	}
	return 0, z.err
}

func (z *Reader) put(b byte) byte {
	z.win[z.w] = b
	z.w = (z.w + 1) & (len(z.win) - 1)
	z.seen++
	if z.each != nil {
		z.each(b)
	}
	return b
}

// stepLZS: a bit, then eight bits of a literal, or eleven of a place in the
// dictionary and four of a length.
func (z *Reader) stepLZS() (byte, int, int, bool) {
	if z.in.Take(1) == 1 {
		return byte(z.in.Take(8)), 0, 0, true
	}
	place := int(z.in.Take(11))
	n := int(z.in.Take(4)) + 2
	return 0, n, z.distanceTo(place), true
}

// distanceTo is how far back a place in the dictionary is, the present one a
// whole round.
func (z *Reader) distanceTo(place int) int {
	if d := (z.w - place) & (len(z.win) - 1); d != 0 {
		return d
	}
	return len(z.win)
}

// lz5 keeps the flags of the next literals and matches.
type lz5 struct {
	z     *Reader
	flags uint32
	n     int
}

func (l *lz5) step() (byte, int, int, bool) {
	in := &l.z.in
	if l.n == 0 {
		l.flags, l.n = in.Take(8), 8
	}
	literal := l.flags&1 == 1
	l.flags >>= 1
	l.n--
	a := in.Take(8)
	if literal {
		return byte(a), 0, 0, true
	}
	b := in.Take(8)
	return 0, int(b&15) + 3, l.z.distanceTo(int(a | b&0xf0<<4)), true
}

// fillLZ5 is LArc's first dictionary: runs of each value, all values up and down,
// zeros and blanks.
func (z *Reader) fillLZ5() {
	b := z.win[:0]
	for v := range 256 {
		for range 13 {
			b = append(b, byte(v))
		}
	}
	for v := range 256 {
		b = append(b, byte(v))
	}
	for v := range 256 {
		b = append(b, byte(255-v))
	}
	for range 128 {
		b = append(b, 0)
	}
	z.w = len(z.win) - 18
}

// stepFast is ARJ's method 4: lengths and distances in a unary prefix and as many
// bits as it says.
func (z *Reader) stepFast() (byte, int, int, bool) {
	n := z.unary(0, 7)
	if n == 0 {
		return byte(z.in.Take(8)), 0, 0, true
	}
	return 0, n + 2, z.unary(9, 13) + 1, true
}

func (z *Reader) unary(from, to uint) int {
	v, width := 0, from
	for ; width < to && z.in.Take(1) == 1; width++ {
		v += 1 << width
	}
	return v + int(z.in.Take(width))
}
