package rar3

import (
	"bytes"
	"hash/crc32"
	"io"

	"github.com/fivefifty/fivefifty/internal/huffman"
)

// Bounds of filters: programs of one archive, those that wait, and the block that
// one works on, in bytes, which is the virtual machine's memory.
const (
	maxPrograms = 1024
	maxWaiting  = 8192
	maxBlock    = 0x3c000
	maxProgram  = 0x10000
)

// waiting is a filter over a part of the output.
type waiting struct {
	start   int64 // offset in the file
	length  int
	program filterFunc
	regs    [8]uint32
}

// filters is the output: bytes wait here while a filter needs more of them.
type filters struct {
	programs []filterFunc
	lengths  []int // the last block of each
	last     int
	queue    []waiting
	unknown  bool // a filter that is not known was skipped
	credit   int  // bytes that may still be filtered
	over     bool // more were to be

	raw   []byte // decoded, not filtered yet
	at    int64  // offset of raw in the file
	out   []byte // filtered, not taken yet: within store
	store []byte
	spare []byte
}

func (f *filters) nextFile() {
	f.queue, f.raw, f.out, f.at = nil, f.raw[:0], nil, 0
	f.unknown, f.over = false, false
}

// More filters than one for the same block are for no honest file, yet thousands can be
// declared, each of which takes time and gives no byte more. Each byte may be filtered so
// often on the average, and so many bytes more.
const (
	filtersEach = 4
	maxCredit   = 16 << 20
)

func (f *filters) forget() { f.programs, f.lengths, f.last = nil, nil, 0 }

func (f *filters) put(b byte) { f.raw = append(f.raw, b) }

// take moves finished bytes to p.
func (f *filters) take(p []byte) int {
	if len(f.out) == 0 {
		f.finish()
	}
	n := copy(p, f.out)
	f.out = f.out[n:]
	return n
}

// finish makes raw bytes finished: those before the first filter, or its block.
func (f *filters) finish() {
	n := len(f.raw)
	if len(f.queue) > 0 {
		q := f.queue[0]
		if q.start > f.at {
			n = int(min(int64(n), q.start-f.at))
		} else {
			if n < q.length {
				return
			}
			n = q.length
			f.apply(f.raw[:n])
		}
	}
	f.move(n)
}

// apply runs the first filter on a block, and those behind it that are for the
// same one.
func (f *filters) apply(b []byte) {
	q := f.queue[0]
	for len(f.queue) > 0 && f.queue[0].start == q.start && f.queue[0].length == q.length {
		w := &f.queue[0]
		if f.credit -= q.length; f.credit < 0 {
			f.over = true
			return
		}
		if w.program != nil {
			w.regs[6] = uint32(f.at)
			f.spare = w.program(b, f.spare, &w.regs)
		}
		f.queue = f.queue[1:]
	}
}

// move makes the first n raw bytes finished ones.
func (f *filters) move(n int) {
	f.store = append(f.store[:0], f.raw[:n]...)
	f.out = f.store
	f.raw = append(f.raw[:0], f.raw[n:]...)
	f.at += int64(n)
	f.credit = min(f.credit+n*filtersEach, maxCredit)
}

// flush gives out what waits for a filter that will not come to run.
func (f *filters) flush() bool {
	f.queue = nil
	if len(f.raw) == 0 {
		return false
	}
	f.move(len(f.raw))
	return true
}

// readFilter reads a filter's description, which has a length of its own.
func (d *Decoder) readFilter(next func() (byte, error)) error {
	first, err := next()
	if err != nil {
		return err
	}
	more := 0
	n := int(first&7) + 1
	for range max(0, n-6) { // one byte of length more, or two
		b, err := next()
		if err != nil {
			return err
		}
		more = more<<8 | int(b)
	}
	switch n {
	case 7:
		n = more + 7
	case 8:
		n = more
	}
	code := make([]byte, 0, 64)
	for range n {
		b, err := next()
		if err != nil {
			return err
		}
		code = append(code, b)
	}
	return d.filters.add(first, code)
}

// add parses a filter's description.
func (f *filters) add(first byte, code []byte) error {
	in := huffman.Bits{R: bytes.NewReader(code)}
	at := f.last
	if first&0x80 != 0 {
		if n := number(&in); n == 0 {
			f.forget()
			f.queue, at = nil, 0
		} else {
			at = int(min(n-1, maxPrograms+1))
		}
	}
	if at > len(f.programs) || at >= maxPrograms || len(f.queue) >= maxWaiting {
		return ErrCorrupt
	}
	f.last = at
	isNew := at == len(f.programs)
	if isNew {
		f.programs, f.lengths = append(f.programs, nil), append(f.lengths, 0)
	}
	w := waiting{start: f.at + int64(len(f.raw))}
	start := int64(number(&in))
	if first&0x40 != 0 {
		start += 258
	}
	w.start += start
	if first&0x20 != 0 {
		f.lengths[at] = int(number(&in))
	}
	w.length = f.lengths[at]
	w.regs[4] = uint32(w.length)
	if first&0x10 != 0 {
		mask := in.Take(7)
		for i := range 7 {
			if mask>>i&1 == 1 {
				w.regs[i] = number(&in)
			}
		}
	}
	if isNew {
		if err := f.program(&in, at); err != nil {
			return err
		}
	}
	if in.Short() {
		return ErrCorrupt
	}
	w.program = f.programs[at]
	if w.program == nil {
		f.unknown = true
	}
	// Out of order or too long: unrar leaves such a block as it is.
	if n := len(f.queue); w.length <= 0 || w.length > maxBlock || n > 0 && w.start < f.queue[n-1].start {
		return nil
	}
	f.queue = append(f.queue, w)
	return nil
}

// program reads a new program and finds out which it is.
func (f *filters) program(in *huffman.Bits, at int) error {
	n := number(in)
	if n == 0 || n >= maxProgram {
		return ErrCorrupt
	}
	code := make([]byte, 0, 256)
	for range n {
		b, err := in.ReadByte()
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		code = append(code, b)
	}
	sum := crc32.ChecksumIEEE(code)
	for _, s := range standard {
		if s.length == len(code) && s.crc == sum {
			f.programs[at] = s.run
		}
	}
	return nil
}

// number reads a number of the virtual machine: two bits say how long it is.
func number(in *huffman.Bits) uint32 {
	switch in.Take(2) {
	case 0:
		return in.Take(4)
	case 1:
		v := in.Take(8)
		if v >= 16 {
			return v
		}
		return 0xffffff00 | v<<4 | in.Take(4)
	case 2:
		return in.Take(16)
	}
	high := in.Take(16)
	return high<<16 | in.Take(16)
}
