package bombs

import "encoding/binary"

// lowBits writes the least significant bit first, as deflate does.
type lowBits struct {
	out  []byte
	acc  uint64
	have uint
}

func (w *lowBits) put(v uint64, n uint) {
	w.acc |= v << w.have
	for w.have += n; w.have >= 8; w.have -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

func (w *lowBits) bytes() []byte {
	if w.have > 0 {
		w.put(0, 8-w.have)
	}
	return w.out
}

// highBits writes the most significant bit first.
type highBits struct {
	out  []byte
	acc  uint64
	have uint
}

func (w *highBits) put(v uint64, n uint) {
	for n > 32 {
		w.put(v>>32, n-32)
		v, n = v&0xffffffff, 32
	}
	w.acc = w.acc<<n | v
	for w.have += n; w.have >= 8; w.have -= 8 {
		w.out = append(w.out, byte(w.acc>>(w.have-8)))
	}
	w.acc &= 1<<w.have - 1
}

func (w *highBits) bytes() []byte {
	if w.have > 0 {
		w.put(0, 8-w.have)
	}
	return w.out
}

var le, be = binary.LittleEndian, binary.BigEndian

// join puts values together, little-endian; strings and bytes as they are.
func join(fields ...any) []byte { return joined(le, fields) }

// joinBE is join for big-endian numbers.
func joinBE(fields ...any) []byte { return joined(be, fields) }

func joined(order binary.ByteOrder, fields []any) (b []byte) {
	for _, f := range fields {
		switch v := f.(type) {
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		default:
			b, _ = binary.Append(b, order, v)
		}
	}
	return b
}
