package unace

import "math/bits"

// Bounds of a picture.
const (
	maxRow    = 1 << 20 // bytes
	contexts  = 365
	maxGolomb = 24 // bits of a remainder
)

// context is what was learned from pixels in one kind of surroundings.
type context struct {
	used      int
	predictor int
	average   int
	misses    [4]int // of each predictor
}

// picture is the state of modePicture.
type picture struct {
	width, planes int
	models        [2][contexts]context // of the first plane, and of all others
	above, row    []byte               // planes bytes longer than the row
	rest          []byte               // of the row, not yet handed out
}

// Kinds of plane: as it is, or as a difference to the plane before.
const (
	planeOwn = iota
	planeDiffer
	planePart // to eleven sixteenths of it
)

// pixels are those around the one that is being decoded:
//
//	c a d
//	b x
type pixels struct{ a, b, c, d, x int }

func (r *Reader) startPicture() {
	width, ok := r.golomb(12)
	planes, ok2 := r.golomb(2)
	if !ok || !ok2 {
		r.fail()
		return
	}
	n := width + planes
	if r.d.work -= int64(n) + codeWork; n > maxRow || r.d.work < 0 {
		r.err = ErrWork
		return
	}
	if r.d.picture == nil {
		r.d.picture = new(picture)
	}
	p := r.d.picture
	*p = picture{width: width, planes: planes}
	for i := range r.d.rows {
		if cap(r.d.rows[i]) < n {
			r.d.rows[i] = make([]byte, n)
		}
	}
	p.above, p.row = r.d.rows[0][:n], r.d.rows[1][:n]
	clear(p.above)
	for m := range p.models {
		for i := range p.models[m] {
			p.models[m][i].average = 4
		}
	}
}

// golomb reads a number of which some bits are a remainder, and the rest is unary.
func (r *Reader) golomb(remainder uint) (int, bool) {
	if remainder > maxGolomb {
		return 0, false
	}
	v := int(r.in.Take(remainder))
	for r.in.Take(1) == 1 && !r.in.Short() {
		v += 1 << remainder
	}
	return v, !r.in.Short()
}

// readPicture appends up to want bytes of rows.
func (r *Reader) readPicture(out []byte, want int) []byte {
	p := r.d.picture
	for end := len(out) + want; len(out) < end; {
		if len(p.rest) == 0 {
			if r.in.Take(1) == 0 {
				if r.in.Short() || !r.readMode() {
					r.fail()
				}
				return out
			}
			if r.in.Short() || !r.readRow() {
				r.fail()
				return out
			}
		}
		n := min(len(p.rest), end-len(out))
		out = append(out, p.rest[:n]...)
		r.d.Put(p.rest[:n])
		p.rest = p.rest[n:]
	}
	return out
}

// readRow decodes a row, plane by plane.
func (r *Reader) readRow() bool {
	p := r.d.picture
	clear(p.row)
	for plane := range p.planes {
		kind, model := planeOwn, &p.models[0]
		x := pixels{}
		if plane > 0 {
			kind, model = int(r.in.Take(2)), &p.models[1]
			if kind > planePart || r.in.Short() {
				return false
			}
			if kind != planeOwn {
				x = pixels{a: 128, b: 128, c: 128, x: 128}
			}
		}
		x.d = neighbour(kind, p.above, plane)
		for col := plane; col < p.width; col += p.planes {
			x.c, x.a, x.b = x.a, x.d, x.x
			x.d = neighbour(kind, p.above, col+p.planes)
			if !r.pixel(&x, &model[x.context()]) {
				return false
			}
			p.row[col] = byte(x.x + reference(kind, p.row, col))
		}
	}
	p.rest = p.row[:p.width]
	p.above, p.row = p.row, p.above
	return true
}

// neighbour is a pixel of the row above, as the plane has it.
func neighbour(kind int, above []byte, at int) int {
	return int(byte(int(above[at]) - reference(kind, above, at)))
}

// reference is what is subtracted from the pixel at an offset. Before a row lies a
// zero, as behind it.
func reference(kind int, row []byte, at int) int {
	before := 0
	if at > 0 {
		before = int(row[at-1])
	}
	switch kind {
	case planeDiffer:
		return before - 128
	case planePart:
		return before*11>>4 - 128
	}
	return 0
}

// context numbers the surroundings.
func (x *pixels) context() int {
	return abs(81*slope(x.d-x.a) + 9*slope(x.a-x.c) + slope(x.c-x.b))
}

// slope is one of nine kinds of difference.
func slope(d int) int {
	s := 0
	for _, from := range [...]int{1, 3, 7, 21} {
		if abs(d) >= from {
			s++
		}
	}
	if d < 0 {
		return -s
	}
	return s
}

// predict is what one of four predictors says.
func (x *pixels) predict(predictor int) int {
	switch predictor {
	case 0:
		return x.a
	case 1:
		return x.b
	case 2:
		return (x.a + x.b) >> 1
	}
	return (x.a + x.b - x.c) & 0xff
}

// pixel decodes a pixel, and learns from it.
func (r *Reader) pixel(x *pixels, c *context) bool {
	c.used++
	v, ok := r.golomb(uint(bits.Len(uint(c.average / c.used))))
	if !ok {
		return false
	}
	miss := v >> 1
	if v&1 != 0 {
		miss = -miss - 1
	}
	x.x = (x.predict(c.predictor) + miss) & 0xff
	c.average += abs(miss)
	if c.used == 128 {
		c.used >>= 1
		c.average >>= 1
	}
	halve := false
	for i := range c.misses {
		c.misses[i] += missWidth(x.x - x.predict(i))
		if i == 0 || c.misses[i] < c.misses[c.predictor] {
			c.predictor = i
		}
		halve = halve || c.misses[i] > 0x7f
	}
	if halve {
		for i := range c.misses {
			c.misses[i] >>= 1
		}
	}
	return true
}

// missWidth is the length of a difference of bytes with its sign at its end.
func missWidth(d int) int {
	if s := int(int8(d)); s >= 0 {
		return bits.Len(uint(2 * s))
	} else {
		return bits.Len(uint(-2*s - 1))
	}
}
