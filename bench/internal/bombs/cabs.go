package bombs

import (
	"bytes"
	"fmt"
	"slices"
)

var cabs = []Bomb{
	attached("cab-lzx-tables", "a.cab", func() []byte {
		return cab(0x1503, 100, lzxFrames(600))
	}),
	attached("cab-lzx-calls", "a.cab", func() []byte {
		one := slices.Concat(lzxStored(bytes.Repeat([]byte{0xe8, 0, 0, 0, 0}, 6554)[:32<<10], 0x7fffffff))
		return cab(0x1503, 100, append([]cabData{{one, 32 << 10}}, slices.Repeat([]cabData{{lzxStoredMore(bytes.Repeat([]byte{0xe8, 0, 0, 0, 0}, 6554)[:32<<10]), 32 << 10}}, 1100)...))
	}),
	attached("cab-quantum-zeros", "a.cab", func() []byte {
		// Literals without an end, in the dearest of all methods.
		return cab(0x1572, 100, slices.Repeat([]cabData{{make([]byte, 600), 32 << 10}}, 60_000))
	}),
	attached("cab-mszip-tables", "a.cab", func() []byte {
		one := append([]byte("CK"), tables(32_000, true)...)
		return cab(1, 100, slices.Repeat([]cabData{{one, 32 << 10}}, 1100))
	}),
	attached("cab-empty-data", "a.cab", func() []byte { return cab(0, 100, slices.Repeat([]cabData{{nil, 0}}, 4_000_000)) }),
	attached("cab-backwards", "a.cab", func() []byte {
		// Files that lie in one folder from its end to its start.
		return cab(0x1503, 9000, lzxFrames(300))
	}),
	attached("chm-entries", "a.chm", func() []byte { return chm(fileBytes) }),
	attached("lzh-lh5-blocks", "a.lzh", func() []byte { return lzh("-lh5-", lh5Blocks(fileBytes, 4)) }),
	attached("lzh-lh5-noise", "a.lzh", func() []byte { return lzh("-lh5-", noise(fileBytes, 20)) }),
	attached("lzh-lh1-noise", "a.lzh", func() []byte { return lzh("-lh1-", noise(fileBytes, 21)) }),
	attached("lzh-lh1-zeros", "a.lzh", func() []byte { return lzh("-lh1-", make([]byte, fileBytes)) }),
	attached("lzh-members", "a.lzh", func() []byte {
		var b []byte
		one := lzh("-lh7-", lh5Blocks(10, 5))
		for range 500_000 {
			b = append(b, one...)
		}
		return b
	}),
	attached("lzh-headers", "a.lzh", func() []byte {
		return slices.Concat(lzh("-lh0-", []byte("x")), fill([]byte("\x18\x00-lh5-\x00\x00\x00\x00"), fileBytes))
	}),
	attached("arj-blocks", "a.arj", func() []byte { return arj(1, lh5Blocks(fileBytes, 5)) }),
	attached("arj-method4", "a.arj", func() []byte { return arj(4, make([]byte, fileBytes)) }),
	attached("arj-headers", "a.arj", func() []byte {
		return slices.Concat(arj(0, []byte("x")), fill(join([]byte{0x60, 0xea}, uint16(32), byte(30)), fileBytes))
	}),
	attached("szdd-noise", "a.ex_", func() []byte {
		return slices.Concat([]byte("SZDD\x88\xf0\x27\x33A\x00\xff\xff\xff\x7f"), make([]byte, fileBytes))
	}),
	attached("kwaj-lzh", "a.ex_", func() []byte {
		return slices.Concat([]byte("KWAJ\x88\xf0\x27\xd1\x03\x00\x0e\x00\x00\x00\x00\x00\x00"), noise(fileBytes, 22)) // flat codes
	}),
}

type cabData struct {
	packed []byte
	size   int
}

// cab is a cabinet of n files in one folder, the last of it first.
func cab(method uint16, n int, data []cabData) []byte {
	n = min(n, 65_000)
	var files, body bytes.Buffer
	total := 0
	for _, d := range data {
		total += d.size
	}
	for i := range n {
		name := fmt.Sprintf("%x\x00", i)
		size := total / n
		files.Write(join(uint32(size), uint32((n-1-i)*size), uint16(0), uint16(0), uint16(0), uint16(0x20), name))
	}
	for _, d := range data {
		body.Write(join(uint32(0), uint16(len(d.packed)), uint16(d.size), d.packed))
	}
	at := 36 + 8
	head := join("MSCF", uint32(0), uint32(at+files.Len()+body.Len()), uint32(0), uint32(at), uint32(0), byte(3), byte(1), uint16(1), uint16(n), uint16(0), uint16(0), uint16(0))
	folder := join(uint32(at+files.Len()), uint16(min(len(data), 65_535)), method)
	return slices.Concat(head, folder, files.Bytes(), body.Bytes())
}

// swapped puts the bytes of each 16-bit word in their order.
func swapped(b []byte) []byte {
	for len(b)%2 != 0 {
		b = append(b, 0)
	}
	for i := 0; i < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return b
}

