package bombs

import (
	"bytes"
	"slices"
)

var sevens = []Bomb{
	attached("7z-folders", "a.7z", func() []byte {
		// Three bytes each: a coder without a name, and its size.
		n := 11_000_000
		return sevenZip(nil, slices.Concat(packInfo(0), []byte{7, 11}, number(n), []byte{0}, fill([]byte{1, 0}, 2*n), []byte{12}, make([]byte, n), []byte{0, 0}))
	}),
	attached("7z-packed-header", "a.7z", func() []byte {
		// The same of 60 MiB, in some KiB of LZMA.
		return sevenPacked(60<<20, func(n int) []byte {
			k := n / 4
			return slices.Concat([]byte{1, 4}, packInfo(0), []byte{7, 11}, number(k), []byte{0}, fill([]byte{1, 0}, 2*k), []byte{12}, make([]byte, k), []byte{0, 0, 0})
		})
	}),
	attached("7z-streams", "a.7z", func() []byte {
		// One folder in streams of no bytes, each with a digest.
		n := 8_000_000
		return sevenZip([]byte("data"), slices.Concat(packInfo(4), oneFolder([]byte{1, 0}, 4), []byte{8, 13}, number(n), []byte{9}, make([]byte, n-1), []byte{10, 1}, make([]byte, 4*n), []byte{0, 0}))
	}),
	attached("7z-empty-files", "a.7z", func() []byte {
		n := 8_000_000
		files := slices.Concat([]byte{5}, number(n), []byte{14}, number(n/8), bytes.Repeat([]byte{255}, n/8), []byte{17}, number(2*n+1), make([]byte, 2*n+1), []byte{0})
		return sevenZipFiles(nil, files)
	}),
	attached("7z-deltas", "a.7z", func() []byte {
		return sevenChain(fileBytes, slices.Repeat([][]byte{{0x21, 3, 1, 0}}, 31))
	}),
	attached("7z-branches", "a.7z", func() []byte {
		return sevenChain(fileBytes, slices.Repeat([][]byte{{0x04, 3, 3, 1, 3}}, 31))
	}),
	attached("7z-lzma-deltas", "a.7z", func() []byte {
		return sevenLZMA(300<<20, slices.Repeat([][]byte{{0x21, 3, 1, 0}}, 30), make([]byte, 4<<20))
	}),
	attached("7z-lzma-zeros", "a.7z", func() []byte { return sevenLZMA(300<<20, nil, make([]byte, 8<<20)) }),
	attached("7z-lzma2-resets", "a.7z", func() []byte {
		data := lzma2Resets(fileBytes)
		return sevenZip(data, slices.Concat(packInfo(len(data)), oneFolder([]byte{1, 0x21, 0x21, 1, 24}, 1<<30), []byte{0}))
	}),
	attached("7z-ppmd-noise", "a.7z", func() []byte {
		data := append([]byte{0}, noise(fileBytes, 12)...)
		return sevenZip(data, slices.Concat(packInfo(len(data)), oneFolder([]byte{1, 0x23, 3, 4, 1, 5, 64, 0, 0, 0, 4}, 300<<20), []byte{0}))
	}),
	attached("7z-ppmd-folders", "a.7z", func() []byte {
		return sevenMany(9000, []byte{1, 0x23, 3, 4, 1, 5, 64, 0, 0, 0, 4}, append([]byte{0}, noise(100, 1)...), 10)
	}),
	attached("7z-lzma-folders", "a.7z", func() []byte {
		return sevenMany(9000, []byte{1, 0x23, 3, 1, 1, 5, 224, 0, 0, 0, 4}, make([]byte, 100), 10)
	}),
	attached("7z-bzip2-folders", "a.7z", func() []byte {
		one := bzip2Noise(10)[:30_000]
		return sevenMany(1200, []byte{1, 0x03, 4, 2, 2}, one, 1000)
	}),
	attached("7z-zstd-folders", "a.7z", func() []byte {
		return sevenMany(9000, []byte{1, 0x04, 4, 0xf7, 0x11, 1}, []byte("\x28\xb5\x2f\xfd\x00\x80\x09\x00\x00a"), 1)
	}),
	attached("7z-deflate-tables", "a.7z", func() []byte {
		data := tables(fileBytes, false)
		return sevenZip(data, slices.Concat(packInfo(len(data)), oneFolder([]byte{1, 0x03, 4, 1, 8}, 1<<30), []byte{0}))
	}),
	attached("7z-signatures", "a.7z", func() []byte { return fill(sevenZip([]byte("x"), []byte{0}), fileBytes) }),
	{"7z-locked-keys", func() ([]byte, error) {
		// SHA-256 in 2^24 rounds, with a salt in each folder.
		data := sevenMany(9000, nil, noise(64, 1), 60)
		return mail(candidates(100_000), "a.7z", data), nil
	}},
}

