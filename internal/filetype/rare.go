package filetype

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// mark is what stands at a fixed place of a format that few mails have, and what else
// must be true of the first bytes.
type mark struct {
	kind  kind
	at    int
	magic string
	more  func(b []byte) bool // nil: the magic is enough
}

// rareMarks have more than a word to go by: what is said to be a container that is not
// opened may be refused.
var rareMarks = [...]mark{
	{kAlz, 0, "ALZ\x01", func(b []byte) bool { return len(b) >= 12 && b[7] == 0 }},
	{kEgg, 0, "EGGA\x00\x01", func(b []byte) bool { return has(b, 10, "\x00\x00\x00\x00") }},
	{kArc, 0, "\x1A", arc},
	{kZoo, 20, "\xDC\xA7\xC4\xFD", nil},

	// StuffIt: the first has one of many types of file before "rLau".
	{kStuffIt, 10, "rLau", func(b []byte) bool { return b[0] == 'S' && (has(b, 0, "SIT!") || has(b, 0, "ST")) }},
	{kStuffIt, 0, "StuffIt (c)1997-", func(b []byte) bool { return has(b, 20, " Aladdin Systems, Inc.") }},
	{kStuffItX, 0, "StuffIt!", binaryAt(8)},
	{kStuffItX, 0, "StuffIt?", binaryAt(8)},
	{kDiskDoubler, 0, "\xAB\xCD\x00\x54", nil},
	{kDiskDoubler, 0, "DDAR", binaryAt(4)},

	{kAmigaLZX, 0, "LZX", amigaLZX},

	// Compressors that mail programs do not open, and unpackers do.
	{kLrzip, 0, "LRZI\x00", func(b []byte) bool { return len(b) >= 24 && b[5] < 32 }},
	{kRzip, 0, "RZIP\x02", func(b []byte) bool { return len(b) >= 24 && b[5] < 32 }},
	{kZpaq, 0, "\x37\x6B\x53\x74\xA0\x31\x83\xD3\x8C\xB2\x28\xB0\xD3zPQ", nil},
	{kZpaq, 0, "zPQ", func(b []byte) bool { return has(b, 3, "\x01\x01") || has(b, 3, "\x02\x01") }},
	{kFreeArc, 0, "ArC\x01", binaryAt(4)},
	{kPea, 0, "\xEA\x01", func(b []byte) bool { return len(b) >= 20 && bytes.Contains(b[10:20], []byte("POD")) }},
	{kUharc, 0, "UHA", func(b []byte) bool { return len(b) > 3 && b[3] > 0 && b[3] < '\t' && binaryAt(4)(b) }},
	{kKGB, 0, "KGB_arch -", func(b []byte) bool { return has(b, 11, "\r\n") && b[10] >= '0' && b[10] <= '9' }},
	{kPaq, 0, "paq", paq},
	{kPaq, 0, "PAQ", paq},
	{kAppleArchive, 0, "AA01", func(b []byte) bool { return has(b, 6, "TYP") && b[5] < 0x10 }},
	{kAppleArchive, 0, "pbz", func(b []byte) bool {
		return len(b) > 12 && bytes.IndexByte([]byte("xzbe4-"), b[3]) >= 0 && has(b, 4, "\x00\x00\x00\x00")
	}},
	{kPMD, 0, "\x8F\xAF\xAC\x84", func(b []byte) bool { return len(b) > 16 && (b[9]>>4 == 7 || b[9]>>4 == 8) }},
	{kDMS, 0, "DMS!", binaryAt(4)},
	{kPowerPacker, 0, "PP20", binaryAt(4)},
	{kPackIt, 0, "PMag", func(b []byte) bool { return len(b) > 5 && b[4] > 0 && b[4] < 64 && binaryAt(5+int(b[4]))(b) }},
	{kPackIt, 0, "PMa4", func(b []byte) bool { return len(b) > 5 && b[4] > 0 && b[4] < 64 && binaryAt(5+int(b[4]))(b) }},
	{kLZFSE, 0, "bvx", func(b []byte) bool {
		return len(b) > 12 && bytes.IndexByte([]byte("12n-"), b[3]) >= 0 && b[7] < ' ' && binaryAt(4)(b)
	}},
	{kSnappy, 0, "\xFF\x06\x00\x00sNaPpY", nil},
	{kSnappy, 0, "\xFF\x06\x00\x00S2sTwO", nil},
	{kPack200, 0, "\xCA\xFE\xD0\x0D", func(b []byte) bool { return len(b) > 8 && b[5] >= 150 && b[5] <= 171 }},

	// Images of disks.
	{kVMDK, 0, "KDMV", func(b []byte) bool { return smallLE(b, 4, 1, 3) }},
	{kVMDK, 0, "COWD", func(b []byte) bool { return smallLE(b, 4, 1, 1) }},
	{kVMDK, 0, "# Disk DescriptorFile", nil},
	{kVDI, 0x40, "\x7F\x10\xDA\xBE", nil},
	{kQCOW, 0, "QFI\xFB\x00\x00\x00", func(b []byte) bool { return len(b) > 7 && b[7] >= 1 && b[7] <= 3 }},
	{kParallels, 0, "WithoutFreeSpace", binaryAt(16)},
	{kParallels, 0, "WithouFreSpacExt", binaryAt(16)},
	{kSparse, 0, "\x3A\xFF\x26\xED\x01\x00", nil},
	{kCISO, 0, "CISO", ciso},
	{kCISO, 0, "ZISO", ciso},
	{kDAA, 0, "DAA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", nil},
	{kISZ, 0, "IsZ!", func(b []byte) bool { return len(b) > 5 && (b[4] == 48 || b[4] == 64) && b[5] <= 1 }},
	{kCramfs, 0, "\x45\x3D\xCD\x28", func(b []byte) bool { return has(b, 16, "Compressed ROMFS") }},
	{kCramfs, 0, "\x28\xCD\x3D\x45", func(b []byte) bool { return has(b, 16, "Compressed ROMFS") }},
	{kCramfs, 512, "\x45\x3D\xCD\x28", func(b []byte) bool { return has(b, 528, "Compressed ROMFS") }},
	{kJFFS2, 0, "\x85\x19", func(b []byte) bool { return jffs2(b, binary.LittleEndian) }},
	{kJFFS2, 0, "\x19\x85", func(b []byte) bool { return jffs2(b, binary.BigEndian) }},
	{kUEFI, 0, "\xBD\x86\x66\x3B\x76\x0D\x30\x40\xB7\x0E\xB5\x51\x9E\x2F\xC5\xA0", nil},
	{kUEFI, 0, "\x8B\xA6\x3C\x4A\x23\x77\xFB\x48\x80\x3D\x57\x8C\xC1\xFE\xC4\x4D", nil},
	{kUEFI, 0, "\xB9\x82\x91\x53\xB5\xAB\x91\x43\xB6\x9A\xE3\xA9\x43\xF7\x2F\xCC", nil},
	{kUEFI, 40, "_FVH", func(b []byte) bool { // a volume of firmware files, version 2 or 3
		return has(b, 16, "\xD9\x54\x93\x7A\x68\x04\x4A\x44\x81\xCE\x0B\xF6\x17\xD8\x90\xDF") ||
			has(b, 16, "\x78\xE5\x8C\x8C\x3D\x8A\x1C\x4F\x99\x35\x89\x61\x85\xC3\x2D\xD3")
	}},
	{kSuper, 4096, "gDla\x34\x00\x00\x00", nil},
	{kUBI, 0, "UBI#\x01\x00\x00\x00", nil},
	{kUBI, 0, "\x31\x18\x10\x06", func(b []byte) bool { return len(b) > 24 && b[20] <= 11 && b[22] == 0 && b[23] == 0 }},
	{kXFS, 0, "XFSB\x00", func(b []byte) bool {
		return len(b) > 8 && powerIn(int64(binary.BigEndian.Uint32(b[4:])), 512, 64<<10)
	}},
	{kExt, 1080, "\x53\xEF", ext},
	{kAPFS, 32, "NXSB", func(b []byte) bool {
		return len(b) > 40 && powerIn(int64(binary.LittleEndian.Uint32(b[36:])), 4<<10, 64<<10)
	}},
	{kF2FS, 1024, "\x10\x20\xF5\xF2\x01\x00", nil},

	// Stores of mail, records and backups.
	{kBPlist, 0, "bplist", binaryAt(8)},
	{kActiveMime, 0, "ActiveMime", binaryAt(10)},
	{kPST, 0, "!BDN", func(b []byte) bool { return has(b, 8, "SM") || has(b, 8, "SO") }},
	{kMDB, 0, "\x00\x01\x00\x00Standard Jet DB\x00", nil},
	{kMDB, 0, "\x00\x01\x00\x00Standard ACE DB\x00", nil},
	{kWARC, 0, "WARC/", func(b []byte) bool { return bytes.Contains(b[:min(len(b), 1024)], []byte("WARC-Type:")) }},
	{kBKF, 0, "TAPE", bkf},
	{kDAR, 0, "\x00\x00\x00\x7B", func(b []byte) bool {
		return len(b) > 16 && bytes.IndexByte([]byte("TNE"), b[14]) >= 0 && bytes.IndexByte([]byte("NST"), b[15]) >= 0
	}},
	{kInno, 0, "Inno Setup Setup Data (", nil},
	{kInno, 0, "zlb\x1A", binaryAt(4)},
	{kInno, 0, "idska32\x1A", nil},
	{kInno, 0, "idskb32\x1A", nil},
	{kAutoIt, 0, "\xA3\x48\x4B\xBE\x98\x6C\x4A\xA9\x99\x4C\x53\x0A\x86\xD6\x48\x7D", nil},
	{kHxS, 0, "ITOLITLS\x01\x00\x00\x00", nil},
	{kAsar, 0, "\x04\x00\x00\x00", func(b []byte) bool { return has(b, 16, `{"files":`) }},
}

