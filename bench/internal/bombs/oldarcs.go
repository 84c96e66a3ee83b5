package bombs

import (
	"bytes"
	"slices"
	"strings"
)

var oldarcs = []Bomb{
	attached("egg-names", "a.egg", func() []byte { return eggNames() }),
	attached("egg-comments", "a.egg", func() []byte {
		note := eggExtra(0x04c63672, 0x08, bytes.Repeat([]byte{0xb0, 0xa1}, 30_000))
		return egg(fill(note, fileBytes))
	}),
	attached("egg-empty-blocks", "a.egg", func() []byte { return egg(append(eggFile(), fill(eggBlock(1, nil, 0), fileBytes)...)) }),
	attached("egg-lzma-blocks", "a.egg", func() []byte {
		return egg(append(eggFile(), fill(eggBlock(4, slices.Concat([]byte{224, 0, 0, 0, 4}, make([]byte, 30)), 1<<20), fileBytes)...))
	}),
	attached("egg-deflate-blocks", "a.egg", func() []byte { return egg(append(eggFile(), fill(eggBlock(1, tables(30, true), 1), fileBytes)...)) }),
	attached("egg-bzip2-blocks", "a.egg", func() []byte {
		return egg(append(eggFile(), fill(eggBlock(2, bzip2Noise(10)[:30_000], 1), fileBytes)...))
	}),
	attached("egg-magics", "a.egg", func() []byte { return egg(append(eggFile(), fill([]byte("\xe3\x90\x85\x0a"), fileBytes)...)) }),
	attached("alz-bzip2-noise", "a.alz", func() []byte { return alz(1, noise(fileBytes, 70)) }),
	attached("alz-deflate-members", "a.alz", func() []byte {
		return append([]byte("ALZ\x01\x0a\x00\x00\x00"), fill(alz(2, tables(200, true))[8:], fileBytes)...)
	}),
	{"alz-locked-keys", func() ([]byte, error) {
		one := alz(2, noise(3000, 71))[8:]
		one[11] |= 1
		return mail(candidates(100_000), "a.alz", append([]byte("ALZ\x01\x0a\x00\x00\x00"), fill(one, 30<<20)...)), nil
	}},
	attached("ace-headers", "a.ace", func() []byte {
		return slices.Concat(ace(1, 10, nil), fill([]byte{0, 0, 0xff, 0xff, 1, 1, 0, 0, 0}, fileBytes))
	}),
	attached("ace-lz77-noise", "a.ace", func() []byte { return ace(1, 1<<30, noise(fileBytes, 72)) }),
	attached("ace-codes", "a.ace", func() []byte { return ace(1, 1<<30, aceCodes(fileBytes)) }),
	attached("ace-members", "a.ace", func() []byte {
		main := ace(1, 10, nil)[:aceMain]
		return append(main, fill(ace(1, 100, aceCodes(60))[aceMain:], fileBytes)...)
	}),
	attached("ace-pictures", "a.ace", func() []byte { return ace(2, 1<<30, acePictures()) }),
	attached("arc-crunched-noise", "a.arc", func() []byte { return arc(5, 1<<30, noise(fileBytes, 73)) }),
	attached("arc-crunched-zeros", "a.arc", func() []byte { return arc(7, 1<<30, make([]byte, fileBytes)) }),
	attached("arc-squeezed-chain", "a.arc", func() []byte {
		var b []byte
		b = le.AppendUint16(b, 257)
		for i := range 257 {
			next := i + 1
			if i == 256 {
				next = -2
			}
			b = append(b, join(^int16(i), int16(next))...)
		}
		return arc(4, 1<<30, append(b, bytes.Repeat([]byte{255}, fileBytes)...))
	}),
	attached("arc-members", "a.arc", func() []byte { return fill(arc(5, 100, make([]byte, 20)), 2<<20) }),
	attached("arc-marks", "a.arc", func() []byte { return append(arc(2, 1, []byte("x")), fill([]byte{0x1a, 5, 'x', 0}, fileBytes)...) }),
	attached("zoo-chain", "a.zoo", func() []byte { return zoo(1, 20_000, noise(100, 74)) }),
	attached("zoo-shared", "a.zoo", func() []byte { return zoo(2, 9000, lh5Blocks(30<<20, 4)) }),
	attached("zoo-marks", "a.zoo", func() []byte { return append(zoo(1, 1, nil), fill([]byte("\xdc\xa7\xc4\xfd"), fileBytes)...) }),
	attached("rar15-noise", "a.rar", func() []byte { return rar4(rar4File{method: 0x33, version: 15, data: noise(fileBytes, 75)}) }),
	attached("rar15-zeros", "a.rar", func() []byte { return rar4(rar4File{method: 0x33, version: 15, data: make([]byte, fileBytes)}) }),
	attached("rar15-members", "a.rar", func() []byte {
		return rar4(slices.Repeat([]rar4File{{method: 0x33, version: 15, data: noise(30, 76)}}, 100_000)...)
	}),
	attached("rar20-tables", "a.rar", func() []byte { return rar4(rar4File{method: 0x33, version: 20, data: noise(fileBytes, 77)}) }),
}

