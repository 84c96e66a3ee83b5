package bombs

import (
	"bytes"
	"hash/crc32"
	"slices"
	"strings"
)

var installers = []Bomb{
	attached("nsis-names", "a.exe", func() []byte { return nsis(nsisScript()) }),
	attached("nsis-lzma-blocks", "a.exe", func() []byte {
		// The largest model, for some bytes each.
		one := slices.Concat([]byte{0x5d, 0, 0, 0, 4}, make([]byte, 30))
		return nsis(join(uint32(100), make([]byte, 100)), fill(join(uint32(len(one))|1<<31, one), 4<<20))
	}),
	attached("nsis-bzip2-blocks", "a.exe", func() []byte {
		one := nsisBzip2(2000)
		return nsis(join(uint32(100), make([]byte, 100)), fill(join(uint32(len(one))|1<<31, one), fileBytes))
	}),
	attached("inno-chunks", "setup.exe", func() []byte {
		// The largest model, for some bytes each.
		one := slices.Concat([]byte("zlb\x1a\xe0\x00\x00\x00\x04"), make([]byte, 20))
		return inno(nil, nil, fill(one, fileBytes))
	}),
	attached("inno-names", "setup.exe", func() []byte {
		// Every fifth byte begins what may be the string of an entry.
		return inno(fill([]byte("\x01\x00\x00\x00{"), 30<<20), innoFile(0, 1), []byte("zlb\x1ax"))
	}),
	attached("inno-headers", "setup.exe", func() []byte {
		// Each small one is long once it is decoded.
		head := zlibOf(fill([]byte("\x01\x00\x00\x00{"), 16<<20))
		one := inno(append([]byte{1}, head...), innoFile(0, 1), nil)
		return fill(one, 4<<20)
	}),
	attached("inno-overlaps", "setup.exe", func() []byte {
		// Each file lies before the one that was read.
		var files []byte
		for i := range 9000 {
			files = append(files, innoFile(uint64(i), 2<<20)...)
		}
		return inno(nil, files, append([]byte("zlb\x1a"), zlibOf(make([]byte, 64<<20))...))
	}),
	attached("autoit-records", "a.exe", func() []byte { return autoit(1, 1<<30) }), // each goes on to the file's end
	attached("autoit-names", "a.exe", func() []byte { return autoit(1<<16-1, 0) }),
	attached("sis-names", "a.sis", func() []byte { return sisNames(60_000) }),
	attached("sis-languages", "a.sis", func() []byte { return sisLanguages() }),
	attached("sisx-fields", "a.sisx", func() []byte { return sisx(fill(join(uint32(34), uint32(0)), fileBytes)) }),
	attached("sisx-files", "a.sisx", func() []byte {
		packed := zlibOf([]byte("x"))
		one := padded(join(uint32(3), uint32(12+len(packed)), uint32(1), uint64(1), packed), 4)
		return sisx(fill(one, fileBytes))
	}),
	attached("installshield-chunks", "data1.cab", func() []byte {
		// One byte each.
		return shieldCab(6, fill([]byte("\x05\x00\x4b\x04\x00\x00\x00"), 30<<20), 50)
	}),
	attached("installshield-tables", "data1.cab", func() []byte {
		one := tables(30, true)
		return shieldCab(6, fill(join(uint16(len(one)), one), 30<<20), 50)
	}),
	attached("installshield-entries", "data1.cab", func() []byte { return shieldCab(6, []byte("x"), 100_000) }),
	attached("installshield-links", "data1.cab", func() []byte { return shieldCab(5, []byte("x"), 100_000) }),
	attached("installshield-files", "setup.exe", func() []byte {
		head := slices.Concat([]byte("InstallShield\x00"), join(uint16(65_535)), make([]byte, 30))
		entry := make([]byte, 312)
		copy(entry, "a.bin")
		entry[260] = 6
		return append(head, fill(append(entry, noise(30, 1)...), fileBytes)...)
	}),
	attached("installshield-texts", "setup.exe", func() []byte {
		return fill([]byte("a.bin\x00disk1\\a.bin\x001.0\x003\x00abc"), fileBytes)
	}),
}

// nsis is an installer whose blocks are packed each by itself; script begins with its
// length.
func nsis(script []byte, blocks ...[]byte) []byte {
	data := slices.Concat(append([][]byte{script}, blocks...)...)
	head := join(uint32(4), "\xef\xbe\xad\xdeNullsoftInst", le.Uint32(script), uint32(28+len(data)))
	return slices.Concat(make([]byte, 512), head, data)
}

// nsisScript is a script that extracts files by names that are parts of one text.
func nsisScript() []byte {
	const n = 65_000
	script := make([]byte, 64)
	entries := len(script)
	for i := range n {
		script = append(script, join(uint32(20), uint32(0), uint32(i/8), uint32(i+1), make([]byte, 12))...)
	}
	texts := len(script)
	script = append(script, strings.Repeat("n", 64<<10)...)
	script = append(script, 0)
	le.PutUint32(script[20:], uint32(entries))
	le.PutUint32(script[24:], n)
	le.PutUint32(script[28:], uint32(texts))
	return slices.Concat(join(uint32(len(script))), script)
}

// nsisBzip2 is blocks of one byte each, with all codes.
func nsisBzip2(n int) []byte {
	var w highBits
	for len(w.out) < n {
		w.put('1', 8)
		bzip2Codes(&w, 6, 1)
		for range 6 {
			bzip2Tree(&w)
		}
		bzip2Body(&w)
	}
	w.put(0x17, 8)
	return w.bytes()
}

