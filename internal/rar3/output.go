package rar3

import "io"

// output is what a decoder has made: the dictionary, and the filters that bytes go
// through.
type output struct {
	win  []byte
	w    int
	full bool // the window was written to its end once

	length, distance int // of a match to be copied
	filters          filters
	done             bool
	err              error // sticky
}

func newOutput(window int) output {
	return output{win: make([]byte, window), filters: filters{credit: maxCredit}}
}

// Window is the size of the dictionary.
func (d *output) Window() int { return len(d.win) }

// Grow enlarges the dictionary and keeps what it holds.
func (d *output) Grow(window int) {
	if window <= len(d.win) {
		return
	}
	win := make([]byte, window)
	n := 0
	if d.full {
		n = copy(win, d.win[d.w:])
	}
	n += copy(win[n:], d.win[:d.w])
	d.win, d.w, d.full = win, n, false
}

// read hands out what the filters let go, and has more decoded by run, about so many
// bytes at a time.
func (d *output) read(p []byte, run func(n int) error) (int, error) {
	for {
		if n := d.filters.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if d.filters.over {
			d.err = ErrFilters
		}
		if d.err != nil || d.done {
			if d.filters.flush() {
				continue
			}
			if d.err != nil {
				return 0, d.err
			}
			return 0, io.EOF
		}
		d.err = run(32 << 10)
		if d.err == nil && d.filters.unknown && d.done {
			d.err = ErrFilter
		}
	}
}

func (d *output) put(b byte) {
	d.win[d.w] = b
	if d.w++; d.w == len(d.win) {
		d.w, d.full = 0, true
	}
	d.filters.put(b)
}

// copyMatch copies up to most bytes of the pending match. Where the dictionary
// was never written it is zero.
func (d *output) copyMatch(most int) int {
	n := min(d.length, most)
	d.length -= n
	from := d.w - d.distance
	for range n {
		b := byte(0)
		if from >= 0 || d.full {
			b = d.win[from&(len(d.win)-1)]
		}
		d.put(b)
		if from++; from == len(d.win) {
			from = 0
		}
	}
	return n
}

// match sets what is copied next.
func (d *output) match(length, distance int) error {
	if distance < 1 || distance > len(d.win) {
		// QUIRK: unrar copies from wherever the dictionary wraps to.
		distance = (distance-1)&(len(d.win)-1) + 1
	}
	d.length, d.distance = length, distance
	return nil
}
