package bcj

import (
	"encoding/binary"
	"io"
	"slices"
)

// Filter undoes a filter of machine code ("branch, call, jump") or of tables,
// in place.
type Filter interface {
	// undo works on b, which lies at pos of the output, and returns how many of
	// its bytes are done. The rest is shown again with more behind it, and at the
	// end stays as it is.
	undo(b []byte, pos uint32) int
}

// New returns a filter of xz by its identifier; ok is false for one that
// is not known or whose properties are wrong.
func New(id int64, props []byte) (f Filter, ok bool) {
	if id == xzDelta {
		if len(props) != 1 {
			return nil, false
		}
		return &Delta{Distance: int(props[0]) + 1}, true
	}
	start := uint32(0)
	switch len(props) {
	case 0:
	case 4:
		start = binary.LittleEndian.Uint32(props)
	default:
		return nil, false
	}
	switch id {
	case 0x04:
		f = &X86{}
	case 0x05:
		f = codeFilter{4, undoPowerPC}
	case 0x06:
		f = codeFilter{16, undoIA64}
	case 0x07:
		f = codeFilter{4, undoARM}
	case 0x08:
		f = thumbFilter{}
	case 0x09:
		f = codeFilter{4, undoSPARC}
	case 0x0a:
		f = codeFilter{4, undoARM64}
	case 0x0b:
		f = riscvFilter{}
	default:
		return nil, false
	}
	if start != 0 {
		f = offsetFilter{f, start}
	}
	return f, true
}

// Reader reads through a filter.
type Reader struct {
	Src    io.Reader
	Filter Filter
	buf    [16 << 10]byte
	// buf[given:done] is ready, buf[done:end] waits for more.
	given, done, end int
	pos              uint32 // of buf[done] in the output
	err              error
}

func (r *Reader) Read(p []byte) (int, error) {
	for r.given == r.done {
		if r.err != nil {
			if r.done == r.end {
				return 0, r.err
			}
			r.done = r.end // too short for a further instruction
			break
		}
		copy(r.buf[:], r.buf[r.done:r.end])
		r.end -= r.done
		r.given, r.done = 0, 0
		var n int
		n, r.err = r.Src.Read(r.buf[r.end:])
		r.end += n
		n = r.Filter.undo(r.buf[:r.end], r.pos)
		r.done = n
		r.pos += uint32(n)
	}
	n := copy(p, r.buf[r.given:r.done])
	r.given += n
	return n, nil
}

// offsetFilter is a filter that counts from another position.
type offsetFilter struct {
	Filter
	start uint32
}

func (f offsetFilter) undo(b []byte, pos uint32) int { return f.Filter.undo(b, pos+f.start) }

// Delta adds to each byte the one that lies distance back.
type Delta struct {
	Distance int
	history  [256]byte
	at       byte
}

func (f *Delta) undo(b []byte, _ uint32) int {
	for i := range b {
		b[i] += f.history[f.at-byte(f.Distance)] // 256 back for a distance of 256
		f.history[f.at] = b[i]
		f.at++
	}
	return len(b)
}

// Swap reverses the bytes of each word of 2 or 4 bytes.
func Swap(word int) Filter {
	return codeFilter{word, func(b []byte, _ uint32) { slices.Reverse(b) }}
}

// codeFilter undoes a filter of instructions of a fixed length.
type codeFilter struct {
	size int
	one  func(b []byte, pos uint32) // one instruction
}

func (f codeFilter) undo(b []byte, pos uint32) int {
	n := 0
	for ; n+f.size <= len(b); n += f.size {
		f.one(b[n:n+f.size], pos+uint32(n))
	}
	return n
}

// undoPowerPC: "bl" with an absolute address.
func undoPowerPC(b []byte, pos uint32) {
	if v := binary.BigEndian.Uint32(b); v&0xfc000003 == 0x48000001 {
		binary.BigEndian.PutUint32(b, 0x48000001|(v&0x03fffffc-pos)&0x03fffffc)
	}
}

