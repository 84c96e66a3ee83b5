package bombs

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
)

// volumes are file systems whose structures refer to each other.
var volumes = slices.Concat([]Bomb{
	attached("fat-paths", "a.img", func() []byte { return fatPaths(80_000) }),
	attached("ntfs-streams", "a.img", func() []byte { return ntfsStreams() }),
	attached("ntfs-names", "a.img", func() []byte { return ntfsNames() }),
	attached("ntfs-units", "a.img", func() []byte { return ntfsUnits() }),
	attached("squashfs-links", "a.squashfs", func() []byte { return squashLinks(70_000) }),
	attached("squashfs-fragments", "a.squashfs", func() []byte { return squashFragments() }),
	attached("squashfs-inodes", "a.squashfs", func() []byte { return squashInodes(fileBytes) }),
}, udfs, hfss, apfss)

// padded is b with zeros behind it, up to a multiple of n.
func padded(b []byte, n int) []byte { return append(b, make([]byte, (n-len(b)%n)%n)...) }

// fatPaths is a FAT16 volume with n empty files in a folder whose path is as long as
// any.
func fatPaths(n int) []byte {
	const sector, perCluster = 512, 64
	const cluster = sector * perCluster
	const depth = 6
	long := strings.Repeat("中", 250)
	folder := func(first int, name string) []byte {
		short := "FOLDER     "
		sum := byte(0)
		for i := range 11 {
			sum = sum>>1 + sum<<7 + short[i]
		}
		var units []byte
		for _, r := range name {
			units = le.AppendUint16(units, uint16(r))
		}
		units = append(units, 0, 0)
		var pieces []byte
		for i := 0; i*26 < len(units); i++ {
			part := append(slices.Clone(units[i*26:min(len(units), i*26+26)]), bytes.Repeat([]byte{0xff}, 26)...)
			order := byte(i + 1)
			if (i+1)*26 >= len(units) {
				order |= 0x40
			}
			e := join(order, part[:10], byte(0x0f), byte(0), sum, part[10:22], uint16(0), part[22:26])
			pieces = append(e, pieces...)
		}
		return join(pieces, short, byte(0x10), make([]byte, 14), uint16(first), uint32(0))
	}
	var list []byte
	for i := range n {
		list = append(list, join(strings.ToUpper(hex8(i))+"BIN", byte(0x20), make([]byte, 20))...)
	}
	list = padded(list, cluster)
	const clusters = 5000
	fat := padded(make([]byte, 2*(clusters+2)), sector)
	le.PutUint32(fat, 0xfffffff8)
	var data []byte
	for i := range depth {
		le.PutUint16(fat[2*(2+i):], 0xffff)
		if i < depth-1 {
			data = append(data, padded(folder(3+i, long), cluster)...)
		}
	}
	first := 2 + depth - 1
	for i := range len(list) / cluster {
		le.PutUint16(fat[2*(first+i):], uint16(first+i+1))
	}
	le.PutUint16(fat[2*(first+len(list)/cluster-1):], 0xffff)
	data = append(data, list...)
	boot := make([]byte, sector)
	copy(boot, "\xeb\x3c\x90MSDOS5.0")
	copy(boot[11:], join(uint16(sector), byte(perCluster), uint16(1), byte(1), uint16(512), uint16(0), byte(0xf8), uint16(len(fat)/sector), uint16(63), uint16(255), uint32(0), uint32(1+len(fat)/sector+32+clusters*perCluster)))
	boot[510], boot[511] = 0x55, 0xaa
	return slices.Concat(boot, fat, padded(folder(2, long), 512*32), data)
}

func hex8(i int) string {
	const digits = "0123456789abcdef"
	b := [8]byte{}
	for k := range b {
		b[7-k] = digits[i>>(4*k)&15]
	}
	return string(b[:])
}