// sis is a package of Symbian before version 9, with so many records from an offset on.
func sis(languages, records int, flags uint16, body []byte) []byte {
	h := make([]byte, 100)
	le.PutUint32(h, 0x10000000)
	le.PutUint32(h[4:], 0x10003a12)
	le.PutUint32(h[8:], 0x10000419)
	le.PutUint16(h[18:], uint16(languages))
	le.PutUint16(h[20:], uint16(records))
	le.PutUint16(h[36:], flags)
	le.PutUint32(h[52:], uint32(len(h)))
	return append(h, body...)
}

// inno is an installer of Inno Setup 5.5.7 with both blocks as they are; the first one is
// packed if it begins with 1.
func inno(head, files, chunks []byte) []byte {
	block := func(plain []byte) []byte {
		packed := byte(0)
		if len(plain) > 0 && plain[0] == 1 && plain[1] != 0 {
			packed, plain = 1, plain[1:]
		}
		var pieces []byte
		for ; len(plain) > 0; plain = plain[min(len(plain), 4096):] {
			one := plain[:min(len(plain), 4096)]
			pieces = append(append(pieces, join(crc32.ChecksumIEEE(one))...), one...)
		}
		size := join(uint32(len(pieces)), packed)
		return slices.Concat(join(crc32.ChecksumIEEE(size)), size, pieces)
	}
	id := append([]byte("Inno Setup Setup Data (5.5.7)"), make([]byte, 35)...)
	return slices.Concat([]byte("MZ"), make([]byte, 510), id, block(head), block(files), chunks)
}

// innoFile is the entry of a file in the first chunk.
func innoFile(offset, size uint64) []byte {
	return join(uint32(0), uint32(0), uint32(0), offset, size, uint64(fileBytes), make([]byte, 20), uint64(0x01d8<<48), uint64(0), uint16(1<<7))
}

// autoit is records of AutoIt's scripts, EA06, whose names and bodies lie over each other.
func autoit(name, body uint32) []byte {
	one := join("\x6b\x43\xca\x52", uint32(1^0xadbc), uint16(0), name^0xf820)
	if name == 1 {
		one = join(one, uint16(0))
	}
	begin := "MZ\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7dAU3!EA06"
	return join(begin, fill(join(one, byte(0), body^0x87bc, make([]byte, 24)), fileBytes), make([]byte, 1<<20))
}

// sisNames is files with two names of 64 KiB that are those of all.
func sisNames(n int) []byte {
	const name = 128 << 10
	text := bytes.Repeat([]byte("\x2d\x4e"), name)
	one := func(i int) []byte {
		at := 100 + 52*n
		return join(uint32(0), uint64(0), uint32(name), uint32(at+2*(i%1000)), uint32(name), uint32(at+2*(i%999)), uint32(1), uint32(0), uint32(1), uint64(0))
	}
	var body []byte
	for i := range n {
		body = append(body, one(i)...)
	}
	return append(sis(1, n, 1, padded(body, 52*n)), text...)
}

// sisLanguages is records of as many files as there can be languages.
func sisLanguages() []byte {
	const languages = 60_000
	one := slices.Concat(join(uint32(1), uint64(0), uint64(0), uint64(0)), make([]byte, 12*languages+8))
	return sis(languages, 1000, 0, fill(one, fileBytes))
}

// sisx is a package from version 9 on.
func sisx(data []byte) []byte {
	body := join(uint32(30), uint32(len(data)), data)
	return join(uint32(0x10201a7a), make([]byte, 12), uint32(12), uint32(len(body)), body)
}

// shieldCab is a cabinet of InstallShield that has n names for one file, packed unless
// the version is below 6.
func shieldCab(version int, data []byte, n int) []byte {
	const head = 20 + 64
	table := []byte{}
	put32 := func(b []byte, at int, v int) { le.PutUint32(b[at:], uint32(v)) }
	name := 4
	table = append(table, 0, 0, 0, 0)
	table = append(table, "name\x00\x00\x00\x00"...)
	places := len(table)
	entries := places
	var list []byte
	if version < 6 {
		entries = places + 4*n
		for i := range n {
			table = le.AppendUint32(table, uint32(entries+0x3a*(i%2)))
		}
		for range 2 {
			list = append(list, padded(join(uint32(name), uint32(0), uint16(0), uint32(len(data)), uint32(len(data)), make([]byte, 20), uint32(head)), 0x3a)...)
		}
	} else {
		for range n {
			list = append(list, join(uint16(4), uint64(1<<40), uint64(len(data)), uint64(head), make([]byte, 32), uint32(name), uint16(0), make([]byte, 12), uint32(0), uint32(0), byte(0), uint16(1))...)
		}
	}
	top := make([]byte, 0x200)
	put32(top, 0xc, len(top))
	folders := 0
	if version < 6 {
		folders = places / 4
	}
	put32(top, 0x1c, folders)
	put32(top, 0x28, n)
	put32(top, 0x2c, entries)
	list = slices.Concat(top, table, list)
	h := make([]byte, head)
	copy(h, join("ISc(", uint32(0x01000000|version<<12), uint32(0), uint32(head+len(data)), uint32(len(list)), uint32(head)))
	return slices.Concat(h, data, list)
}
