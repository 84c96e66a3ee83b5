package rar3

import "encoding/binary"

// filterFunc changes a block in place. spare is memory to work in, returned for
// the next one; regs are the machine's registers: regs[6] is the block's offset in
// the file.
type filterFunc func(b, spare []byte, regs *[8]uint32) []byte

// standard are the programs that RAR writes, by the length and the CRC of their
// code.
var standard = []struct {
	length int
	crc    uint32
	run    filterFunc
}{
	{53, 0xad576887, func(b, s []byte, r *[8]uint32) []byte { calls(b, r[6], 0xe8); return s }},
	{57, 0x3cd7e57e, func(b, s []byte, r *[8]uint32) []byte { calls(b, r[6], 0xe9); return s }},
	{120, 0x3769893f, func(b, s []byte, r *[8]uint32) []byte { itanium(b, r[6]); return s }},
	{29, 0x0e06077d, delta},
	{149, 0x1c2c5dc8, rgb},
	{216, 0xbc85e701, audio},
}

// calls makes the operands of x86 calls, and of jumps if second says so, relative.
func calls(b []byte, offset uint32, second byte) {
	const size = 1 << 24
	for i := 0; i+4 < len(b); i++ {
		if b[i] != 0xe8 && b[i] != second {
			continue
		}
		at := offset + uint32(i) + 1
		v := binary.LittleEndian.Uint32(b[i+1:])
		switch {
		case int32(v) < 0:
			if int32(v+at) >= 0 {
				binary.LittleEndian.PutUint32(b[i+1:], v+size)
			}
		case v < size:
			binary.LittleEndian.PutUint32(b[i+1:], v-at)
		}
		i += 4
	}
}

// itanium makes the operands of branches in bundles of 16 bytes relative.
func itanium(b []byte, offset uint32) {
	slots := [16]byte{4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0}
	offset >>= 4
	for i := 0; i+21 < len(b); i += 16 {
		if kind := int(b[i]&0x1f) - 0x10; kind >= 0 {
			for slot := range 3 {
				if slots[kind]>>slot&1 == 0 {
					continue
				}
				bit := slot*41 + 5
				if bits(b[i:], bit+37, 4) == 5 {
					v := bits(b[i:], bit+13, 20)
					setBits(b[i:], (v-offset)&0xfffff, bit+13, 20)
				}
			}
		}
		offset++
	}
}

func bits(b []byte, at, n int) uint32 {
	return binary.LittleEndian.Uint32(b[at/8:]) >> (at % 8) & (1<<n - 1)
}

func setBits(b []byte, v uint32, at, n int) {
	mask := uint32(1<<n-1) << (at % 8)
	old := binary.LittleEndian.Uint32(b[at/8:])
	binary.LittleEndian.PutUint32(b[at/8:], old&^mask|v<<(at%8))
}

// scratch returns a copy of b in spare.
func scratch(b, spare []byte) []byte { return append(spare[:0], b...) }

// maxChannels is what unrar accepts.
const maxChannels = 1024

// delta sums differences, channel by channel.
func delta(b, spare []byte, r *[8]uint32) []byte {
	n := int(min(r[0], maxChannels+1))
	if n == 0 || n > maxChannels {
		return spare
	}
	src := scratch(b, spare)
	at := 0
	for c := range n {
		prev := byte(0)
		for i := c; i < len(b); i += n {
			prev -= src[at]
			b[i] = prev
			at++
		}
	}
	return src
}

// rgb predicts each byte of a picture from its left and upper neighbours.
func rgb(b, spare []byte, r *[8]uint32) []byte {
	width, red := int(min(r[0], maxBlock+1)), int(r[1])
	if len(b) < 3 || width < 3 || width > len(b) || red > 2 || red < 0 {
		return spare
	}
	src := scratch(b, spare)
	at := 0
	for c := range 3 {
		prev := 0
		for i := c; i < len(b); i += 3 {
			predicted := prev
			if i >= width {
				up, upLeft := int(b[i-width+3]), int(b[i-width])
				p := prev + up - upLeft
				pa, pb, pc := abs(p-prev), abs(p-up), abs(p-upLeft)
				switch {
				case pa <= pb && pa <= pc:
				case pb <= pc:
					predicted = up
				default:
					predicted = upLeft
				}
			}
			b[i] = byte(predicted - int(src[at]))
			prev = int(b[i])
			at++
		}
	}
	for i := red; i < len(b)-2; i += 3 {
		green := b[i+1]
		b[i] += green
		b[i+2] += green
	}
	return src
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

// audio predicts each sample from three before it, with weights that follow the
// error.
func audio(b, spare []byte, r *[8]uint32) []byte {
	n := int(min(r[0], maxChannels+1))
	if n == 0 || n > maxChannels {
		return spare
	}
	src := scratch(b, spare)
	at := 0
	for c := range n {
		var prev byte
		var d1, d2, d3, k1, k2, k3, last int
		var sums [7]int
		for i, count := c, 0; i < len(b); i, count = i+n, count+1 {
			d3, d2, d1 = d2, last-d1, last
			p := byte((8*int(prev) + k1*d1 + k2*d2 + k3*d3) >> 3)
			cur := src[at]
			at++
			p -= cur
			b[i] = p
			last = int(int8(p - prev))
			prev = p
			d := int(int8(cur)) << 3
			for j, v := range [7]int{d, d - d1, d + d1, d - d2, d + d2, d - d3, d + d3} {
				sums[j] += abs(v)
			}
			if count&0x1f == 0 {
				adapt(&sums, &k1, &k2, &k3)
			}
		}
	}
	return src
}

// adapt moves a weight towards where the error would have been least.
func adapt(sums *[7]int, k1, k2, k3 *int) {
	least := 0
	for j, v := range sums {
		if v < sums[least] {
			least = j
		}
	}
	*sums = [7]int{}
	for i, k := range []*int{k1, k2, k3} {
		if least == 2*i+1 && *k >= -16 {
			*k--
		}
		if least == 2*i+2 && *k < 16 {
			*k++
		}
	}
}
