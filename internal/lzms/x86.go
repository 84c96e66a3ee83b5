package lzms

import "encoding/binary"

// Bounds of the filter, in bytes.
const (
	filterTail  = 16        // no instruction begins so near to the end
	filterReach = 1023      // behind the last one that was recognized
	filterPair  = 1<<16 - 1 // two with the same target that are as near are taken for instructions
)

// undoX86 makes the targets of x86's instructions relative again. Whether bytes are
// instructions it guesses: where two of them lead to the same place, by its lowest 16
// bits, the second is one, and so are those that follow soon.
func undoX86(b []byte, targets *[1 << 16]int32) {
	if len(b) <= filterTail+1 {
		return
	}
	for i := range targets {
		targets[i] = -filterPair - 1
	}
	last := int32(-filterReach - 1)
	for i := 1; i < len(b)-filterTail; {
		n, reach := operandAt(b[i:])
		if n <= 0 {
			i += 1 - n
			continue
		}
		at, operand := int32(i), b[i+n:]
		if at-last <= reach {
			binary.LittleEndian.PutUint32(operand, binary.LittleEndian.Uint32(operand)-uint32(at))
		}
		target := uint16(at) + binary.LittleEndian.Uint16(operand)
		end := at + int32(n) + 3
		if end-targets[target] <= filterPair {
			last = end
		}
		targets[target] = end
		i += n + 4
	}
}

// operandAt returns how many bytes of an instruction come before its operand, and how
// far behind another it counts. None, or less than none: it is not an instruction, and
// as many more bytes are to be passed over.
func operandAt(b []byte) (n int, reach int32) {
	switch b[0] {
	case 0x48, 0x4c: // lea, and mov of which the format asks more
		if b[2]&7 == 5 && (b[1] == 0x8d || b[1] == 0x8b && b[0] == 0x48 && b[2]&0xf0 == 0) {
			return 3, filterReach
		}
	case 0xe8: // call
		return 1, filterReach / 2
	case 0xe9: // jmp stays
		return -4, 0
	case 0xf0: // lock add
		if b[1] == 0x83 && b[2] == 0x05 {
			return 3, filterReach
		}
	case 0xff: // call, indirect
		if b[1] == 0x15 {
			return 2, filterReach
		}
	}
	return 0, 0
}
