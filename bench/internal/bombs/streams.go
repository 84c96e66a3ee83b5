package bombs

import (
	"bytes"
	"compress/flate"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/zstd"
)

var streams = []Bomb{
	attached("gzip-empty-members", "a.gz", func() []byte {
		return fill([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), fileBytes)
	}),
	attached("gzip-empty-blocks", "a.gz", func() []byte { return gzipOf(emptyStored(fileBytes)) }),
	attached("gzip-tables", "a.gz", func() []byte { return gzipOf(tables(fileBytes, false)) }),
	attached("gzip-zeros", "a.gz", func() []byte { return gzipOf(deflateZeros(fileBytes)) }),
	attached("gzip-broken-members", "a.gz", func() []byte {
		return fill([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x07"), fileBytes)
	}),
	attached("bzip2-empty-streams", "a.bz2", func() []byte { return fill([]byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"), fileBytes) }),
	attached("bzip2-trees", "a.bz2", func() []byte { return bzip2Trees(fileBytes) }),
	attached("bzip2-selectors", "a.bz2", func() []byte { return bzip2Selectors(fileBytes) }),
	attached("bzip2-noise-block", "a.bz2", func() []byte { return bzip2Noise(fileBytes) }),
	attached("xz-empty-streams", "a.xz", func() []byte { return fill(xzStream(), fileBytes) }),
	attached("xz-empty-blocks", "a.xz", func() []byte {
		return slices.Concat(xzStream()[:12], fill(xzBlock([]byte{0}), fileBytes))
	}),
	attached("xz-resets", "a.xz", func() []byte { return slices.Concat(xzStream()[:12], xzBlock(lzma2Resets(fileBytes))) }),
	attached("lzma-zeros", "a.lzma", func() []byte {
		return slices.Concat([]byte{0x5d, 0, 0, 0, 4}, bytes.Repeat([]byte{255}, 8), make([]byte, fileBytes))
	}),
	attached("lzip-empty-members", "a.lz", func() []byte {
		// The end marker of a stream of LZMA with nothing in it.
		return fill([]byte("LZIP\x01\x1a\x00\x83\xff\xfb\xff\xff\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x24\x00\x00\x00\x00\x00\x00\x00"), fileBytes)
	}),
	attached("lzip-headers", "a.lz", func() []byte { return fill([]byte("LZIP\x01\x1a\xff"), fileBytes) }),
	attached("zstd-skippable", "a.zst", func() []byte {
		return slices.Concat(zstdOf([]byte("x")), fill([]byte("\x50\x2a\x4d\x18\x00\x00\x00\x00"), fileBytes))
	}),
	attached("zstd-empty-blocks", "a.zst", func() []byte { return slices.Concat([]byte("\x28\xb5\x2f\xfd\x00\x88"), make([]byte, fileBytes/3*3)) }),
	attached("zstd-rle", "a.zst", func() []byte {
		// Blocks of 128 KiB in four bytes.
		return slices.Concat([]byte("\x28\xb5\x2f\xfd\x00\x88"), fill([]byte{0x02, 0x00, 0x10, 'a'}, fileBytes))
	}),
	attached("zstd-frames", "a.zst", func() []byte { return fill(zstdOf(words(300)), fileBytes) }),
	attached("zstd-window-frames", "a.zst", func() []byte {
		// A window of 64 MiB for one byte.
		return fill([]byte("\x28\xb5\x2f\xfd\x00\x80\x09\x00\x00a"), fileBytes)
	}),
	attached("zstd-tables", "a.zst", func() []byte { return zstdTables(fileBytes) }),
	attached("lz4-empty-frames", "a.lz4", func() []byte { return fill([]byte("\x04\x22\x4d\x18\x40\x40\xc0\x00\x00\x00\x00"), fileBytes) }),
	attached("lz4-tiny-blocks", "a.lz4", func() []byte {
		return slices.Concat([]byte("\x04\x22\x4d\x18\x40\x70\xdf"), fill([]byte("\x01\x00\x00\x80a"), fileBytes))
	}),
	attached("lz4-skippable", "a.lz4", func() []byte {
		return slices.Concat([]byte("\x04\x22\x4d\x18\x40\x40\xc0\x00\x00\x00\x00"), fill([]byte("\x50\x2a\x4d\x18\x00\x00\x00\x00"), fileBytes))
	}),
	attached("compress-clears", "a.Z", func() []byte {
		// The first code is a byte; each group of eight codes begins with a clear.
		return slices.Concat([]byte("\x1f\x9d\x90"), fill([]byte("\x61\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"), fileBytes))
	}),
	attached("compress-noise", "a.Z", func() []byte { return slices.Concat([]byte("\x1f\x9d\x90"), noise(fileBytes, 2)) }),
	attached("lzop-tiny-blocks", "a.lzo", func() []byte {
		head := "\x89LZO\x00\x0d\x0a\x1a\x0a\x10\x30\x20\xa0\x09\x40\x01\x05\x00\x00\x00\x00\x00\x00\x81\xa4\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		return slices.Concat([]byte(head), fill([]byte("\x00\x00\x00\x01\x00\x00\x00\x01a"), fileBytes))
	}),
}

// words is n bytes of text.
func words(n int) []byte {
	list := []string{"invoice ", "please ", "find ", "attached ", "the ", "document ", "of ", "payment ", "\r\n", "order "}
	var b []byte
	for i, v := range noise(n, 9) {
		b = append(b, list[(int(v)+i)%len(list)]...)
	}
	return b[:n]
}

func gzipOf(deflated []byte) []byte {
	return slices.Concat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), deflated, make([]byte, 8))
}

// emptyStored is deflate in stored blocks of no bytes.
func emptyStored(n int) []byte {
	return slices.Concat(fill([]byte{0, 0, 0, 0xff, 0xff}, n), []byte{3, 0})
}

// tables is deflate in blocks with the shortest description of codes, that has one
// literal or none for each.
func tables(n int, literal bool) []byte {
	var w lowBits
	for len(w.out) < n {
		w.put(4, 3) // dynamic, not the last
		w.put(0, 5) // 257 literals
		w.put(0, 5) // one distance
		w.put(14, 4)
		for i := range 18 {
			switch i {
			case 2, 17: // 18 and 1 have codes of one bit
				w.put(1, 3)
			default:
				w.put(0, 3)
			}
		}
		// 1 is "0", 18 is "1".
		if literal {
			w.put(0, 1)
			w.put(1, 1)
			w.put(138-11, 7)
			w.put(1, 1)
			w.put(117-11, 7)
		} else {
			w.put(1, 1)
			w.put(138-11, 7)
			w.put(1, 1)
			w.put(118-11, 7)
		}
		w.put(0, 1)
		w.put(0, 1)
		if literal {
			w.put(0, 1)
			w.put(1, 1)
		} else {
			w.put(0, 1)
		}
	}
	w.put(3, 3)
	w.put(0, 7)
	return w.bytes()
}

// deflateZeros is one block of matches of 258 bytes with codes of one bit.
func deflateZeros(n int) []byte {
	var w lowBits
	w.put(4, 3)
	w.put(29, 5)
	w.put(0, 5)
	w.put(14, 4)
	for i := range 18 {
		switch i {
		case 2, 17:
			w.put(2, 3)
		case 15: // 2
			w.put(1, 3)
		default:
			w.put(0, 3)
		}
	}
	// 2 is "0", 1 is "10", 18 is "11".
	w.put(0, 1) // literal 0: two bits
	w.put(3, 2)
	w.put(138-11, 7)
	w.put(3, 2)
	w.put(117-11, 7)
	w.put(0, 1) // end: two bits
	w.put(3, 2)
	w.put(28-11, 7)
	w.put(1, 2) // 285: one bit
	w.put(1, 2) // a distance of 1: one bit
	w.put(1, 2) // literal 0 is "10"
	for len(w.out) < n {
		w.put(0, 32)
		w.put(0, 20)
	}
	return w.bytes()
}

// bzip2 magics.
const (
	bzip2Block = 0x314159265359
	bzip2End   = 0x177245385090
)

// bzip2Sum is the checksum of a block.
func bzip2Sum(b []byte) uint32 {
	sum := ^uint32(0)
	for _, c := range b {
		sum ^= uint32(c) << 24
		for range 8 {
			if sum>>31 == 1 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return ^sum
}

// bzip2Head writes a block up to its selectors: all bytes are used.
func bzip2Head(w *highBits, sum uint32, trees, selectors int) {
	w.put(bzip2Block, 48)
	w.put(uint64(sum), 32)
	w.put(0, 1)
	bzip2Codes(w, trees, selectors)
}

// bzip2Codes writes what precedes the trees of a block.
func bzip2Codes(w *highBits, trees, selectors int) {
	w.put(0, 24)
	w.put(0xffff, 16)
	for range 16 {
		w.put(0xffff, 16)
	}
	w.put(uint64(trees), 3)
	w.put(uint64(selectors), 15)
	for range selectors {
		w.put(0, 1)
	}
}

// bzip2Tree writes the lengths of a complete code of 258 symbols: eight bits, and
// nine for the last four.
func bzip2Tree(w *highBits) {
	w.put(8, 5)
	for range 254 {
		w.put(0, 1)
	}
	w.put(0b100, 3)
	w.put(0, 3)
}

// bzip2Body writes one symbol and the end.
func bzip2Body(w *highBits) {
	w.put(2, 8)
	w.put(0x1ff, 9)
}

func bzip2Trees(n int) []byte {
	var w highBits
	w.out = append(w.out, "BZh9"...)
	for len(w.out) < n {
		bzip2Head(&w, bzip2Sum([]byte{1}), 6, 1)
		for range 6 {
			bzip2Tree(&w)
		}
		bzip2Body(&w)
	}
	w.put(bzip2End, 48)
	w.put(0, 32)
	return w.bytes()
}

func bzip2Selectors(n int) []byte {
	var w highBits
	w.out = append(w.out, "BZh9"...)
	for len(w.out) < n {
		bzip2Head(&w, bzip2Sum([]byte{1}), 2, 18001)
		bzip2Tree(&w)
		bzip2Tree(&w)
		bzip2Body(&w)
	}
	w.put(bzip2End, 48)
	w.put(0, 32)
	return w.bytes()
}

// bzip2Noise is one block of noise over and over, which the inverse of the transform
// walks in no order that a cache could keep.
func bzip2Noise(n int) []byte {
	src := noise(800_000, 3)
	var last []byte
	mtf := [256]byte{}
	for i := range mtf {
		mtf[i] = byte(i)
	}
	for i, c := range src {
		src[i] = min(max(c, 2), 253) // neither runs nor the symbols of nine bits
		at := src[i] - 1
		b := mtf[at]
		copy(mtf[1:at+1], mtf[:at])
		mtf[0] = b
		last = append(last, b)
	}
	sum := bzip2Sum(unrunBzip2(inverseBWT(last)))
	var w highBits
	w.out = append(w.out, "BZh9"...)
	for len(w.out) < n {
		bzip2Head(&w, sum, 2, 18001)
		bzip2Tree(&w)
		bzip2Tree(&w)
		for _, c := range src {
			w.put(uint64(c), 8)
		}
		w.put(0x1ff, 9)
	}
	w.put(bzip2End, 48)
	w.put(0, 32)
	return w.bytes()
}

// inverseBWT undoes the transform, from the first row.
func inverseBWT(last []byte) []byte {
	var start [257]int
	for _, c := range last {
		start[int(c)+1]++
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	next := make([]int, len(last))
	for i, c := range last {
		next[start[c]] = i
		start[c]++
	}
	out := make([]byte, len(last))
	for i, at := 0, next[0]; i < len(out); i, at = i+1, next[at] {
		out[i] = last[at]
	}
	return out
}

// unrunBzip2 expands the runs: four equal bytes are followed by how many more there are.
func unrunBzip2(b []byte) (out []byte) {
	run := 0
	for i, c := range b {
		if run == 4 {
			out = append(out, bytes.Repeat(b[i-1:i], int(c))...)
			run = 0
			continue
		}
		if run > 0 && c == b[i-1] {
			run++
		} else {
			run = 1
		}
		out = append(out, c)
	}
	return out
}

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

// xzStream is a stream of no blocks.
func xzStream() []byte {
	head := []byte("\xfd7zXZ\x00\x00\x00")
	head = le.AppendUint32(head, crc(head[6:]))
	index := []byte{0, 0, 0, 0}
	index = le.AppendUint32(index, crc(index))
	foot := []byte{1, 0, 0, 0, 0, 0} // the index' length: (1+1)*4
	return slices.Concat(head, index, le.AppendUint32(nil, crc(foot)), foot, []byte("YZ"))
}

// xzBlock is a block with a dictionary of 64 MiB and no check.
func xzBlock(lzma2 []byte) []byte {
	h := []byte{2, 0, 0x21, 1, 28, 0, 0, 0}
	h = le.AppendUint32(h, crc(h))
	b := append(h, lzma2...)
	return append(b, make([]byte, -len(b)&3)...)
}

// lzma2Resets is chunks of one byte each, of which each resets the largest model.
func lzma2Resets(n int) []byte {
	// Range coded: a literal of zero bits.
	unit := []byte{0xe0, 0, 0, 0, 5, (2*5+0)*9 + 4, 0, 0, 0, 0, 0, 0}
	return append(fill(unit, n), 0)
}

func zstdOf(data []byte) []byte {
	e, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	return e.EncodeAll(data, nil)
}

// zstdTables is blocks that each bring tables of sequences with them, for little output.
func zstdTables(n int) []byte {
	one := zstdOf(words(2000))
	// One block of a frame without its head, repeated, each the last but of none.
	head := 4 + 1
	switch d := one[4]; {
	case d&0x20 != 0: // single segment: a content size of one or two bytes
		head += 1 << (d >> 6)
	default:
		head += 1 + 1<<(d>>6)&^1
	}
	size := int(one[head]) | int(one[head+1])<<8 | int(one[head+2])<<16
	one[head] &^= 1
	block := one[head : head+3+size>>3]
	return slices.Concat([]byte("\x28\xb5\x2f\xfd\x00\x50"), fill(block, n))
}

func deflateOf(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}
