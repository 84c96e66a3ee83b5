package bcj

import "encoding/binary"

// riscvFilter undoes the filter of RISC-V. The target of "jal" is absolute and
// stands in the order of its bits. A pair of "auipc" and an instruction that uses
// its result is written as an "auipc" to register 2, with what the second had
// besides its operand, and the absolute target, big-endian. Where a program has such
// an "auipc" of its own, the encoder took it for a pair and made another of it.
type riscvFilter struct{}

// riscvLook is how many bytes an instruction is seen with.
const riscvLook = 8

func (riscvFilter) undo(b []byte, pos uint32) int {
	i := 0
	for i+riscvLook <= len(b) {
		switch at := b[i:]; {
		case at[0] == 0xef && at[1]&0x0d == 0: // jal to register 1 or 5
			undoJAL(at, pos+uint32(i))
			i += 4
		case at[0]&0x7f == 0x17:
			i += undoAUIPC(at, pos+uint32(i))
		default:
			i += 2
		}
	}
	return i
}

func undoJAL(b []byte, pc uint32) {
	to := uint32(b[1]&0xf0)<<13 | uint32(b[2])<<9 | uint32(b[3])<<1
	to -= pc
	b[1] = b[1]&0x0f | byte(to>>8)&0xf0
	b[2] = byte(to>>16)&0x0f | byte(to>>7)&0x10 | byte(to<<4)&0xe0
	b[3] = byte(to>>4)&0x7f | byte(to>>13)&0x80
}

// undoAUIPC returns how many bytes are done.
func undoAUIPC(b []byte, pc uint32) int {
	first, second := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if first&0xe80 != 0 { // neither register 0 nor 2: a pair that the encoder made up
		if (first<<8^(second-3))&0xf8003 != 0 { // the second does not use the first's register
			return 6
		}
		target := first&^0xfff + second>>20
		first, second = 0x17|2<<7|second<<12, target
	} else {
		register := first >> 27
		if (first-0x3117)<<18 >= register&0x1d {
			return 4
		}
		target := binary.BigEndian.Uint32(b[4:]) - pc
		first, second = 0x17|register<<7|(target+0x800)&^0xfff, first>>12|target<<20
	}
	binary.LittleEndian.PutUint32(b, first)
	binary.LittleEndian.PutUint32(b[4:], second)
	return 8
}
