package unace

// Symbols of the main code: literals, four distances that were there before, distances
// by the number of their bits, and the mark of another mode.
const (
	symRecent   = 256
	symDistance = 260
	symMode     = 283
	lzMain      = 284 // symbols
	lzLengths   = 255
	lzWidth     = 11 // of the longest code
)

// Distances up to which a match may have two bytes, or three.
const (
	nearTwo   = 255
	nearThree = 8191
)

// lz is the state of LZ77 within one member.
type lz struct {
	main, lengths code
	left          int    // symbols of the block to come
	recent        [4]int // distances less one, the last one at the end
	n, distance   int    // of a match that goes on
}

// readLZ appends up to want bytes to dst; fewer at a change of mode, which is then in
// r.next, or at a fault, which is then in r.err.
func (r *Reader) readLZ(dst []byte, want int) []byte {
	w := &r.d.win
	for end := len(dst) + want; len(dst) < end; {
		if r.lz.n > 0 {
			b := w.back(r.lz.distance)
			w.put(b)
			dst = append(dst, b)
			r.lz.n--
			continue
		}
		s, ok := r.symbol()
		switch {
		case !ok:
			r.fail()
			return dst
		case s < symRecent:
			w.put(byte(s))
			dst = append(dst, byte(s))
		case s < symMode:
			if !r.match(s) {
				r.fail()
				return dst
			}
		case s > symMode || !r.blocked || !r.readMode():
			r.fail()
			return dst
		default:
			return dst
		}
	}
	return dst
}

// symbol returns the next main symbol, behind the codes of its block.
//
// QUIRK: a block that says that it has no symbols goes on for ever, as the programs
// count down from there.
func (r *Reader) symbol() (int, bool) {
	if r.lz.left == 0 {
		r.longest = lzWidth
		if !r.readCode(&r.lz.main, lzMain) || !r.readCode(&r.lz.lengths, lzLengths) {
			return 0, false
		}
		r.lz.left = int(r.in.Take(15))
	}
	r.lz.left--
	return r.lz.main.read(&r.in)
}

// match reads the rest of a match.
func (r *Reader) match(s int) bool {
	least, distance := 2, 0
	if s < symDistance {
		distance = r.lz.recall(s & 3)
		if s&3 > 1 {
			least++
		}
	} else {
		distance = r.knownWidth(uint(s - symDistance))
		r.lz.remember(distance)
		if distance > nearTwo {
			least++
		}
		if distance > nearThree {
			least++
		}
	}
	n, ok := r.lz.lengths.read(&r.in)
	if !ok {
		return false
	}
	r.lz.n, r.lz.distance = n+least, distance+1
	if distance >= r.d.win.max {
		r.err = ErrWindow
		return false
	}
	return true
}

// knownWidth reads a number of some bits, the first of which is one and not there.
func (r *Reader) knownWidth(bits uint) int {
	if bits < 2 {
		return int(bits)
	}
	return int(r.in.Take(bits-1)) | 1<<(bits-1)
}

func (l *lz) remember(distance int) {
	copy(l.recent[:], l.recent[1:])
	l.recent[3] = distance
}

// recall takes one of the last distances, 0 for the very last, and makes it the last.
func (l *lz) recall(back int) int {
	at := 3 - back
	d := l.recent[at]
	copy(l.recent[at:], l.recent[at+1:])
	l.recent[3] = d
	return d
}
