package lzma

// window holds the bytes that a match can reach, and those decoded but not yet
// given away. It grows with the output, up to its bound: what a header declares is
// no allocation.
type window struct {
	buf   []byte
	w     int  // where the next byte goes
	given int  // up to here bytes were given away
	full  bool // buf was filled once, so that all of it can be reached
	max   int  // bound of buf
	cut   bool // the bound is less than the dictionary
}

// windowStart is the least size of a window that may grow, in bytes.
const windowStart = 64 << 10

// reset forgets the history, and keeps the memory.
func (o *window) reset(dict, most int64) {
	dict = max(dict, MinWindow)
	o.max = int(min(dict, max(most, MinWindow)))
	o.cut = int64(o.max) < dict
	o.w, o.given, o.full = 0, 0, false
	if len(o.buf) > o.max {
		o.buf = o.buf[:o.max]
	}
}

// room prepares for up to n more bytes and returns where they end. All bytes
// must have been given away.
func (o *window) room(n int) int {
	if o.w == len(o.buf) {
		if size := min(o.max, max(2*len(o.buf), windowStart)); size > len(o.buf) && !o.full {
			o.grow(size)
		} else {
			o.w, o.given, o.full = 0, 0, true
		}
	}
	return min(len(o.buf), o.w+n)
}

func (o *window) grow(size int) {
	if size <= cap(o.buf) {
		o.buf = o.buf[:size]
		return
	}
	grown := make([]byte, size)
	copy(grown, o.buf)
	o.buf = grown
}

// take gives decoded bytes away.
func (o *window) take(p []byte) int {
	n := copy(p, o.buf[o.given:o.w])
	o.given += n
	return n
}

// last is the byte before the next one, zero at the begin.
func (o *window) last() byte {
	switch {
	case o.w > 0:
		return o.buf[o.w-1]
	case o.full:
		return o.buf[len(o.buf)-1]
	}
	return 0
}

// reaches says whether a byte lies dist+1 bytes back.
func (o *window) reaches(dist uint32) bool {
	return int64(dist) < int64(o.w) || o.full && int64(dist) < int64(len(o.buf))
}

// far is the error of a distance that the window does not reach.
func (o *window) far() error {
	if o.cut && o.full {
		return ErrWindow
	}
	return ErrCorrupt
}

// back is the index of the byte dist+1 bytes back, which the window reaches.
func (o *window) back(dist uint32) int {
	i := o.w - int(dist) - 1
	if i < 0 {
		i += len(o.buf)
	}
	return i
}

// repeat copies up to n bytes from dist+1 bytes back, within limit, and returns
// how many it copied.
func (o *window) repeat(dist uint32, n, limit int) int {
	n = min(n, limit-o.w)
	from := o.back(dist)
	if from < o.w && o.w-from >= n { // the usual case
		copy(o.buf[o.w:o.w+n], o.buf[from:])
		o.w += n
		return n
	}
	for left := n; left > 0; {
		// A copy of at most the distance does not read what it writes.
		step := min(left, len(o.buf)-from)
		if from < o.w {
			step = min(step, o.w-from)
		}
		copy(o.buf[o.w:o.w+step], o.buf[from:from+step])
		o.w += step
		left -= step
		if from += step; from == len(o.buf) {
			from = 0
		}
	}
	return n
}
