package inno

// rangeCoder is LZMA's, for literals alone (LZMA specification).
type rangeCoder struct {
	out   []byte
	low   uint64
	width uint32
	cache byte
	held  int
	probs [literal + 8*0x300]uint16 // less 1024, which each begins with
}

func (r *rangeCoder) bit(p int, bit int) {
	v := r.probs[p] + 1024
	bound := r.width >> 11 * uint32(v)
	if bit == 0 {
		r.width = bound
		v += (2048 - v) >> 5
	} else {
		r.low += uint64(bound)
		r.width -= bound
		v -= v >> 5
	}
	r.probs[p] = v - 1024
	r.normalize()
}

func (r *rangeCoder) direct(bit uint32) {
	r.width >>= 1
	if bit != 0 {
		r.low += uint64(r.width)
	}
	r.normalize()
}

func (r *rangeCoder) normalize() {
	for r.width < 1<<24 {
		r.width <<= 8
		r.shift()
	}
}

func (r *rangeCoder) shift() {
	if r.low < 0xff000000 || r.low > 0xffffffff {
		carry := byte(r.low >> 32)
		for first := true; r.held > 0; first = false {
			if first {
				r.out = append(r.out, r.cache+carry)
			} else {
				r.out = append(r.out, 0xff+carry)
			}
			r.held--
		}
		r.cache = byte(r.low >> 24)
	}
	r.held++
	r.low = r.low & 0x00ffffff << 8
}

// Places of the probabilities.
const (
	isMatch   = 0
	isRep     = 100
	choice    = 200
	lowLength = 300
	slots     = 400
	alignment = 500
	literal   = 1000
)

// literals codes bytes as they are, with lc 3, lp 0 and pb 2, and the end marker.
func literals(plain string) []byte {
	r := &rangeCoder{width: 1<<32 - 1, held: 1}
	before := byte(0)
	for i := range len(plain) {
		r.bit(isMatch+i%4, 0)
		base := literal + int(before>>5)*0x300
		for node, k := 1, 7; k >= 0; k-- {
			bit := int(plain[i] >> k & 1)
			r.bit(base+node, bit)
			node = node<<1 | bit
		}
		before = plain[i]
	}
	state := len(plain) % 4
	r.bit(isMatch+state, 1)
	r.bit(isRep, 0)
	r.bit(choice, 0)
	for node := range 3 {
		r.bit(lowLength+state*8+1<<node, 0)
	}
	for node, k := 1, 0; k < 6; k++ {
		r.bit(slots+node, 1)
		node = node<<1 | 1
	}
	for range 26 {
		r.direct(1)
	}
	for node, k := 1, 0; k < 4; k++ {
		r.bit(alignment+node, 1)
		node = node<<1 | 1
	}
	for range 5 {
		r.shift()
	}
	return r.out
}
