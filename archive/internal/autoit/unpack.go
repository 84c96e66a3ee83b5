package autoit

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// A packed body begins with a mark and the length of what it holds, the highest byte
// first. Then come bits, the highest of a byte first. One tells a byte of 8 bits from a
// repeat: a distance of 15 bits and a length.
const (
	packedHead = 8 // bytes
	window     = 1 << 15
)

// literalBits are by mark the bit that a byte has before it.
var literalBits = map[string]uint32{"EA05": 0, "EA06": 1, "JB00": 0}

// lengthSteps are the bits of a length, step by step. One that has all its bits set goes
// on with the next step, the last one with itself.
var lengthSteps = [...]struct{ bits, base int }{{2, 0}, {3, 3}, {5, 10}, {8, 41}, {8, 296}}

const shortest = 3 // length of a repeat, in bytes

// unpacker decodes a packed body. It serves one body after the other.
type unpacker struct {
	src     io.Reader
	worker  level.Worker // below src; nil: none
	in      [4 << 10]byte
	ahead   []byte // of in
	acc     uint64
	have    int // bits in acc
	literal uint32
	ring    [window]byte
	n       int64 // bytes decoded
	left    int64 // bytes to come
	dist    int64
	run     int64 // bytes to come of a repeat
	err     error // sticky
}

// open begins another body and returns the length that it says it has.
func (u *unpacker) open(src io.Reader) (size int64, err error) {
	u.src, u.ahead, u.acc, u.have, u.n, u.run, u.err = src, nil, 0, 0, 0, 0, nil
	var head [packedHead]byte
	if _, err := io.ReadFull(src, head[:]); err != nil {
		return 0, level.Truncated(err)
	}
	mark := string(head[:4])
	literal, known := literalBits[mark]
	switch {
	case mark == "JB01":
		return 0, fmt.Errorf("method %q: %w", mark, level.ErrUnsupported)
	case !known:
		return 0, fmt.Errorf("mark %q: %w", mark, level.ErrMalformed)
	}
	u.literal = literal
	u.left = int64(binary.BigEndian.Uint32(head[4:]))
	return u.left, nil
}

// bits takes n bits, 15 at most. Behind the end they are zero, and err is set.
func (u *unpacker) bits(n int) uint32 {
	for u.have < n {
		if len(u.ahead) == 0 && !u.fill() {
			return 0
		}
		u.acc = u.acc<<8 | uint64(u.ahead[0])
		u.ahead = u.ahead[1:]
		u.have += 8
	}
	u.have -= n
	return uint32(u.acc>>u.have) & (1<<n - 1)
}

// fill reads more of the source.
func (u *unpacker) fill() bool {
	if u.err != nil {
		return false
	}
	n, err := io.ReadAtLeast(u.src, u.in[:], 1)
	u.ahead = u.in[:n]
	if n == 0 {
		u.err = level.Truncated(err)
	}
	return n > 0
}

func (u *unpacker) Read(p []byte) (n int, err error) {
	for n < len(p) && u.err == nil {
		switch {
		case u.left == 0:
			u.err = u.end()
		case u.run > 0:
			k := u.repeat(p[n:])
			n += k
		default:
			if c, ok := u.symbol(); ok {
				u.put(c)
				p[n] = c
				n++
			}
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, u.err
}

// symbol decodes a byte, which it returns, or a repeat.
func (u *unpacker) symbol() (c byte, ok bool) {
	if u.bits(1) == u.literal && u.err == nil {
		c = byte(u.bits(8))
		return c, u.err == nil
	}
	u.dist = int64(u.bits(15))
	u.run = u.length()
	if u.err == nil && (u.dist == 0 || u.dist > u.n) {
		u.err = fmt.Errorf("distance %d at %d: %w", u.dist, u.n, level.ErrMalformed)
	}
	if u.err != nil {
		u.run = 0
	}
	return 0, false
}

// length decodes the length of a repeat, as far as it may go.
func (u *unpacker) length() int64 {
	n := int64(shortest)
	for step := 0; u.err == nil; {
		s := lengthSteps[step]
		v := u.bits(s.bits)
		if v != 1<<s.bits-1 {
			return min(n+int64(s.base)+int64(v), u.left)
		}
		if step < len(lengthSteps)-1 {
			step++
		} else {
			n += int64(v)
		}
	}
	return 0
}

func (u *unpacker) put(c byte) {
	u.ring[u.n%window] = c
	u.n++
	u.left--
}

// repeat copies into p what it can of the present repeat.
func (u *unpacker) repeat(p []byte) int {
	k := int(min(u.run, int64(len(p))))
	for i := range k {
		p[i] = u.ring[(u.n-u.dist)%window]
		u.put(p[i])
	}
	u.run -= int64(k)
	return k
}

// end goes to the end of the source, which has a checksum.
func (u *unpacker) end() error {
	for {
		if _, err := u.src.Read(u.in[:]); err != nil {
			return err
		}
	}
}

// Work implements level.Worker.
func (u *unpacker) Work() int64 {
	if u.worker == nil {
		return 0
	}
	return u.worker.Work()
}
