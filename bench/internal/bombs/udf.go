package bombs

import (
	"slices"
)

var udfs = []Bomb{
	attached("udf-names", "a.iso", func() []byte { return udfNames(400_000) }),
	attached("udf-chain", "a.iso", func() []byte { return udfChain() }),
}

// Blocks of UDF, and where the partition begins.
const (
	udfBlock = 2048
	udfStart = 300
)

// udfSeal puts a tag before a descriptor of a block.
func udfSeal(b []byte, id uint16, at int) []byte {
	b = padded(b, udfBlock)
	le.PutUint16(b, id)
	le.PutUint32(b[12:], uint32(at))
	sum := byte(0)
	for i := range 16 {
		if i != 4 {
			sum += b[i]
		}
	}
	b[4] = sum
	return b
}

// udf is a volume of one partition, whose first block is the set of files, and whose
// second is the root's entry.
func udf(maps []byte, nmaps int, blocks ...[]byte) []byte {
	disc := make([]byte, udfStart*udfBlock)
	put := func(sector int, id uint16, b []byte) { copy(disc[sector*udfBlock:], udfSeal(b, id, sector)) }
	put(256, 2, join(make([]byte, 16), uint32(16*udfBlock), uint32(257)))
	partition := make([]byte, 200)
	le.PutUint32(partition[188:], udfStart)
	put(257, 5, partition)
	volume := make([]byte, 440)
	le.PutUint32(volume[212:], udfBlock)
	le.PutUint32(volume[248:], udfBlock)
	le.PutUint32(volume[264:], uint32(len(maps)))
	le.PutUint32(volume[268:], uint32(nmaps))
	put(258, 6, append(volume, maps...))
	put(259, 8, make([]byte, 16))
	set := make([]byte, 416)
	le.PutUint32(set[400:], udfBlock)
	le.PutUint32(set[404:], 1)
	disc = append(disc, udfSeal(set, 256, 0)...)
	for _, b := range blocks {
		disc = append(disc, padded(b, udfBlock)...)
	}
	return disc
}

var udfPlainMap = []byte{1, 6, 1, 0, 0, 0}

// udfEntry is a file in extents.
func udfEntry(kind byte, size int, extents ...uint32) []byte {
	b := make([]byte, 176)
	le.PutUint16(b[20:], 4)
	b[27] = kind
	le.PutUint64(b[56:], uint64(size))
	le.PutUint32(b[172:], uint32(4*len(extents)))
	for _, v := range extents {
		b = le.AppendUint32(b, v)
	}
	return udfSeal(b, 261, 0)
}

// udfNames is a directory of n names for one file.
func udfNames(n int) []byte {
	one := make([]byte, 38)
	le.PutUint16(one, 257)
	one[19] = 2
	le.PutUint32(one[20:], udfBlock)
	le.PutUint32(one[24:], 2)
	sum := byte(0)
	for i, c := range one[:16] {
		if i != 4 {
			sum += c
		}
	}
	one[4] = sum
	var list []byte
	for i := range n {
		list = append(list, one...)
		list = append(list, 8, byte(i))
	}
	return udf(udfPlainMap, 1, udfEntry(4, len(list), uint32(len(list)), 3), udfEntry(5, 1<<20, 1<<20, 3), list)
}

// udfChain is a virtual partition whose table might be any of 512 files, each with
// extents that go on and on in one block.
func udfChain() []byte {
	m := make([]byte, 64)
	m[0], m[1] = 2, 64
	copy(m[5:], "*UDF Virtual Partition")
	more := make([]byte, 24)
	le.PutUint32(more[20:], 16)
	more = append(more, join(uint32(1), uint32(9), uint32(3<<30|udfBlock), uint32(3))...)
	blocks := [][]byte{udfEntry(4, 0), udfEntry(5, 0), udfSeal(more, 258, 0)}
	for range 520 {
		blocks = append(blocks, udfEntry(0, 1<<30, 3<<30|udfBlock, 3))
	}
	blocks = append(blocks, slices.Repeat([][]byte{noise(udfBlock, 1)}, 0)...)
	return udf(slices.Concat(udfPlainMap, m), 2, blocks...)
}