// undoARM: "bl" without condition.
func undoARM(b []byte, pos uint32) {
	if b[3] == 0xeb {
		v := binary.LittleEndian.Uint32(b)<<2 - (pos + 8)
		binary.LittleEndian.PutUint32(b, 0xeb000000|v>>2&0x00ffffff)
	}
}

// undoSPARC: "call" within 4 MiB.
func undoSPARC(b []byte, pos uint32) {
	v := binary.BigEndian.Uint32(b)
	if top := v >> 22; top != 0x100 && top != 0x1ff {
		return
	}
	v = (v<<2 - pos) >> 2
	binary.BigEndian.PutUint32(b, 0x40000000|(0x40000000-v&0x400000)&0x3fc00000|v&0x3fffff)
}

// undoARM64: "bl", and "adrp" within 512 MiB.
func undoARM64(b []byte, pos uint32) {
	v := binary.LittleEndian.Uint32(b)
	switch {
	case v>>26 == 0x25:
		v = 0x94000000 | (v-pos>>2)&0x03ffffff
	case v&0x9f000000 == 0x90000000:
		page := v>>29&3 | v>>3&0x1ffffc
		if (page+0x20000)&0x1c0000 != 0 {
			return
		}
		page -= pos >> 12
		v = v&0x9000001f | page&3<<29 | page&0x3fffc<<3 | -(page&0x20000)&0xe00000
	default:
		return
	}
	binary.LittleEndian.PutUint32(b, v)
}

// ia64Slots is, by a bundle's template, which of its three slots may hold a branch.
var ia64Slots = [32]byte{16: 4, 17: 4, 18: 6, 19: 6, 22: 7, 23: 7, 24: 4, 25: 4, 28: 4, 29: 4}

// undoIA64: "br.call" in a bundle of three slots of 41 bits behind 5 of template.
func undoIA64(b []byte, pos uint32) {
	slots := ia64Slots[b[0]&31]
	for slot := range 3 {
		if slots>>slot&1 == 0 {
			continue
		}
		bit := 5 + 41*slot
		at := b[bit/8:]
		v := uint64(binary.LittleEndian.Uint32(at)) | uint64(binary.LittleEndian.Uint16(at[4:]))<<32
		op := v >> (bit % 8)
		if op>>37&0xf != 5 || op>>9&7 != 0 {
			continue
		}
		target := uint32(op>>13&0xfffff) | uint32(op>>36&1)<<20
		target = (target<<4 - pos) >> 4
		op = op&^(0x8fffff<<13) | uint64(target&0xfffff)<<13 | uint64(target&0x100000)<<16
		v = v&(1<<(bit%8)-1) | op<<(bit%8)
		binary.LittleEndian.PutUint32(at, uint32(v))
		binary.LittleEndian.PutUint16(at[4:], uint16(v>>32))
	}
}

// thumbFilter undoes the pair of ARM Thumb's "bl".
type thumbFilter struct{}

func (thumbFilter) undo(b []byte, pos uint32) int {
	n := 0
	for ; n+4 <= len(b); n += 2 {
		if b[n+1]&0xf8 != 0xf0 || b[n+3]&0xf8 != 0xf8 {
			continue
		}
		v := uint32(b[n+1]&7)<<19 | uint32(b[n])<<11 | uint32(b[n+3]&7)<<8 | uint32(b[n+2])
		v = (v<<1 - (pos + uint32(n) + 4)) >> 1
		b[n+1], b[n] = 0xf0|byte(v>>19)&7, byte(v>>11)
		b[n+3], b[n+2] = 0xf8|byte(v>>8)&7, byte(v)
		n += 2
	}
	return n
}

// Filters of xz (The .xz File Format 1.2.1, section 5.3).
const (
	xzDelta = 0x03
	LZMA2   = 0x21
)