// lzxStored is a frame of a stored block, of a stream that translates calls up to a size.
func lzxStored(body []byte, calls uint32) []byte {
	var w highBits
	w.put(1, 1)
	w.put(uint64(calls>>16), 16)
	w.put(uint64(calls&0xffff), 16)
	return lzxBlock(&w, body)
}

func lzxStoredMore(body []byte) []byte { return lzxBlock(&highBits{}, body) }

func lzxBlock(w *highBits, body []byte) []byte {
	w.put(3, 3)
	w.put(uint64(len(body)), 24)
	return slices.Concat(swapped(w.bytes()), join(uint32(1), uint32(1), uint32(1)), body)
}

// lzxFrames is n frames of the largest size.
func lzxFrames(n int) []cabData {
	const size, room = 32 << 10, 60_000
	all := []cabData{{lzxTables(size, room, true), size}}
	return append(all, slices.Repeat([]cabData{{lzxTables(size, room, false), size}}, n-1)...)
}

// lzxTables is a frame of n bytes in blocks of one byte each, as far as room bytes last,
// and one block of what is left.
func lzxTables(n, room int, first bool) []byte {
	var w highBits
	if first {
		w.put(0, 1)
	}
	for left := n; left > 0; {
		size := 1
		if len(w.out) > room-left/8-200 {
			size = left
		}
		w.put(1, 3)
		w.put(uint64(size), 24)
		lzxCodes(&w, 400, 249, first && left == n)
		for range size {
			w.put(0, 1)
		}
		left -= size
	}
	return swapped(w.bytes())
}

// lzxCodes writes the codes of a block: the first byte has one, of one bit, and no other
// symbol has any. Lengths are told by their difference from those of the block before.
func lzxCodes(w *highBits, matches, lengths int, first bool) {
	delta := 0
	if first {
		delta = 16
	}
	pre := lzxPre(w, delta)
	pre.put(w, delta)
	lzxZeros(w, pre, 255)
	pre = lzxPre(w, delta)
	lzxZeros(w, pre, matches)
	pre = lzxPre(w, delta)
	lzxZeros(w, pre, lengths)
}

// lzxPre writes a code of lengths: 17 is for up to 19 zeros, 18 for up to 51.
func lzxPre(w *highBits, delta int) alphabet {
	pre := newAlphabet(20, map[int]int{delta: 2, 17: 2, 18: 1})
	for _, n := range pre.lengths {
		w.put(uint64(n), 4)
	}
	return pre
}

func lzxZeros(w *highBits, pre alphabet, n int) {
	for n > 0 {
		k := min(51, n)
		if n > 51 && n < 55 {
			k = 47 // what is left of them must be four at least
		}
		if k < 20 {
			pre.put(w, 17)
			w.put(uint64(k-4), 4)
		} else {
			pre.put(w, 18)
			w.put(uint64(k-20), 5)
		}
		n -= k
	}
}

// lzh is an archive of one member with a header of level 0.
func lzh(method string, data []byte) []byte {
	h := join(method, uint32(len(data)), uint32(400<<20), uint32(0), byte(0x20), byte(0), byte(1), "x", uint16(0))
	sum := byte(0)
	for _, c := range h {
		sum += c
	}
	return slices.Concat([]byte{byte(len(h)), sum}, h, data)
}

// chm is help with n bytes of entries of one letter each.
func chm(n int) []byte {
	const leaf = 64 << 10
	head := make([]byte, 0x60)
	copy(head, "ITSF\x03\x00\x00\x00\x60\x00\x00\x00")
	le.PutUint64(head[0x48:], 0x60)
	le.PutUint64(head[0x50:], uint64(n))
	le.PutUint64(head[0x58:], 0x60)
	directory := make([]byte, 0x54)
	copy(directory, "ITSP")
	le.PutUint32(directory[8:], 0x54)
	le.PutUint32(directory[16:], leaf)
	le.PutUint32(directory[0x2c:], uint32(n/leaf))
	one := slices.Concat([]byte("PMGL"), make([]byte, 16), bytes.Repeat([]byte{1, 'a', 0, 0, 1}, (leaf-20)/5))
	return slices.Concat(head, directory, bytes.Repeat(padded(one, leaf), n/leaf))
}

// lh5Blocks is blocks of one symbol each, with codes that have one symbol each; that of
// distances is told in so many bits.
func lh5Blocks(n int, distances uint) []byte {
	var w highBits
	for len(w.out) < n {
		w.put(1, 16)
		w.put(0, 5) // the code of lengths
		w.put(0, 5)
		w.put(0, 9) // of literals
		w.put('x', 9)
		w.put(0, distances)
		w.put(0, distances)
	}
	return w.bytes()
}

func arj(method byte, data []byte) []byte {
	header := func(kind, method byte, packed, size int) []byte {
		h := join([]byte{30, 11, 1, 0, 0, method, kind, 0}, uint32(0), uint32(packed), uint32(size), uint32(0), uint16(0), uint16(0x20), uint16(0), "x\x00\x00")
		return join([]byte{0x60, 0xea}, uint16(len(h)), h, crc(h), uint16(0))
	}
	return slices.Concat(header(2, 0, 0, 0), header(0, method, len(data), 400<<20), data)
}