func egg(rest []byte) []byte {
	return slices.Concat([]byte("EGGA\x00\x01"), join(uint32(1), uint32(0), uint32(0x08e28222)), rest)
}

func eggExtra(sign uint32, flags byte, body []byte) []byte {
	return join(sign, flags, uint16(len(body)), body)
}

func eggFile() []byte { return join(uint32(0x0a8590e3), uint32(1), uint64(1), uint32(0x08e28222)) }

func eggBlock(method byte, data []byte, size int) []byte {
	return join(uint32(0x02b50c13), method, byte(0), uint32(size), uint32(len(data)), uint32(0), uint32(0x08e28222), data)
}

// eggNames is a file with a name of 64 KiB, which the names of others go on with.
func eggNames() []byte {
	long := strings.Repeat("n", 65_400)
	file := func(id int, names ...[]byte) []byte {
		return slices.Concat(join(uint32(0x0a8590e3), uint32(id), uint64(0)), slices.Concat(names...), join(uint32(0x08e28222)))
	}
	one := eggExtra(0x0a8591ac, 0x10, join(uint32(1), "n"))
	return egg(slices.Concat(file(1, eggExtra(0x0a8591ac, 0, []byte(long))), fill(file(2, bytes.Repeat(one, 60)), fileBytes)))
}

// alz is an archive of one file.
func alz(method byte, data []byte) []byte {
	return join("ALZ\x01\x0a\x00\x00\x00", "BLZ\x01", uint16(1), byte(0x20), uint32(0), byte(0x40), byte(0), method, byte(0), uint32(0), uint32(len(data)), uint32(1<<30), "x", data)
}

// aceMain is the length of an archive's header.
const aceMain = 4 + 26

// ace is an archive of one file.
func ace(method byte, size int, data []byte) []byte {
	seal := func(h []byte) []byte { return join(uint16(^crc(h)), uint16(len(h)), h) }
	main := join(byte(0), uint16(0), "**ACE**", byte(20), byte(20), byte(2), byte(0), make([]byte, 12))
	file := join(byte(1), uint16(1), uint32(len(data)), uint32(size), uint32(0), uint32(0x20), uint32(0), method, byte(3), uint16(10), uint16(0), uint16(1), "x")
	return slices.Concat(seal(main), seal(file), data)
}

// aceWords puts the bytes of each 32-bit word in their order.
func aceWords(b []byte) []byte {
	b = padded(b, 4)
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	return b
}

// aceCode is a code of one symbol, of one bit.
func aceCode(w *highBits) {
	w.put(0, 9) // one width
	w.put(0, 4)
	w.put(1, 4)
	w.put(1, 3) // of two kinds of them, one bit each
	w.put(1, 3)
	w.put(0, 1)
}

// aceCodes is blocks of one symbol each.
func aceCodes(n int) []byte {
	var w highBits
	for len(w.out) < n {
		aceCode(&w)
		aceCode(&w)
		w.put(1, 15)
		w.put(0, 1)
	}
	return aceWords(w.bytes())
}

// acePictures begins one picture after the other.
func acePictures() []byte {
	const symMode, picture, none = 283, 7, 0
	var w highBits
	for len(w.out) < fileBytes {
		// A code whose last symbol alone is used.
		w.put(symMode, 9)
		w.put(0, 4)
		w.put(2, 4)
		w.put(1, 3)
		w.put(2, 3)
		w.put(2, 3)
		for left := symMode; left > 0; {
			n := min(left, 19)
			if left-n > 0 && left-n < 4 {
				n -= 4
			}
			w.put(3, 2)
			w.put(uint64(n-4), 4)
			left -= n
		}
		w.put(2, 2)
		aceCode(&w)
		w.put(1, 15)
		w.put(0, 1)
		w.put(picture, 8)
		w.put(0xff0, 12)
		w.put(0xfffe, 20)
		w.put(0, 2)
		w.put(0, 1)
		w.put(0, 1)
		w.put(none, 8)
	}
	return aceWords(w.bytes())
}

// arc is an archive of one file, without an end.
func arc(method byte, size int, data []byte) []byte {
	name := make([]byte, 13)
	copy(name, "x.bin")
	return join(byte(0x1a), method, name, uint32(len(data)), uint16(0x5821), uint16(0), uint16(0), uint32(size), data)
}

// zoo is a chain of n entries with the same data.
func zoo(method byte, n int, data []byte) []byte {
	head := join(make([]byte, 20), "\xdc\xa7\xc4\xfd", uint32(34+len(data)), uint32(0), byte(2), byte(0))
	b := slices.Concat(head, data)
	for i := range n {
		next := len(b) + 64
		name := []byte("a" + hex8(i) + ".bin")
		e := join("\xdc\xa7\xc4\xfd", byte(1), method, uint32(next), uint32(34), uint32(0), uint16(0), uint32(1<<30), uint32(len(data)), byte(2), byte(0), byte(0), byte(0), uint32(0), uint16(0), name[:13])
		b = append(b, padded(e, 64)...)
	}
	return b
}