// ntfs is a volume whose master file table is runs of clusters, behind the clusters of
// the boot sector and of the table's own record.
func ntfs(sector, cluster int, record byte, recordBytes int, runs, data []byte) []byte {
	boot := make([]byte, 512)
	copy(boot[3:], "NTFS    ")
	le.PutUint16(boot[11:], uint16(sector))
	if boot[13] = byte(cluster / sector); cluster/sector > 128 {
		boot[13] = byte(-bits.Len(uint(cluster/sector - 1)))
	}
	le.PutUint64(boot[48:], 1)
	le.PutUint64(boot[56:], 1)
	boot[64] = record
	boot[510], boot[511] = 0x55, 0xaa
	return slices.Concat(padded(boot, cluster), padded(ntfsRecord(recordBytes, 0, ntfsData(runs, 1<<40, 0, 0)), cluster), data)
}

func ntfsRecord(n int, flags uint16, attributes ...[]byte) []byte {
	b := make([]byte, 56)
	copy(b, "FILE")
	le.PutUint16(b[4:], 48)
	le.PutUint16(b[6:], 1)
	le.PutUint16(b[20:], 56)
	le.PutUint16(b[22:], 1|flags)
	b = append(b, slices.Concat(attributes...)...)
	b = append(b, 0xff, 0xff, 0xff, 0xff)
	return append(b, make([]byte, n-len(b))...)
}

// ntfsData is an attribute with runs.
func ntfsData(runs []byte, size int, flags uint16, unit byte) []byte {
	runs = padded(append(runs, 0), 8)
	return slices.Concat(join(uint32(0x80), uint32(64+len(runs)), byte(1), byte(0), uint16(0), flags, uint16(0),
		uint64(0), uint64(0), uint16(64), uint16(unit), uint32(0), uint64(size), uint64(size), uint64(size)), runs)
}

func ntfsName(name string) []byte {
	value := join(uint64(5), make([]byte, 56), byte(len(name)), byte(0))
	for _, c := range name {
		value = le.AppendUint16(value, uint16(c))
	}
	return padded(join(uint32(0x30), uint32(24+(len(value)+7)&^7), byte(0), byte(0), uint16(0), uint16(0), uint16(0), uint32(len(value)), uint16(24), uint16(0), value), 8)
}

// again is runs that all have the same clusters.
func again(n, clusters, at int) []byte {
	b := []byte{0x21, byte(clusters), byte(at), byte(at >> 8)}
	for range n - 1 {
		b = append(b, 0x11, byte(clusters), 0)
	}
	return b
}

// ntfsStreams is a table of one record over and over, with as many streams as fit.
func ntfsStreams() []byte {
	const record = 64 << 10
	stream := join(uint32(0x80), uint32(24), make([]byte, 16))
	all := ntfsRecord(record, 0, bytes.Repeat(stream, (record-100)/len(stream)))
	return ntfs(512, 4096, 0xf0, record, again(10_000, record/4096, 17), slices.Concat(all, noise(30<<20, 40)))
}

// ntfsNames is a table whose files have as many names as streams.
func ntfsNames() []byte {
	const record = 64 << 10
	stream := join(uint32(0x80), uint32(24), make([]byte, 16))
	name := ntfsName("n")
	all := ntfsRecord(record, 0, bytes.Repeat(name, (record-100)/2/len(name)), bytes.Repeat(stream, (record-100)/2/len(stream)))
	return ntfs(512, 4096, 0xf0, record, again(300, record/4096, 17), all)
}

// ntfsUnits is a file that is compressed in units of 512 MiB.
func ntfsUnits() []byte {
	file := ntfsRecord(1<<10, 0, ntfsName("n"), ntfsData([]byte{0x02, 0, 4}, 1<<30, 1, 8))
	return ntfs(4096, 2<<20, 0xf6, 1<<10, again(1, 1, 2), bytes.Repeat(file, 2<<10))
}

