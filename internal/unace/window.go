package unace

// minWindow is what a dictionary begins with, in bytes.
const minWindow = 64 << 10

// window is the dictionary, a ring that grows with what is put into it.
type window struct {
	buf []byte // a power of two
	max int    // of its length
	n   int64  // bytes put
}

func (w *window) put(b byte) {
	if w.n == int64(len(w.buf)) && len(w.buf) < w.max {
		w.grow()
	}
	w.buf[w.n&int64(len(w.buf)-1)] = b
	w.n++
}

// fill puts the first bytes of p, of which there is one at least, and returns how many.
func (w *window) fill(p []byte) int {
	if w.n == int64(len(w.buf)) && len(w.buf) < w.max {
		w.grow()
	}
	n := copy(w.buf[w.n&int64(len(w.buf)-1):], p)
	w.n += int64(n)
	return n
}

// grow is for a ring that is full for the first time.
func (w *window) grow() {
	buf := make([]byte, min(max(2*len(w.buf), minWindow), w.max))
	copy(buf, w.buf)
	w.buf = buf
}

// back returns the byte at a distance of 1 and more. Before the first byte lie zeros.
func (w *window) back(distance int) byte {
	if int64(distance) > w.n {
		return 0
	}
	return w.buf[(w.n-int64(distance))&int64(len(w.buf)-1)]
}