// byRareMagic asks the marks of rare formats.
func byRareMagic(b []byte) kind {
	for i := range rareMarks {
		m := &rareMarks[i]
		if has(b, m.at, m.magic) && (m.more == nil || m.more(b)) {
			return m.kind
		}
	}
	return none
}

// binaryAt asks for something other than text within the bytes behind an offset.
func binaryAt(off int) func(b []byte) bool {
	const look = 16
	return func(b []byte) bool { return len(b) > off && !printable(b[off:min(len(b), off+look)]) }
}

// smallLE says whether a number of 32 bits is in a range.
func smallLE(b []byte, at int, from, to uint32) bool {
	if len(b) < at+4 {
		return false
	}
	n := binary.LittleEndian.Uint32(b[at:])
	return n >= from && n <= to
}

// powerIn says whether a number is a power of two in a range.
func powerIn(n, from, to int64) bool { return n >= from && n <= to && n&(n-1) == 0 }

// paq has a line with the program's name and level, which a control character ends: the
// first versions, and those of the eighth.
func paq(b []byte) bool {
	line, _, found := bytes.Cut(b[:min(len(b), 32)], []byte("\r\n"))
	if !found || len(line) < 4 || bytes.IndexByte([]byte("12345678"), line[3]) < 0 {
		return false
	}
	if name, levels, found := bytes.Cut(line, []byte(" -")); found {
		line = name
		if len(levels) == 0 || levels[0] < '0' || levels[0] > '9' {
			return false
		}
	}
	for _, c := range line {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return bytes.IndexByte(b[:min(len(b), 4096)], 0x1A) >= 0
}

// amigaLZX asks for a first entry whose checksum is right, without which no program goes
// on: of its head, its name and its comment.
func amigaLZX(b []byte) bool {
	const archive, entry, sum = 10, 31, 26
	if len(b) < archive+entry {
		return false
	}
	e := b[archive:]
	n := int(e[30]) + int(e[14])
	if len(e) < entry+n {
		return false
	}
	head := [entry]byte(e)
	clear(head[sum : sum+4])
	crc := crc32.Update(crc32.ChecksumIEEE(head[:]), crc32.IEEETable, e[entry:entry+n])
	return crc == binary.LittleEndian.Uint32(e[sum:])
}

// ciso is an image of a disc in blocks: of the PSP with its own header, or of the
// GameCube with a map.
func ciso(b []byte) bool {
	if len(b) < 24 {
		return false
	}
	le := binary.LittleEndian
	psp := le.Uint64(b[8:]) < 1<<40 && powerIn(int64(le.Uint32(b[16:])), 512, 1<<20) && b[20] <= 2
	cube := powerIn(int64(le.Uint32(b[4:])), 32<<10, 32<<20) && b[8] <= 1 && b[9] <= 1
	return psp || cube
}

// jffs2 asks for a node's type and size.
func jffs2(b []byte, order binary.ByteOrder) bool {
	if len(b) < 12 {
		return false
	}
	switch order.Uint16(b[2:]) {
	case 0xE001, 0xE002, 0x2003, 0x2004, 0x2006, 0xE008, 0xE009:
		n := order.Uint32(b[4:])
		return n >= 12 && n <= 64<<10
	}
	return false
}

// ext asks for what Linux asks for before it mounts ext2, ext3 or ext4.
func ext(b []byte) bool {
	if len(b) < 1024+204 {
		return false
	}
	s, le := b[1024:], binary.LittleEndian
	return le.Uint32(s) > 0 && le.Uint32(s[4:]) > 0 && le.Uint32(s[24:]) <= 6 && le.Uint32(s[72:]) <= 4 && le.Uint32(s[76:]) <= 1 &&
		le.Uint32(s[32:]) > 0 && le.Uint32(s[40:]) > 0
}

// arc asks for a method, a name without blanks, and a date or a header behind the data.
// Compiled terminfo begins as the oldest method with a name of one byte does.
func arc(b []byte) bool {
	if len(b) < 29 {
		return false
	}
	method := b[1] &^ 0x80
	name, _, ended := bytes.Cut(b[2:15], []byte{0})
	if !ended || len(name) == 0 || method == 0 || method > 11 && method < 20 || method > 30 && b[1] != 0xFF {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c == 0x7F {
			return false
		}
	}
	le := binary.LittleEndian
	date, next := le.Uint16(b[19:]), 29+int64(le.Uint32(b[15:]))
	switch {
	case method == 1:
		next -= 4
	case b[1] != method:
		next += 12
	}
	dated := date>>5&15 >= 1 && date>>5&15 <= 12 && date&31 >= 1 && date>>9 < 60
	return dated && (method != 1 || len(name) > 1) || next < int64(len(b)) && b[next] == 0x1A
}

// bkf sums the header of a block of the Microsoft Tape Format.
func bkf(b []byte) bool {
	if len(b) < 52 {
		return false
	}
	sum := uint16(0)
	for i := 0; i < 50; i += 2 {
		sum ^= binary.LittleEndian.Uint16(b[i:])
	}
	return sum == binary.LittleEndian.Uint16(b[50:])
}

// compactPro recognises an archive by the directory that its head leads to: a number of
// entries, a comment, and a first entry that is a folder or lies before the directory.
func (v *view) compactPro() bool {
	if !has(v.head, 0, "\x01\x01") || len(v.head) < 8 {
		return false
	}
	at := int64(binary.BigEndian.Uint32(v.head[4:]))
	b := v.block[:512]
	if at < 8 {
		return false
	}
	b = b[:v.read(b, at)]
	if len(b) < 7 || binary.BigEndian.Uint16(b[4:]) == 0 || len(b) < 8+int(b[6]) {
		return false
	}
	b = b[7+int(b[6]):]
	folder, n := b[0]&0x80 != 0, int(b[0]&0x7F)
	if n == 0 || n > 31 || len(b) < 1+n+5 {
		return false
	}
	for _, c := range b[1 : 1+n] {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	b = b[1+n:]
	if folder {
		return binary.BigEndian.Uint16(b) < 1<<12
	}
	from := int64(binary.BigEndian.Uint32(b[1:]))
	return b[0] == 1 && from >= 8 && from < at
}

// nero recognises an image by the footer, which leads to a list of its chunks.
func (v *view) nero() bool {
	at := int64(-1)
	switch b := v.block[:8]; {
	case v.size < 1024:
	case v.at(v.size-12, "NER5"):
		if v.read(b, v.size-8) == 8 {
			at = int64(binary.BigEndian.Uint64(b))
		}
	case v.at(v.size-8, "NERO"):
		if v.read(b[:4], v.size-4) == 4 {
			at = int64(binary.BigEndian.Uint32(b))
		}
	}
	if at < 0 || at >= v.size-8 {
		return false
	}
	b := v.block[:4]
	if v.read(b, at) < 4 {
		return false
	}
	switch string(b) {
	case "CUES", "CUEX", "DAOI", "DAOX", "TINF", "ETNF", "ETN2", "SINF", "CDTX":
		return true
	}
	return false
}

// btrfs recognises a volume whose own mark stands behind 64 KiB that are not its own.
func (v *view) btrfs() bool {
	return v.size >= 0x11000 && len(bytes.Trim(v.head[:min(len(v.head), 512)], "\x00")) == 0 && v.at(0x10040, "_BHRfS_M")
}
