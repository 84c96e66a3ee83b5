package bombs

import (
	"bytes"
	"slices"
)

var wims = []Bomb{
	attached("wim-names", "a.wim", func() []byte { return wimNames(0) }),
	attached("wim-folders", "a.wim", func() []byte { return wimNames(0x10) }),
	attached("wim-images", "a.wim", func() []byte { return wimImages() }),
	attached("wim-solids", "a.wim", func() []byte { return wimSolids() }),
	attached("wim-solid-images", "a.wim", func() []byte { return wimSolidImages(3000) }),
	attached("wim-lzms-zeros", "a.wim", func() []byte { return wimLZMS(make([]byte, 8<<20+8), 100) }),
	attached("wim-lzx-tables", "a.wim", func() []byte {
		one := lzxWIMTables(32 << 10)
		return wimChunks(1<<18, 32<<10, slices.Repeat([][]byte{one}, fileBytes/len(one)))
	}),
	attached("wim-xpress-noise", "a.wim", func() []byte {
		// Flat codes of nine bits.
		one := slices.Concat(bytes.Repeat([]byte{0x99}, 256), noise(500, 50))
		return wimChunks(1<<17, 32<<10, slices.Repeat([][]byte{one}, fileBytes/len(one)))
	}),
}

// Flags of a resource of a WIM file.
const (
	wimMetadata = 2
	wimPacked   = 4
	wimSolid    = 16
)

// wimResource is a resource in the lookup table, or the table itself in the header.
func wimResource(size int, flags byte, at, original int) []byte {
	return join(uint64(size)|uint64(flags)<<56, uint64(at), uint64(original))
}

// wim is a file with a table of entries behind its data.
func wim(flags uint32, chunk int, data, table []byte) []byte {
	h := make([]byte, 208)
	copy(h, "MSWIM\x00\x00\x00")
	le.PutUint32(h[8:], 208)
	le.PutUint32(h[16:], flags)
	le.PutUint32(h[20:], uint32(chunk))
	le.PutUint16(h[40:], 1)
	le.PutUint16(h[42:], 1)
	copy(h[48:], wimResource(len(table), 0, 208+len(data), len(table)))
	return slices.Concat(h, data, table)
}

func wimEntry(resource []byte, hash uint64) []byte {
	return join(resource, uint16(1), uint32(1), hash, make([]byte, 12))
}

// wimNames is a tree of entries that each have the next 64 KiB for a name.
func wimNames(attributes uint32) []byte {
	const n = 32<<20 - 1<<10
	one := bytes.Repeat([]byte("\x2d\x4e"), 52)
	copy(one, join(uint64(104), attributes))
	le.PutUint64(one[16:], 0)
	le.PutUint16(one[96:], 0)
	le.PutUint16(one[100:], 0xfffe)
	root := make([]byte, 104)
	copy(root, join(uint64(104), uint32(0x10), uint32(0), uint64(112)))
	tree := slices.Concat(join(uint64(8)), root, fill(one, n-200))
	return wim(0, 0, tree, wimEntry(wimResource(len(tree), wimMetadata, 208, len(tree)), 1))
}

// wimImages is as many images as there is room for, which are all one.
func wimImages() []byte {
	const n = 4 << 20
	one := make([]byte, 104)
	copy(one, join(uint64(104), uint32(0x10)))
	root := make([]byte, 104)
	copy(root, join(uint64(104), uint32(0x10), uint32(0), uint64(112)))
	tree := slices.Concat(join(uint64(8)), root, fill(one, n))
	return wim(0, 0, tree, fill(wimEntry(wimResource(len(tree), wimMetadata, 208, len(tree)), 1), fileBytes-n))
}

// wimSolids is files behind all of many empty solid resources.
func wimSolids() []byte {
	var table []byte
	for range 40_000 {
		table = append(table, wimEntry(wimResource(16, wimSolid, 208, 1<<32), 0)...)
	}
	for i := range 39_000 {
		table = append(table, wimEntry(wimResource(1, wimSolid, 1<<40, 0), uint64(i+1))...)
	}
	return wim(0, 0, join(uint64(0), uint32(1<<20), uint32(0)), table)
}

// wimSolidImages is n solid resources that are one, with an image in each.
func wimSolidImages(n int) []byte {
	const chunk = 2 << 20
	packed := lzxWIMZeros(chunk)
	data := join(uint64(chunk), uint32(chunk), uint32(2), uint32(len(packed)), packed)
	var table []byte
	for i := range n {
		table = append(table, wimEntry(wimResource(len(data), wimSolid, 208, 1<<32), 0)...)
		table = append(table, wimEntry(wimResource(chunk, wimSolid|wimMetadata, 0, 0), uint64(i+1))...)
		table = append(table, wimEntry(wimResource(0, 0, 208, 0), 1<<40)...)
	}
	return wim(1<<18, 0, data, table)
}

// wimLZMS is n files of 64 MiB that are one chunk each, and all of them the same.
func wimLZMS(packed []byte, n int) []byte {
	const size = 64 << 20
	var table []byte
	for i := range n {
		table = append(table, wimEntry(wimResource(len(packed), wimPacked, 208, size-i), uint64(i+1))...)
	}
	return wim(1<<19, size, packed, table)
}

// wimChunks is one file of chunks.
func wimChunks(flags uint32, chunk int, chunks [][]byte) []byte {
	var places []byte
	at := 0
	for i, c := range chunks {
		if i > 0 {
			places = le.AppendUint32(places, uint32(at))
		}
		at += len(c)
	}
	data := append(places, slices.Concat(chunks...)...)
	return wim(flags, chunk, data, wimEntry(wimResource(len(data), wimPacked, 208, chunk*len(chunks)), 1))
}

// lzxWIMSize writes the size of a block.
func lzxWIMSize(w *highBits, size, chunk int) {
	if size == 32<<10 {
		w.put(1, 1)
		return
	}
	w.put(0, 1)
	if chunk > 1<<16 {
		w.put(uint64(size), 24)
	} else {
		w.put(uint64(size), 16)
	}
}

// lzxWIMTables is a chunk of n bytes in blocks of one byte each, as far as it may be
// packed, and one block of what is left.
func lzxWIMTables(n int) []byte {
	var w highBits
	for left := n; left > 0; {
		size := 1
		if len(w.out) > n-left/8-400 {
			size = left
		}
		w.put(1, 3)
		lzxWIMSize(&w, size, n)
		lzxCodes(&w, 240, 249, left == n)
		for range size {
			w.put(0, 1)
		}
		left -= size
	}
	return swapped(w.bytes())
}

// lzxWIMZeros is a chunk of one byte, and of matches of a distance of one.
func lzxWIMZeros(n int) []byte {
	const byLength, longest = 7, 248
	var w highBits
	w.put(1, 3)
	lzxWIMSize(&w, n, n)
	pre := lzxPre(&w, 16)
	pre.put(&w, 16)
	lzxZeros(&w, pre, 255)
	pre = lzxPre(&w, 16)
	lzxZeros(&w, pre, byLength)
	pre.put(&w, 16)
	lzxZeros(&w, pre, 400-byLength-1)
	pre = lzxPre(&w, 16)
	lzxZeros(&w, pre, longest)
	pre.put(&w, 16)
	w.put(0, 1)
	for i := 1; i < n; i += 257 {
		w.put(2, 2)
	}
	return swapped(w.bytes())
}