// number is 7z's own: the leading ones of the first byte are the bytes that follow.
func number(n int) []byte {
	return join(byte(0xff), uint64(n))
}

func sevenZip(data, streams []byte) []byte {
	return sevenZipFiles(data, slices.Concat([]byte{4}, streams))
}

// sevenZipFiles is an archive with these properties in its header.
func sevenZipFiles(data, properties []byte) []byte {
	header := slices.Concat([]byte{1}, properties, []byte{0})
	return sevenRaw(data, header)
}

func sevenRaw(data, header []byte) []byte {
	start := join(uint64(len(data)), uint64(len(header)), crc(header))
	return slices.Concat([]byte("7z\xbc\xaf\x27\x1c\x00\x04"), le.AppendUint32(nil, crc(start)), start, data, header)
}

func packInfo(sizes ...int) []byte {
	b := slices.Concat([]byte{6, 0}, number(len(sizes)), []byte{9})
	for _, n := range sizes {
		b = append(b, number(n)...)
	}
	return append(b, 0)
}

// oneFolder is one folder with the sizes of its coders.
func oneFolder(folder []byte, sizes ...int) []byte {
	b := slices.Concat([]byte{7, 11, 1, 0}, folder, []byte{12})
	for _, n := range sizes {
		b = append(b, number(n)...)
	}
	return append(b, 0)
}

// sevenChain is n bytes through filters.
func sevenChain(n int, filters [][]byte) []byte {
	folder := []byte{byte(len(filters) + 1)}
	sizes := []int{}
	for _, f := range filters {
		folder = append(folder, f...)
		sizes = append(sizes, n)
	}
	folder = append(folder, 0x01, 0x00) // stored
	for i := range filters {
		folder = append(folder, byte(i), byte(i+1))
	}
	data := noise(n, 13)
	return sevenZip(data, slices.Concat(packInfo(n), oneFolder(folder, append(sizes, n)...), []byte{0}))
}

// sevenLZMA is LZMA that decodes to n bytes, through filters.
func sevenLZMA(n int, filters [][]byte, data []byte) []byte {
	folder := []byte{byte(len(filters) + 1)}
	sizes := []int{}
	for _, f := range filters {
		folder = append(folder, f...)
		sizes = append(sizes, n)
	}
	folder = append(folder, 0x23, 3, 1, 1, 5, 0x5d, 0, 0, 0, 1)
	for i := range filters {
		folder = append(folder, byte(i), byte(i+1))
	}
	return sevenZip(data, slices.Concat(packInfo(len(data)), oneFolder(folder, append(sizes, n)...), []byte{0}))
}

// sevenMany is n folders of the same bytes each. Without a coder they are encrypted.
func sevenMany(n int, coder, data []byte, size int) []byte {
	b := slices.Concat(packInfo(slices.Repeat([]int{len(data)}, n)...), []byte{7, 11}, number(n), []byte{0})
	for i := range n {
		c := coder
		if c == nil {
			c = []byte{1, 0x24, 6, 0xf1, 7, 1, 10, 0x80 | 24, 0x70, byte(i), byte(i >> 8), 0, 0, 0, 0, 0, 0}
		}
		b = append(b, c...)
	}
	b = append(b, 12)
	for range n {
		b = append(b, number(size)...)
	}
	return sevenZip(bytes.Repeat(data, n), append(b, 0, 0))
}

// sevenPacked is an archive whose header of n bytes is deflated.
func sevenPacked(n int, header func(n int) []byte) []byte {
	raw := header(n)
	data := deflateOf(raw)
	outer := slices.Concat([]byte{0x17}, packInfo(len(data)), oneFolder([]byte{1, 0x03, 4, 1, 8}, len(raw)), []byte{0})
	return sevenRaw(data, outer)
}
