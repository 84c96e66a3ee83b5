package bombs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

var zips = []Bomb{
	attached("zip-many-empty", "a.zip", func() []byte { return manyMembers(65_000, func(int) entry { return entry{} }) }),
	attached("zip-many-noise", "a.zip", func() []byte {
		src := noise(fileBytes, 4)
		return manyMembers(65_000, func(i int) entry { return stored(src[i*400:][:400]) })
	}),
	attached("zip-shared-header", "a.zip", func() []byte { return sharedHeader(60_000, deflateZeros(30_000), 8) }),
	attached("zip-shared-noise", "a.zip", func() []byte { return sharedHeader(9000, deflateStored(noise(30<<20, 1)), 8) }),
	attached("zip-quoted", "a.zip", func() []byte { return quoted(8000, deflateZeros(200_000)) }),
	attached("zip-ends", "a.zip", func() []byte {
		return fill([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x2e\x00\x00\x00\x00\x00\x00\x00\x00\x00"), fileBytes)
	}),
	attached("zip-locals", "a.zip", func() []byte { return fill(local("a", entry{}), fileBytes) }),
	attached("zip-central", "a.zip", func() []byte { return fill(central("a", entry{}, 0), fileBytes) }),
	attached("zip-signatures", "a.zip", func() []byte { return slices.Concat(local("a", entry{}), fill([]byte("PK\x03\x04"), fileBytes)) }),
	attached("zip-descriptors", "a.zip", func() []byte {
		e := entry{method: 8, flags: 8, data: []byte{3, 0}}
		return fill(slices.Concat(local("a", e), e.data, []byte("PK\x07\x08\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00")), fileBytes)
	}),
	attached("zip-long-names", "a.zip", func() []byte {
		return manyMembers(560, func(i int) entry { return entry{name: fmt.Sprint(i) + strings.Repeat("n", 65_000)} })
	}),
	attached("zip-same-names", "a.zip", func() []byte { return manyMembers(65_000, func(i int) entry { return entry{name: "same"} }) }),
	attached("zip-deflate-tables", "a.zip", func() []byte { return oneMember(8, tables(fileBytes, false)) }),
	attached("zip-deflate-empty", "a.zip", func() []byte { return oneMember(8, emptyStored(fileBytes)) }),
	attached("zip-deflate64-tables", "a.zip", func() []byte { return oneMember(9, tables(fileBytes, false)) }),
	attached("zip-deflate64-empty", "a.zip", func() []byte { return oneMember(9, emptyStored(fileBytes)) }),
	attached("zip-shrink-clears", "a.zip", func() []byte {
		var w lowBits
		for c := range 256 { // fill the table
			for d := range 32 {
				w.put(uint64(c), 9)
				w.put(uint64(d), 9)
				if len(w.out) > 20_000 {
					break
				}
			}
		}
		for len(w.out) < fileBytes {
			w.put('a', 9)
			w.put(256, 9)
			w.put(2, 9)
		}
		return oneMember(1, w.bytes())
	}),
	attached("zip-shrink-noise", "a.zip", func() []byte { return oneMember(1, shrinkNoise(fileBytes)) }),
	attached("zip-reduce-noise", "a.zip", func() []byte {
		// No byte has followers.
		return oneMember(5, slices.Concat(make([]byte, 192), noise(fileBytes, 6)))
	}),
	attached("zip-reduce-followers", "a.zip", func() []byte { return oneMember(5, reduceFollowers(fileBytes)) }),
	attached("zip-implode-noise", "a.zip", func() []byte {
		// Flat codes of eight and six bits.
		trees := slices.Concat([]byte{15}, bytes.Repeat([]byte{0xf7}, 16), []byte{3}, bytes.Repeat([]byte{0xf5}, 4), []byte{3}, bytes.Repeat([]byte{0xf5}, 4))
		e := entry{method: 6, flags: 6, data: slices.Concat(trees, noise(fileBytes, 7)), size: 400 << 20}
		return archiveOf("a.bin", e)
	}),
	attached("zip-bzip2-trees", "a.zip", func() []byte { return oneMember(12, bzip2Trees(fileBytes)) }),
	attached("zip-lzma-zeros", "a.zip", func() []byte {
		return oneMember(14, slices.Concat([]byte{9, 20, 5, 0, 0x5d, 0, 0, 0, 4}, make([]byte, fileBytes)))
	}),
	attached("zip-xz-resets", "a.zip", func() []byte { return oneMember(95, slices.Concat(xzStream()[:12], xzBlock(lzma2Resets(fileBytes)))) }),
	attached("zip-ppmd-noise", "a.zip", func() []byte { return oneMember(98, slices.Concat([]byte{0xff, 0x03}, noise(fileBytes, 8))) }),
	attached("zip-ppmd-members", "a.zip", func() []byte {
		// Models of 64 MiB, for some bytes each.
		return manyMembers(65_000, func(i int) entry {
			return entry{method: 98, data: slices.Concat([]byte{0xff, 0x03}, noise(100, uint64(i))), size: 50}
		})
	}),
	attached("zip-lzma-members", "a.zip", func() []byte {
		return manyMembers(65_000, func(i int) entry {
			return entry{method: 14, data: slices.Concat([]byte{9, 20, 5, 0, 8*45 - 255 + 120, 0, 0, 0, 4}, make([]byte, 100)), size: 5}
		})
	}),
	attached("zip-implode-members", "a.zip", func() []byte {
		trees := slices.Concat([]byte{15}, bytes.Repeat([]byte{0xf7}, 16), []byte{3}, bytes.Repeat([]byte{0xf5}, 4), []byte{3}, bytes.Repeat([]byte{0xf5}, 4))
		return manyMembers(65_000, func(i int) entry {
			return entry{method: 6, flags: 6, data: slices.Concat(trees, noise(100, uint64(i))), size: 50}
		})
	}),
	attached("zip-deflate-members", "a.zip", func() []byte {
		return manyMembers(65_000, func(i int) entry { return entry{method: 8, data: tables(500, true), size: 50} })
	}),
	{"zip-locked-keys", func() ([]byte, error) {
		data := manyMembers(9000, func(i int) entry { return entry{method: 8, flags: 1, data: noise(3000, uint64(i)), size: 10_000} })
		return mail(candidates(100_000), "a.zip", data), nil
	}},
	{"zip-locked-aes", func() ([]byte, error) {
		data := manyMembers(9000, func(i int) entry {
			return entry{method: 99, flags: 1, data: noise(3000, uint64(i)), size: 10_000, extra: "\x01\x99\x07\x00\x02\x00AE\x03\x08\x00"}
		})
		return mail(candidates(100_000), "a.zip", data), nil
	}},
	attached("zip-nested", "a.zip", func() []byte {
		data := []byte("innermost")
		for i := range 20 {
			data = archiveOf(fmt.Sprintf("%d.zip", i), stored(data), stored(noise(1_500_000, uint64(i))))
		}
		return data
	}),
	attached("zip-nested-wide", "a.zip", func() []byte {
		data := []byte("innermost")
		for i := range 4 {
			var all []entry
			for k := range 9 {
				all = append(all, entry{data: slices.Concat(data, []byte(fmt.Sprint(i, k)))})
			}
			data = archiveOf(fmt.Sprintf("%d.zip", i), all...)
		}
		return data
	}),
}

// shrinkNoise is codes of words that are known, in no order.
func shrinkNoise(n int) []byte {
	var w lowBits
	for i := range 256 {
		w.put(uint64(i), 9)
	}
	for _, c := range noise(n/9*8, 5) {
		w.put(257+uint64(min(c, 254)), 9)
	}
	return w.bytes()
}

// reduceFollowers is bytes that have 32 followers each, and of those the last.
func reduceFollowers(n int) []byte {
	var w lowBits
	for range 256 {
		w.put(32, 6)
		for i := range 32 {
			w.put(uint64('a'+i%4), 8)
		}
	}
	for len(w.out) < n {
		w.put(31<<1, 6)
	}
	return w.bytes()
}

// candidates is a text of n words, each of which may be a password.
func candidates(n int) string {
	var b strings.Builder
	b.WriteString("The password is one of these:\r\n")
	for i := range n {
		fmt.Fprintf(&b, "%x\r\n", i*7919+1<<20)
	}
	return b.String()
}

// entry is a member of a zip file.
type entry struct {
	name   string
	method uint16
	flags  uint16
	data   []byte
	size   int // declared; that of data if 0
	extra  string
}

func stored(data []byte) entry { return entry{data: data} }

func (e entry) fields(sum uint32) []byte {
	size := e.size
	if size == 0 {
		size = len(e.data)
	}
	return join(uint16(20), e.flags, e.method, uint32(0), sum, uint32(len(e.data)), uint32(size))
}

func (e entry) sum() uint32 {
	if e.method != 0 || e.flags&1 != 0 {
		return 0
	}
	return crc(e.data)
}

// local is a local header.
func local(name string, e entry) []byte {
	return join("PK\x03\x04", e.fields(e.sum()), uint16(len(name)), uint16(len(e.extra)), name, e.extra)
}

// central is a header of the directory.
func central(name string, e entry, at int) []byte {
	return join("PK\x01\x02", uint16(20), e.fields(e.sum()), uint16(len(name)), uint16(len(e.extra)), uint16(0), uint16(0), uint16(0), uint32(0), uint32(at), name, e.extra)
}

func endOf(n, size, at int) []byte {
	return join("PK\x05\x06", uint32(0), uint16(n), uint16(n), uint32(size), uint32(at), uint16(0))
}

func manyMembers(n int, make func(int) entry) []byte {
	all := []entry{}
	for i := range n {
		e := make(i)
		if e.name == "" {
			e.name = fmt.Sprintf("%x", i)
		}
		all = append(all, e)
	}
	return archiveOf("", all...)
}

func archiveOf(name string, all ...entry) []byte {
	var b, dir bytes.Buffer
	for i, e := range all {
		n := e.name
		if n == "" {
			n = name
			if i > 0 {
				n = fmt.Sprint(i, name)
			}
		}
		dir.Write(central(n, e, b.Len()))
		b.Write(local(n, e))
		b.Write(e.data)
	}
	end := endOf(len(all), dir.Len(), b.Len())
	return slices.Concat(b.Bytes(), dir.Bytes(), end)
}

func oneMember(method uint16, data []byte) []byte {
	return archiveOf("a.bin", entry{method: method, data: data, size: 300 << 20})
}

// sharedHeader is a directory of n names for one member.
func sharedHeader(n int, data []byte, method uint16) []byte {
	e := entry{method: method, data: data, size: 1 << 30}
	var dir []byte
	for i := range n {
		dir = append(dir, central(fmt.Sprintf("%x", i), e, 0)...)
	}
	b := slices.Concat(local("0", e), data)
	return slices.Concat(b, dir, endOf(n, len(dir), len(b)))
}

// deflateStored is data in stored blocks.
func deflateStored(data []byte) (b []byte) {
	for len(data) > 0 {
		n := min(len(data), 65_535)
		last := byte(0)
		if n == len(data) {
			last = 1
		}
		b = append(b, last, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		b = append(b, data[:n]...)
		data = data[n:]
	}
	return b
}

// quoted is n members that each quote the next one's header in a stored block and share
// the data behind the last one (Fifield 2019, section 3.2).
func quoted(n int, kernel []byte) []byte {
	type part struct{ head, quote []byte }
	parts := make([]part, n)
	length := len(kernel)
	for i := n - 1; i >= 0; i-- {
		name := fmt.Sprintf("%x", i)
		if i < n-1 {
			h := len(parts[i+1].head)
			parts[i].quote = []byte{0, byte(h), byte(h >> 8), byte(^h), byte(^h >> 8)}
			length += len(parts[i].quote) + h
		}
		parts[i].head = join("PK\x03\x04", uint16(20), uint16(0), uint16(8), uint32(0), uint32(0), uint32(length), uint32(1<<30), uint16(len(name)), uint16(0), name)
	}
	var b, dir []byte
	for _, p := range parts {
		at := len(b)
		h := p.head
		dir = append(dir, join("PK\x01\x02", uint16(20), h[4:26], uint16(len(h)-30), uint16(0), uint16(0), uint16(0), uint16(0), uint32(0), uint32(at), h[30:])...)
		b = append(b, h...)
		b = append(b, p.quote...)
	}
	b = append(b, kernel...)
	return slices.Concat(b, dir, endOf(n, len(dir), len(b)))
}
