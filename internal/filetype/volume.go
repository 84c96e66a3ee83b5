package filetype

import "encoding/binary"

// volume recognises what has no magic at its start: a FAT volume by its boot sector's fields (Microsoft, FAT: General
// Overview of On-Disk Format 1.03), a disk by its partition table, and a volume of another kind by its mark.
func (v *view) volume() kind {
	b := v.head
	if len(b) < 512 {
		return none
	}
	if v.btrfs() {
		return kBtrfs
	}
	switch {
	case fatBoot(b):
		return kFAT
	case partitioned(b, v.size), has(b, 512, "EFI PART"), has(b, 4096, "EFI PART"):
		return kDisk
	}
	for _, m := range []struct {
		off   int
		magic string
	}{{3, "NTFS    "}, {3, "EXFAT   "}, {3, "-FVE-FS-"}, {3, "ReFS\x00\x00\x00\x00"}, {0, "LUKS\xBA\xBE"}, {1024, "H+\x00\x04"}, {1024, "HX\x00\x05"}} {
		if has(b, m.off, m.magic) {
			return kDisk
		}
	}
	return none
}

// fatBoot asks for what Windows and Linux ask before they mount.
func fatBoot(b []byte) bool {
	le := binary.LittleEndian
	sector, cluster := le.Uint16(b[11:]), b[13]
	total := le.Uint32(b[32:])
	if n := le.Uint16(b[19:]); n != 0 {
		total = uint32(n)
	}
	power := func(n uint16) bool { return n != 0 && n&(n-1) == 0 }
	// Windows and Linux look at the kind of medium, 7-Zip at the sector's mark.
	mark := b[21] == 0xF0 || b[21] >= 0xF8 || b[510] == 0x55 && b[511] == 0xAA
	return (b[0] == 0xEB || b[0] == 0xE9 || b[0] == 0) && mark && sector >= 128 && sector <= 4096 &&
		power(sector) && power(uint16(cluster)) && le.Uint16(b[14:]) > 0 && b[16] >= 1 && b[16] <= 4 && total > 0 &&
		(le.Uint16(b[22:]) > 0 || le.Uint32(b[36:]) > 0)
}

// partitioned asks for a master boot record with a table that can be meant.
func partitioned(b []byte, size int64) bool {
	if b[510] != 0x55 || b[511] != 0xAA {
		return false
	}
	used := false
	for e := b[446:510]; len(e) > 0; e = e[16:] {
		start, n := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		switch {
		case e[0]&0x7F != 0:
			return false
		case e[4] == 0 || n == 0:
		case int64(start)*512 >= size:
			return false
		default:
			used = true
		}
	}
	return used
}
