package archive

import "io"

// branchFilter makes relative addresses in a program's branches out of absolute
// ones, of which repetitions pack better; it is undone here. convert changes whole
// instructions of b, whose first byte has the address ip, and returns how many
// bytes are done; look is how many it needs to see.
type branchFilter struct {
	look    int
	convert func(b []byte, ip uint32, state *uint32) int
}

var branchFilters = map[uint64]branchFilter{
	m7zX86: {5, convertX86}, m7zBCJ: {5, convertX86},
	m7zPPC: {4, convertPPC}, m7zOldPPC: {4, convertPPC},
	m7zIA64: {16, convertIA64}, m7zOldIA64: {16, convertIA64},
	m7zARM: {4, convertARM}, m7zOldARM: {4, convertARM},
	m7zARMT: {4, convertARMT}, m7zOldARMT: {4, convertARMT},
	m7zSPARC: {4, convertSPARC}, m7zOldSPARC: {4, convertSPARC},
	m7zARM64: {4, convertARM64},
}

// branchReader applies a filter to a stream.
type branchReader struct {
	r     io.Reader
	f     branchFilter
	ip    uint32
	state uint32
	buf   [16 << 10]byte
	from  int // buf[from:done] is converted
	done  int
	n     int // buf[done:n] was read
	err   error
}

func (b *branchReader) Read(p []byte) (int, error) {
	for b.from == b.done {
		if b.err != nil && b.done == b.n {
			return 0, b.err
		}
		b.refill()
	}
	n := copy(p, b.buf[b.from:b.done])
	b.from += n
	return n, nil
}

// refill reads and converts. What is too short to be an instruction at the end
// stays as it is.
func (b *branchReader) refill() {
	copy(b.buf[:], b.buf[b.done:b.n])
	b.n -= b.done
	b.from, b.done = 0, 0
	for b.err == nil && b.n < b.f.look {
		var n int
		n, b.err = b.r.Read(b.buf[b.n:])
		b.n += n
	}
	b.done = b.f.convert(b.buf[:b.n], b.ip, &b.state)
	b.ip += uint32(b.done)
	if b.done == 0 && b.err != nil {
		b.done = b.n
	}
	if b.done == 0 && b.n == len(b.buf) {
		b.done = b.n
	}
}

// x86 keeps in state which of the last bytes looked like an opcode: three bits.
const (
	x86Allowed = 0b00010111 // states in which a conversion is possible
)

var x86Shift = [8]uint32{0, 1, 2, 2, 3, 3, 3, 3}

func x86Sign(b byte) bool { return b == 0 || b == 0xff }

// convertX86 handles CALL and JMP with a 32-bit operand.
func convertX86(b []byte, ip uint32, state *uint32) int {
	if len(b) < 5 {
		return 0
	}
	mask := *state & 7
	last := -1 // the last opcode's place; before the first, one before the start
	i := 0
	for ; i < len(b)-4; i++ {
		if b[i]&0xfe != 0xe8 {
			continue
		}
		mask = x86Age(mask, i-last)
		last = i
		if mask != 0 && (x86Allowed>>mask&1 == 0 || x86Sign(b[i+4-int(x86Shift[mask])])) || !x86Sign(b[i+4]) {
			mask = mask<<1&7 | 1
			continue
		}
		dest := x86Operand(le.Uint32(b[i+1:]), ip+uint32(i)+5, mask)
		dest = dest&0x01ffffff | -(dest>>24&1)<<25
		le.PutUint32(b[i+1:], dest)
		i += 4
		mask = 0
		last = i
	}
	*state = x86Age(mask, i-last)
	return i
}

// x86Age is the mask after so many bytes.
func x86Age(mask uint32, bytes int) uint32 {
	if bytes > 3 {
		return 0
	}
	return mask << (bytes - 1) & 7
}

func x86Operand(src, ip, mask uint32) uint32 {
	for {
		dest := src - ip
		if mask == 0 {
			return dest
		}
		shift := x86Shift[mask] * 8
		if !x86Sign(byte(dest >> (24 - shift))) {
			return dest
		}
		src = dest ^ (1<<(32-shift) - 1)
	}
}

