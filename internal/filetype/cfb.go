package filetype

import (
	"encoding/binary"
	"unicode/utf16"
)

const (
	cfbMagic   = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	cfbNoEntry = 0xFFFFFFFF
	cfbSectors = 32 // sectors of the directory that are looked at: 128 entries of 512-byte sectors, 1,024 of 4 KiB ones
	cfbEntry   = 128
)

// cfb types a compound file ([MS-CFB]) by the class of its root and by the names directly below it. It walks the
// directory itself, and not through a library for compound files: what must not stop the answer here (a damaged mini
// stream, a cycle further down) is an error there, and the whole directory would be read before the first name is seen.
func (v *view) cfb() kind {
	d := cfbDir{v: v, sectorSize: 512}
	if !d.open() {
		return kOLE
	}
	root := d.entry(0)
	if root == nil {
		return kOLE
	}
	if k := cfbClass(root[80:96]); k != none {
		return k
	}
	if k := d.byTree(binary.LittleEndian.Uint32(root[76:])); k != none {
		return k
	}
	return d.byList()
}

// cfbDir is the directory of a compound file: where its sectors are, and the one sector that is loaded.
type cfbDir struct {
	v          *view
	sectorSize int
	sectors    [cfbSectors]uint32
	count      int
	loaded     int // 1 + index in sectors of what is in v.block
	valid      int // bytes of it
}

// open finds the directory's sectors. The chain is bounded by cfbSectors, so a cycle costs nothing.
func (d *cfbDir) open() bool {
	h := d.v.head
	if len(h) < 512 {
		return false
	}
	if binary.LittleEndian.Uint16(h[30:]) == 12 {
		d.sectorSize = 4096
	}
	perFAT := uint32(d.sectorSize / 4)
	for s := binary.LittleEndian.Uint32(h[48:]); s < 0xFFFFFFFA && d.count < cfbSectors; {
		d.sectors[d.count] = s
		d.count++
		fat := s / perFAT
		if fat >= 109 {
			break // its link is in a FAT sector that the header does not list
		}
		at := d.offset(binary.LittleEndian.Uint32(h[76+4*fat:])) + int64(s%perFAT)*4
		var link [4]byte
		b := d.v.block[:4]
		if d.v.read(b, at) < 4 {
			break
		}
		copy(link[:], b)
		s = binary.LittleEndian.Uint32(link[:])
	}
	return d.count > 0
}

func (d *cfbDir) offset(sector uint32) int64 {
	return (int64(sector) + 1) * int64(d.sectorSize)
}

// entry returns the bytes of an entry, valid until the next call; nil if it is out of reach.
func (d *cfbDir) entry(i uint32) []byte {
	per := uint32(d.sectorSize / cfbEntry)
	sector := i / per
	if sector >= uint32(d.count) {
		return nil
	}
	if d.loaded != int(sector)+1 {
		d.valid = d.v.read(d.v.block[:d.sectorSize], d.offset(d.sectors[sector]))
		d.loaded = int(sector) + 1
	}
	at := int(i%per) * cfbEntry
	if at+cfbEntry > d.valid {
		return nil
	}
	return d.v.block[at : at+cfbEntry]
}

// byTree asks the names below the root only: a document that embeds a workbook has the names of both somewhere.
func (d *cfbDir) byTree(top uint32) kind {
	var stack [64]uint32
	stack[0] = top
	k := none
	for depth, steps := 1, 0; depth > 0 && steps < 256; steps++ {
		depth--
		e := d.entry(stack[depth])
		if e == nil {
			continue
		}
		if f := cfbName(e); f != none && (k == none || f == kMSI) {
			k = f
		}
		for _, sib := range [2]uint32{binary.LittleEndian.Uint32(e[68:]), binary.LittleEndian.Uint32(e[72:])} {
			if sib != cfbNoEntry && depth < len(stack) {
				stack[depth] = sib
				depth++
			}
		}
	}
	return k
}

// byList asks all names in order, for a directory whose tree is broken.
func (d *cfbDir) byList() kind {
	for i := range uint32(d.count * d.sectorSize / cfbEntry) {
		if e := d.entry(i); e != nil {
			if k := cfbName(e); k != none {
				return k
			}
		}
	}
	return kOLE
}

// cfbClass knows the class identifiers that programs write into the root.
func cfbClass(id []byte) kind {
	const office = "\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
	if string(id) == "\x10\x8D\x81\x64\x9B\x4F\xCF\x11\x86\xEA\x00\xAA\x00\xB9\x29\xE8" {
		return kPpt
	}
	if string(id[4:]) != office {
		return none
	}
	switch binary.LittleEndian.Uint32(id) {
	case 0x000C1084, 0x000C1086, 0x000C1082: // package, patch, transform
		return kMSI
	case 0x00020906, 0x00020900, 0x00020907:
		return kDoc
	case 0x00020820, 0x00020810, 0x00020821:
		return kXls
	case 0x00020D0B:
		return kMsg
	}
	return none
}

// cfbName knows the streams that a program needs to open the file at all.
func cfbName(e []byte) kind {
	n := int(binary.LittleEndian.Uint16(e[64:]))
	if n < 4 || n > 64 || e[66] == 0 {
		return none
	}
	// The database's table names are packed into a range of CJK characters, after a mark of their own.
	if binary.LittleEndian.Uint16(e) == 0x4840 {
		return kMSI
	}
	switch {
	case cfbIs(e, n, "WordDocument"):
		return kDoc
	case cfbIs(e, n, "Workbook"), cfbIs(e, n, "Book"):
		return kXls
	case cfbIs(e, n, "PowerPoint Document"), cfbIs(e, n, "PP97_DUALSTORAGE"):
		return kPpt
	case cfbIs(e, n, "__properties_version1.0"), cfbIs(e, n, "__nameid_version1.0"):
		return kMsg
	}
	return none
}

// cfbIs compares a name as compound files do: without regard to case.
func cfbIs(e []byte, n int, name string) bool {
	if n/2-1 != len(name) {
		return false
	}
	for i := range len(name) {
		c := binary.LittleEndian.Uint16(e[2*i:])
		if c|0x20 != uint16(name[i])|0x20 || utf16.IsSurrogate(rune(c)) {
			return false
		}
	}
	return true
}
