package inno

import (
	"encoding/binary"
	"io"
)

// filter is a generation of what is done to the operands of x86's "call" and "jmp" so
// that they compress better.
type filter int

const (
	plain   filter = iota
	sums           // 4.1.8 to 5.1.x: all 32 bits, from the start of the file
	blocks         // 5.2.0 to 5.3.8: the lower 24 bits, in blocks
	flipped        // from 5.3.9 on: and the upper bits turned if they are the sign
)

func (f filter) String() string {
	return [...]string{"unfiltered", "calls-4", "calls-5.2", "calls-5.3"}[f]
}

// filterBlock is what is filtered at once: no instruction crosses its border.
const filterBlock = 64 << 10

// reader undoes the filter. whole says that the border of blocks means nothing. buf, of
// filterBlock bytes, is the reader's until its end.
func (f filter) reader(r io.Reader, whole bool, buf []byte) io.Reader {
	switch f {
	case plain:
		return r
	case sums:
		return &sumReader{r: r}
	}
	return &blockFilter{r: r, flip: f == flipped, whole: whole, buf: buf}
}

// sumReader undoes the first generation.
type sumReader struct {
	r    io.Reader
	at   uint32 // of the next byte
	sum  uint32 // what is left to be added to the operand
	left int    // bytes of an operand to come
}

func (s *sumReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for i, c := range p[:n] {
		if s.left > 0 {
			s.sum += uint32(c)
			p[i] = byte(s.sum)
			s.sum >>= 8
			s.left--
		} else if c == 0xe8 || c == 0xe9 {
			s.sum, s.left = -(s.at + 5), 4
		}
		s.at++
	}
	return n, err
}

// blockFilter undoes the later ones.
type blockFilter struct {
	r           io.Reader
	flip, whole bool
	buf         []byte
	given, done int // buf[given:done] is ready
	end         int // buf[done:end] waits for more
	at          uint32
	err         error
}

func (f *blockFilter) Read(p []byte) (int, error) {
	for f.given == f.done {
		if f.err != nil && f.done == f.end {
			return 0, f.err
		}
		f.fill()
	}
	n := copy(p, f.buf[f.given:f.done])
	f.given += n
	return n, nil
}

// fill makes the next bytes ready.
func (f *blockFilter) fill() {
	left := copy(f.buf, f.buf[f.done:f.end])
	n := 0
	if f.err == nil {
		n, f.err = io.ReadFull(f.r, f.buf[left:])
		if f.err == io.ErrUnexpectedEOF {
			f.err = io.EOF
		}
	}
	f.given, f.end = 0, left+n
	f.done = f.undo(f.buf[:f.end])
	if !f.whole || f.err != nil {
		f.done = f.end
	}
	f.at += uint32(f.done)
}

// undo works on all instructions that are whole in b and returns how much that is.
func (f *blockFilter) undo(b []byte) int {
	i := 0
	for i+4 < len(b) {
		if b[i]&0xfe != 0xe8 {
			i++
			continue
		}
		i++
		if high := b[i+3]; high == 0 || high == 0xff {
			v := binary.LittleEndian.Uint32(b[i:])&0xffffff - (f.at+uint32(i)+4)&0xffffff
			if f.flip && v&0x800000 != 0 {
				high = ^high
			}
			binary.LittleEndian.PutUint32(b[i:], v&0xffffff|uint32(high)<<24)
		}
		i += 4
	}
	return i
}
