package bombs

import (
	"bytes"
	"hash/crc32"
	"slices"
)

var rars = []Bomb{
	attached("rar4-ppmd-noise", "a.rar", func() []byte {
		return rar4(rar4File{method: 0x33, data: slices.Concat([]byte{0xaf, 63}, noise(fileBytes, 11))})
	}),
	attached("rar4-ppmd-zeros", "a.rar", func() []byte {
		return rar4(rar4File{method: 0x33, data: slices.Concat([]byte{0xaf, 63}, make([]byte, fileBytes))})
	}),
	attached("rar4-ppmd-members", "a.rar", func() []byte {
		var all []rar4File
		for i := range 9000 {
			all = append(all, rar4File{method: 0x33, data: slices.Concat([]byte{0xaf, 63}, noise(3000, uint64(i)))})
		}
		return rar4(all...)
	}),
	attached("rar4-filters", "a.rar", func() []byte { return rar4(rar4File{method: 0x33, data: rar3Filters(8000, 20)}) }),
	attached("rar4-tables", "a.rar", func() []byte { return rar4(rar4File{method: 0x33, data: rar3Tables(fileBytes)}) }),
	attached("rar4-empty-members", "a.rar", func() []byte { return rar4(slices.Repeat([]rar4File{{method: 0x33, data: []byte{0}}}, 600_000)...) }),
	attached("rar4-solid-members", "a.rar", func() []byte {
		return rar4(slices.Repeat([]rar4File{{method: 0x33, flags: 0x10, data: rar3Zeros(100)}}, 60_000)...)
	}),
	attached("rar4-headers", "a.rar", func() []byte {
		return slices.Concat(rar4(), fill([]byte("\x00\x00\x74\x00\x00\x20\x00\x00\x00\x00\x00"), fileBytes))
	}),
	attached("rar4-damage", "a.rar", func() []byte {
		// Headers that are plausible but for their checksum, which covers 4 KiB.
		return slices.Concat(rar4(), []byte{0, 0, 0, 0, 0, 0, 0, 0}, fill(join(uint16(0), byte(0x74), uint16(0), uint16(4096), make([]byte, 17), byte(29), byte(0x33), make([]byte, 6)), fileBytes))
	}),
	attached("rar5-filters", "a.rar", func() []byte { return rar5(22, rar5Filters(8000, 4_000_000)) }),
	attached("rar5-large-filters", "a.rar", func() []byte { return rar5(26, rar5Filters(8000, 60_000_000)) }),
	attached("rar5-tables", "a.rar", func() []byte { return rar5(22, rar5Tables(fileBytes)) }),
	attached("rar5-window-members", "a.rar", func() []byte {
		return rar5(26, slices.Repeat([][]byte{rar5Block(nil, true)}, 60_000)...)
	}),
	{"rar5-locked-keys", func() ([]byte, error) {
		// PBKDF2 of 2^15 rounds, as WinRAR has it, with a salt for each file.
		crypt := slices.Concat([]byte{1, 0, 0, 15}, noise(32, 1))
		var b []byte
		b = append(b, "Rar!\x1a\x07\x01\x00"...)
		b = append(b, seal5([]byte{1, 0, 0})...)
		for i := range 5000 {
			crypt[4], crypt[5] = byte(i), byte(i>>8)
			extra := append([]byte{byte(len(crypt))}, crypt...)
			f := slices.Concat([]byte{2, 3, byte(len(extra)), 100, 4, 100, 0}, make([]byte, 4), []byte{0x80, 3, 0, 1, 'x'}, extra)
			b = slices.Concat(b, seal5(f), noise(100, uint64(i)))
		}
		return mail(candidates(100_000), "a.rar", b), nil
	}},
}

type rar4File struct {
	method  byte
	version byte // that it takes to unpack it; 29 if 0
	flags   uint16
	data    []byte
}

func seal4(h []byte) []byte {
	le.PutUint16(h[5:], uint16(len(h)))
	le.PutUint16(h, uint16(crc(h[2:])))
	return h
}