// squash is a SquashFS volume of stored metadata, with data in front of it.
func squash(data, inodes []byte, root uint64, directories, fragments []byte, nfragments int) []byte {
	meta := func(b []byte) (out []byte) {
		for ; len(b) > 0; b = b[min(len(b), 8<<10):] {
			part := b[:min(len(b), 8<<10)]
			out = slices.Concat(out, join(uint16(len(part))|0x8000), part)
		}
		return out
	}
	head := make([]byte, 96)
	copy(head, "hsqs")
	le.PutUint32(head[12:], 1<<20)
	le.PutUint32(head[16:], uint32(nfragments))
	le.PutUint16(head[20:], 1)
	le.PutUint16(head[28:], 4)
	le.PutUint64(head[32:], root)
	b := append(head, data...)
	le.PutUint64(b[64:], uint64(len(b)))
	b = append(b, meta(inodes)...)
	le.PutUint64(b[72:], uint64(len(b)))
	b = append(b, meta(directories)...)
	if nfragments > 0 {
		at := len(b)
		b = append(b, meta(fragments)...)
		le.PutUint64(b[80:], uint64(len(b)))
		b = le.AppendUint64(b, uint64(at))
	}
	return b
}

// squashFolder is the inode of a directory.
func squashFolder(size, block, offset int) []byte {
	return join(uint16(8), make([]byte, 14), uint32(1), uint32(size+3), uint32(block), uint32(0), uint16(0), uint16(offset), uint32(0))
}

func squashEntry(offset int, name string) []byte {
	return join(uint16(offset), uint16(0), uint16(1), uint16(len(name)-1), name)
}

// squashRef is the place of a byte of the inodes: block, and offset in it.
func squashRef(at int) (block, offset int) { return at / (8 << 10) * (8<<10 + 2), at % (8 << 10) }

// squashLinks is n directories that are one long list of links.
func squashLinks(n int) []byte {
	const link = 7 // the type of a socket with attributes, which is nothing
	list := join(uint32(1<<30), uint32(0), uint32(1))
	list = append(list, bytes.Repeat(squashEntry(0, "l"), 90_000)...)
	inodes := join(uint16(link), make([]byte, 38))
	one := squashFolder(len(list), 0, 0)
	inodes = append(inodes, bytes.Repeat(one, n)...)
	var root []byte
	for i := range n {
		block, offset := squashRef((i + 1) * len(one))
		root = append(root, join(uint32(0), uint32(block), uint32(1))...)
		root = append(root, squashEntry(offset, hex8(i))...)
	}
	at := len(inodes)
	block, offset := squashRef(len(list))
	inodes = append(inodes, squashFolder(len(root), block, offset)...)
	block, offset = squashRef(at)
	return squash(nil, inodes, uint64(block)<<16|uint64(offset), append(list, root...), nil, 0)
}

// squashFragments is files whose tails are in two fragments in turns.
func squashFragments() []byte {
	packed := zlibOf(make([]byte, 1<<20))
	data := slices.Concat(packed, packed)
	var fragments, inodes, root []byte
	for i := range 2 {
		fragments = append(fragments, join(uint64(96+i*len(packed)), uint32(len(packed)), uint32(0))...)
	}
	const n = 10_000
	for i := range n {
		inodes = append(inodes, join(uint16(2), make([]byte, 14), uint32(0), uint32(i%2), uint32(1<<20-100-i), uint32(99+i%2))...)
		block, offset := squashRef(i * 32)
		root = append(root, join(uint32(0), uint32(block), uint32(1))...)
		root = append(root, squashEntry(offset, hex8(i))...)
	}
	block, offset := squashRef(len(inodes))
	inodes = append(inodes, squashFolder(len(root), 0, 0)...)
	return squash(data, inodes, uint64(block)<<16|uint64(offset), root, fragments, 2)
}

// squashInodes is n bytes of a directory whose names lead to inodes in many blocks, no
// two in a row to the same.
func squashInodes(n int) []byte {
	blocks := 600
	inodes := bytes.Repeat(join(uint16(2), make([]byte, 14), uint32(0), ^uint32(0), uint32(0), uint32(0)), blocks*256)
	var root []byte
	for i := 0; len(root) < n-len(inodes); i++ {
		block, offset := squashRef(i%blocks*(8<<10) + i/blocks%256*32)
		root = append(root, join(uint32(0), uint32(block), uint32(1))...)
		root = append(root, squashEntry(offset, "f")...)
	}
	block, offset := squashRef(len(inodes))
	inodes = append(inodes, squashFolder(len(root), 0, 0)...)
	return squash(nil, inodes, uint64(block)<<16|uint64(offset), root, nil, 0)
}
