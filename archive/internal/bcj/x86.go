package bcj

import "encoding/binary"

// X86 undoes the filter of x86's "call" and "jmp": their absolute
// addresses become relative again. An address counts only if its top byte is all
// zeros or all ones, and bytes just before that look like opcodes too make it
// doubtful; how doubtful is what mask and its tables say.
type X86 struct {
	// mask marks which of the bytes before were opcodes whose operands stayed:
	// bit 0 is the byte before.
	mask uint32
}

// x86Blocked are the masks under which an operand stays as it is.
const x86Blocked = 1<<3 | 1<<5 | 1<<6 | 1<<7

// x86Overlap is, by mask, how many bytes of the operand belong to an operand
// that began before.
var x86Overlap = [8]int{0, 1, 2, 2, 3, 3, 3, 3}

// signByte says whether b can be the top of a near address.
func signByte(b byte) bool { return b == 0 || b == 0xff }

func (f *X86) undo(b []byte, pos uint32) int {
	if len(b) < 5 {
		return 0
	}
	last, i := -1, 0
	for ; i < len(b)-4; i++ {
		if b[i]&0xfe != 0xe8 {
			continue
		}
		f.age(i - last)
		last = i
		operand := b[i+1 : i+5]
		if f.mask != 0 && (x86Blocked>>f.mask&1 == 1 || signByte(operand[3-x86Overlap[f.mask]])) || !signByte(operand[3]) {
			f.mask = f.mask<<1 | 1
			continue
		}
		target := f.relative(binary.LittleEndian.Uint32(operand), pos+uint32(i)+5)
		binary.LittleEndian.PutUint32(operand, target&0x01ffffff|-(target&0x01000000))
		i += 4
	}
	f.age(i - last)
	return i
}

// age moves the marks by a number of bytes.
func (f *X86) age(n int) {
	if n > 3 {
		f.mask = 0
	} else {
		f.mask = f.mask << (n - 1) & 7
	}
}

// relative undoes the conversion of an operand, as often as the encoder had to
// repeat it.
func (f *X86) relative(v, next uint32) uint32 {
	for {
		target := v - next
		if f.mask == 0 {
			return target
		}
		shift := 24 - 8*x86Overlap[f.mask]
		if !signByte(byte(target >> shift)) {
			return target
		}
		v = target ^ (1<<(shift+8) - 1)
	}
}