// rar4 is an archive of files with the largest window, whose size is not known.
func rar4(files ...rar4File) []byte {
	var b bytes.Buffer
	b.WriteString("Rar!\x1a\x07\x00")
	b.Write(seal4([]byte{0, 0, 0x73, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0}))
	for _, f := range files {
		version := f.version
		if version == 0 {
			version = 29
		}
		h := join(uint16(0), byte(0x74), uint16(0x80c0)|f.flags, uint16(0), uint32(len(f.data)), ^uint32(0), byte(2), uint32(0), uint32(0), version, f.method, uint16(1), uint32(0x20), "x")
		b.Write(seal4(h))
		b.Write(f.data)
	}
	return b.Bytes()
}

func seal5(fields []byte) []byte {
	b := append([]byte{0, 0, 0, 0, byte(len(fields))}, fields...)
	le.PutUint32(b, crc(b[4:]))
	return b
}

func uvarint(b []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// rar5 is an archive of files with a window of so many bits.
func rar5(window int, files ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteString("Rar!\x1a\x07\x01\x00")
	b.Write(seal5([]byte{1, 0, 0}))
	for _, f := range files {
		h := uvarint([]byte{2, 2}, uint64(len(f)))
		h = append(h, 8, 0, 0) // of unknown size
		h = uvarint(h, uint64(window-17)<<10|3<<7)
		b.Write(seal5(append(h, 0, 1, 'x')))
		b.Write(f)
	}
	return b.Bytes()
}

// preRar codes lengths with codes of four and five bits.
var preRar = func() alphabet {
	lengths := map[int]int{}
	for s := range 20 {
		lengths[s] = 4
		if s < 8 {
			lengths[s] = 5
		}
	}
	return newAlphabet(20, lengths)
}()

// putRarLengths writes the lengths of the codes of a block.
func putRarLengths(w *highBits, lengths []int) {
	for _, l := range preRar.lengths {
		w.put(uint64(l), 4)
	}
	for i := 0; i < len(lengths); {
		n := 1
		for n < 138 && i+n < len(lengths) && lengths[i+n] == lengths[i] {
			n++
		}
		switch {
		case lengths[i] == 0 && n >= 11:
			preRar.put(w, 19)
			w.put(uint64(n-11), 7)
			i += n
		case lengths[i] == 0 && n >= 3:
			n = min(n, 10)
			preRar.put(w, 18)
			w.put(uint64(n-3), 3)
			i += n
		default:
			preRar.put(w, lengths[i])
			i++
		}
	}
}

// mainRar3 has codes for a literal, the end of a block, a filter and the last match
// again; lengths of new matches, which have one distance.
var mainRar3 = newAlphabet(299, map[int]int{0: 2, 256: 3, 257: 3, 258: 2, 271 + 27: 2})

// withDistance are the lengths of all codes of a block: beside the main one there is a
// code of one distance.
func withDistance(main alphabet, n int) []int {
	all := append(slices.Clone(main.lengths), 1)
	return append(all, make([]int, n-len(all))...)
}

func rar3Start(w *highBits) {
	w.put(0, 2) // LZ, new lengths
	putRarLengths(w, withDistance(mainRar3, 404))
}

// rar3Match repeats the byte before some 258 times.
func rar3Match(w *highBits) {
	mainRar3.put(w, 271+27)
	w.put(31, 5)
	w.put(0, 1) // a distance of one
}

// rar3End is the end of a block that goes on with new tables, or of the file.
func rar3End(w *highBits, more bool) {
	mainRar3.put(w, 256)
	if more {
		w.put(1, 1)
	} else {
		w.put(0, 1)
		w.put(0, 1)
	}
}

func rar3Zeros(n int) []byte {
	var w highBits
	rar3Start(&w)
	for range n {
		mainRar3.put(&w, 0)
	}
	rar3End(&w, false)
	return w.bytes()
}

// rar3Tables is blocks of one byte.
func rar3Tables(n int) []byte {
	var w highBits
	for len(w.out) < n {
		w.bytes()
		rar3Start(&w)
		mainRar3.put(&w, 0)
		rar3End(&w, true)
	}
	return w.bytes()
}

// forged is n bytes with a checksum.
func forged(n int, want uint32) []byte {
	b := make([]byte, n)
	x := ^want
	for range 4 {
		for i, t := range crc32.IEEETable {
			if t>>24 == x>>24 {
				x = (x^t)<<8 | uint32(i)
				break
			}
		}
	}
	le.PutUint32(b[n-4:], x^^crc32.ChecksumIEEE(b[:n-4]))
	return b
}

// rar3Filters is blocks of the largest size, each with so many filters for sound.
func rar3Filters(each, blocks int) []byte {
	const size = 0x3c000
	var w highBits
	rar3Start(&w)
	for block := range blocks {
		for i := range each {
			var code highBits
			first := uint64(0x10)
			if block == 0 && i == 0 {
				first |= 0x80 | 0x20
				code.put(0, 6) // program 0: forget all
			}
			code.put(0, 6) // begins here
			if first&0x20 != 0 {
				code.put(3, 2)
				code.put(size, 32)
			}
			code.put(1, 7) // one register: a channel
			code.put(1, 6)
			if first&0x80 != 0 {
				code.put(1, 2) // 216 bytes of program
				code.put(216, 8)
				for _, c := range forged(216, 0xbc85e701) {
					code.put(uint64(c), 8)
				}
			}
			raw := code.bytes()
			mainRar3.put(&w, 257)
			if n := len(raw); n <= 6 {
				w.put(first|uint64(n-1), 8)
			} else {
				w.put(first|6, 8)
				w.put(uint64(n-7), 8)
			}
			for _, c := range raw {
				w.put(uint64(c), 8)
			}
		}
		mainRar3.put(&w, 0)
		for n := 1; n < size; n += 258 {
			rar3Match(&w)
		}
	}
	rar3End(&w, false)
	return w.bytes()
}

// mainRar5 is the same for RAR 5: a literal, a filter, the last match again, and the
// longest length, with a distance of one.
var mainRar5 = newAlphabet(306, map[int]int{0: 2, 256: 2, 257: 2, 262 + 43: 2})

// rar5Block is a block, with tables.
func rar5Block(body func(w *highBits), last bool) []byte {
	var w highBits
	putRarLengths(&w, withDistance(mainRar5, 430))
	if body != nil {
		body(&w)
	}
	used := w.have
	raw := w.bytes()
	if used == 0 {
		used = 8
	}
	flags := 0x80 | 2<<3 | byte(used-1)
	if last {
		flags |= 0x40
	}
	n := len(raw)
	size := []byte{byte(n), byte(n >> 8), byte(n >> 16)}
	return slices.Concat([]byte{flags, 0x5a ^ flags ^ size[0] ^ size[1] ^ size[2]}, size, raw)
}

func rar5Tables(n int) []byte {
	one := rar5Block(func(w *highBits) { mainRar5.put(w, 0) }, false)
	return append(fill(one, n), rar5Block(nil, true)...)
}

// rar5Filters is blocks of so many bytes with so many filters.
func rar5Filters(each, size int) []byte {
	return rar5Block(func(w *highBits) {
		for range 2 {
			for range each {
				mainRar5.put(w, 256)
				w.put(0, 2)
				w.put(0, 8)
				w.put(3, 2)
				for i := range 4 {
					w.put(uint64(size>>(8*i)&0xff), 8)
				}
				w.put(1, 3) // calls
			}
			mainRar5.put(w, 0)
			mainRar5.put(w, 262+43)
			w.put(1<<9-1, 9)
			w.put(0, 1)
			for n := 4097; n < size; n += 4097 {
				mainRar5.put(w, 257)
			}
		}
	}, true)
}
