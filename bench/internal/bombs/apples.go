package bombs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

var apples = []Bomb{
	attached("xar-attributes", "a.xar", func() []byte { return xar("<a" + strings.Repeat(" b", 16<<19-100) + ">") }),
	attached("xar-depth", "a.xar", func() []byte { return xar(strings.Repeat("<file>", 2<<20)) }),
	attached("xar-shared", "a.xar", func() []byte {
		var list strings.Builder
		for i := range 9000 {
			fmt.Fprintf(&list, "<file><name>%d</name><data><offset>0</offset><length>%d</length><size>%d</size><encoding style=\"application/x-gzip\"/></data></file>", i, 30<<20, i)
		}
		return append(xar("<xar><toc>"+list.String()), append([]byte("\x78\x9c"), tables(30<<20, false)...)...)
	}),
	attached("xar-bzip2", "a.xar", func() []byte {
		one := bzip2Noise(10)[:100_000]
		var list strings.Builder
		for i := range 9000 {
			fmt.Fprintf(&list, "<file><name>%d</name><data><offset>0</offset><length>%d</length><size>%d</size><encoding style=\"application/x-bzip2\"/></data></file>", i, len(one), i)
		}
		return append(xar("<xar><toc>"+list.String()), one...)
	}),
	attached("dmg-zlib-chunks", "a.dmg", func() []byte {
		return dmg(append([]byte("\x78\x9c"), tables(100_000, true)...), dmgChunks(0x80000005, 300_000, 100_002))
	}),
	attached("dmg-adc-chunks", "a.dmg", func() []byte {
		return dmg(append([]byte("\x80x"), bytes.Repeat([]byte{0x0c, 0}, 250)...), dmgChunks(0x80000004, 300_000, 502))
	}),
	attached("dmg-bzip2-chunks", "a.dmg", func() []byte {
		one := bzip2Noise(10)[:100_000]
		return dmg(slices.Concat(one, noise(30<<20, 60)), dmgChunks(0x80000006, 300_000, len(one)))
	}),
	attached("dmg-xz-chunks", "a.dmg", func() []byte {
		one := slices.Concat(xzStream()[:12], xzBlock(lzma2Resets(600)))
		return dmg(one, dmgChunks(0x80000008, 300_000, len(one)))
	}),
	attached("dmg-lzfse-chunks", "a.dmg", func() []byte {
		one := []byte("bvx-\x01\x00\x00\x00xbvx$")
		return dmg(one, dmgChunks(0x80000007, 300_000, len(one)))
	}),
	attached("dmg-lzvn", "a.dmg", func() []byte {
		// A byte, and matches of 16 bytes with the same distance.
		ops := append([]byte{0xe1, 'x', 0x05, 0x01}, bytes.Repeat([]byte{0xf6}, 30<<20)...)
		one := slices.Concat([]byte("bvxn"), join(uint32(1<<31), uint32(len(ops))), ops)
		return dmg(one, dmgChunks(0x80000007, 100, len(one)))
	}),
	attached("dmg-empty-chunks", "a.dmg", func() []byte {
		return dmg([]byte("x"), bytes.Repeat(joinBE(uint32(0x80000005), uint32(0), uint64(0), uint64(0), uint64(0), uint64(1)), 300_000))
	}),
	attached("dmg-tables", "a.dmg", func() []byte {
		table := base64.StdEncoding.EncodeToString(slices.Concat([]byte("mish"), make([]byte, 200)))
		return dmgOf(nil, strings.Repeat("<data>"+table+"</data>", 60_000))
	}),
	attached("stuffit-5-paths", "a.sit", func() []byte { return stuffitFolders() }),
	attached("stuffit-huffman", "a.sit", func() []byte {
		// A chain of 255 nodes: each bit leads one further, and the last byte takes them all.
		var w highBits
		for range 255 {
			w.put(0, 1)
			w.put(1, 1)
			w.put('x', 8)
		}
		w.put(1, 1)
		w.put('y', 8)
		return stuffit(3, 1<<30, append(w.bytes(), bytes.Repeat([]byte{255}, fileBytes)...))
	}),
	attached("stuffit-13-noise", "a.sit", func() []byte { return stuffit(13, 1<<30, append([]byte{0x10}, noise(fileBytes, 61)...)) }),
	attached("stuffit-arsenic-noise", "a.sit", func() []byte { return stuffit(15, 1<<30, noise(fileBytes, 62)) }),
	attached("stuffit-members", "a.sit", func() []byte {
		one := stuffit(13, 100, append([]byte{0x10}, noise(30, 63)...))[22:]
		return append(stuffit(13, 0, nil)[:22], fill(one, 4<<20)...)
	}),
}

// xar is an archive whose table of contents is some XML.
func xar(list string) []byte {
	packed := zlibOf([]byte(list))
	return joinBE("xar!", uint16(28), uint16(1), uint64(len(packed)), uint64(len(list)), uint32(0), packed)
}

// dmgChunks is n chunks of one kind that share their bytes.
func dmgChunks(kind uint32, n, packed int) []byte {
	return bytes.Repeat(joinBE(kind, uint32(0), uint64(0), uint64(1), uint64(0), uint64(packed)), n)
}

// dmg is an image of one partition.
func dmg(data, chunks []byte) []byte {
	table := slices.Concat([]byte("mish"), make([]byte, 200), chunks)
	be.PutUint32(table[200:], uint32(len(chunks)/40))
	return dmgOf(data, "<data>"+base64.StdEncoding.EncodeToString(table)+"</data>")
}

func dmgOf(data []byte, list string) []byte {
	trailer := make([]byte, 512)
	copy(trailer, "koly\x00\x00\x00\x04")
	be.PutUint64(trailer[216:], uint64(len(data)))
	be.PutUint64(trailer[224:], uint64(len(list)))
	return slices.Concat(data, []byte(list), trailer)
}

// stuffit is an archive of one file.
func stuffit(method byte, size int, data []byte) []byte {
	e := make([]byte, 112)
	e[1], e[2], e[3] = method, 1, 'x'
	be.PutUint32(e[88:], uint32(size))
	be.PutUint32(e[96:], uint32(len(data)))
	be.PutUint16(e[110:], crc16(e[:110]))
	return slices.Concat([]byte("SIT!"), make([]byte, 6), []byte("rLau"), make([]byte, 8), e, data)
}

// crc16 is the checksum of the reflected polynomial 0xA001.
func crc16(b []byte) uint16 {
	sum := uint16(0)
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			sum = sum>>1 ^ 0xa001*(sum&1)
		}
	}
	return sum
}

// stuffitFolders is a folder with a name of 64,000 bytes, and folders in it.
func stuffitFolders() []byte {
	head := make([]byte, 100)
	copy(head, "StuffIt (c)1997-2000 Aladdin Systems, Inc., http://www.aladdinsys.com/StuffIt/\r\n")
	be.PutUint32(head[94:], 100)
	folder := func(parent int, name string) []byte {
		b := joinBE("\xa5\xa5\xa5\xa5", byte(1), byte(0), uint16(48+len(name)), byte(0), byte(0x40), make([]byte, 16), uint32(parent), uint16(len(name)), uint16(0),
			uint32(0), uint32(0), uint16(0), uint16(0), uint16(0), name, uint16(0), make([]byte, 34))
		return b
	}
	return slices.Concat(head, folder(0, strings.Repeat("n", 64_000)), bytes.Repeat(folder(100, "n"), 9900))
}