func convertPPC(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		if b[i]&0xfc == 0x48 && b[i+3]&3 == 1 {
			v := uint32(b[i]&3)<<24 | uint32(b[i+1])<<16 | uint32(b[i+2])<<8 | uint32(b[i+3])&^3
			v -= ip + uint32(i)
			b[i], b[i+1], b[i+2], b[i+3] = 0x48|byte(v>>24&3), byte(v>>16), byte(v>>8), b[i+3]&3|byte(v)&^3
		}
	}
	return i
}

func convertARM(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		if b[i+3] == 0xeb {
			v := (le.Uint32(b[i:])&0xffffff)<<2 - (ip + uint32(i) + 8)
			v >>= 2
			b[i], b[i+1], b[i+2] = byte(v), byte(v>>8), byte(v>>16)
		}
	}
	return i
}

func convertARMT(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 2 {
		if b[i+1]&0xf8 != 0xf0 || b[i+3]&0xf8 != 0xf8 {
			continue
		}
		v := uint32(b[i+1]&7)<<19 | uint32(b[i])<<11 | uint32(b[i+3]&7)<<8 | uint32(b[i+2])
		v = (v<<1 - (ip + uint32(i) + 4)) >> 1
		b[i+1], b[i], b[i+3], b[i+2] = 0xf0|byte(v>>19&7), byte(v>>11), 0xf8|byte(v>>8&7), byte(v)
		i += 2
	}
	return i
}

func convertSPARC(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		if b[i] == 0x40 && b[i+1]&0xc0 == 0 || b[i] == 0x7f && b[i+1]&0xc0 == 0xc0 {
			v := uint32(b[i])<<24 | uint32(b[i+1])<<16 | uint32(b[i+2])<<8 | uint32(b[i+3])
			v = (v<<2 - (ip + uint32(i))) >> 2
			v = (-(v >> 22 & 1))<<22&0x3fffffff | v&0x3fffff | 0x40000000
			b[i], b[i+1], b[i+2], b[i+3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
		}
	}
	return i
}

// sevenZipIA64Slots says which of a bundle's three slots can hold a branch, by template.
var sevenZipIA64Slots = [32]byte{16: 4, 17: 4, 18: 6, 19: 6, 22: 7, 23: 7, 24: 4, 25: 4, 28: 4, 29: 4}

func convertIA64(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+16 <= len(b); i += 16 {
		slots := sevenZipIA64Slots[b[i]&0x1f]
		for slot := range 3 {
			if slots>>slot&1 == 0 {
				continue
			}
			bit := 5 + slot*41
			at, shift := i+bit/8, bit%8
			var v uint64
			for j := range 6 {
				v |= uint64(b[at+j]) << (8 * j)
			}
			ins := v >> shift
			if ins>>37&0xf != 5 || ins>>9&7 != 0 {
				continue
			}
			src := uint32(ins>>13&0xfffff) | uint32(ins>>36&1)<<20
			dest := (src<<4 - (ip + uint32(i))) >> 4
			ins = ins&^(0x8fffff<<13) | uint64(dest&0xfffff)<<13 | uint64(dest&0x100000)<<(36-20)
			v = v&(1<<shift-1) | ins<<shift
			for j := range 6 {
				b[at+j] = byte(v >> (8 * j))
			}
		}
	}
	return i
}

// convertARM64 handles BL and ADRP.
func convertARM64(b []byte, ip uint32, _ *uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 4 {
		v, pc := le.Uint32(b[i:]), ip+uint32(i)
		switch {
		case v>>26 == 0x25:
			le.PutUint32(b[i:], 0x94000000|(v-pc>>2)&0x03ffffff)
		case v&0x9f000000 == 0x90000000:
			src := v>>29&3 | v>>3&0x1ffffc
			if (src+0x20000)&0x1c0000 != 0 {
				continue
			}
			dest := src - pc>>12
			v = v&0x9000001f | dest&3<<29 | dest&0x3fffc<<3 | -(dest&0x20000)&0xe00000
			le.PutUint32(b[i:], v)
		}
	}
	return i
}
