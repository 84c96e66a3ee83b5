package device

import (
	"bytes"
	"strings"
)

// Partition is a part of a disk, in bytes.
type Partition struct {
	Start, N int64
	Bare     bool // of a type that holds no file system
}

// maxPartitions bounds what is read of partition tables. Windows and Linux know
// 128 entries in a GPT.
const maxPartitions = 256

// SectorBytes is the unit of a master boot record.
const SectorBytes = 512

// GPTMagic begins the header of a GUID partition table.
var GPTMagic = []byte("EFI PART")

// MBREntry is one of the four entries of a boot record.
type MBREntry struct {
	status, Kind byte
	Start, N     int64 // sectors
}

// ParseMBR reads the four entries of a boot record; ok is false if it has no signature.
func ParseMBR(b []byte) (parts [4]MBREntry, ok bool) {
	if len(b) < 512 || b[510] != 0x55 || b[511] != 0xaa {
		return parts, false
	}
	for i := range parts {
		e := b[446+16*i:]
		parts[i] = MBREntry{e[0], e[4], int64(LE32(e, 8)), int64(LE32(e, 12))}
	}
	return parts, true
}

// PlausibleMBR tells a partition table from the code of another boot sector.
func PlausibleMBR(b []byte, size int64) bool {
	parts, ok := ParseMBR(b)
	used := 0
	for _, p := range parts {
		if p.status&0x7f != 0 {
			return false
		}
		if p.Kind == 0 || p.N == 0 {
			continue
		}
		if p.Start*SectorBytes >= size {
			return false
		}
		used++
	}
	return ok && used > 0
}

// PartitionTables reads all tables of a disk.
type PartitionTables struct {
	Dev   *Device
	Parts []Partition
	More  bool // there are more partitions than are kept
	Cut   bool // a partition lies behind the disk's end
}

func (t *PartitionTables) add(start, n int64, bare bool) {
	if n <= 0 || start < 0 {
		return
	}
	if start >= t.Dev.Size {
		t.Cut = true
		return
	}
	for _, p := range t.Parts {
		if p.Start == start && p.N == n {
			return
		}
	}
	if len(t.Parts) == maxPartitions {
		t.More = true
		return
	}
	t.Cut = t.Cut || n > t.Dev.Size-start
	t.Parts = append(t.Parts, Partition{start, n, bare})
}

// Read reads the boot record, both copies of a GUID partition table for sectors of
// either size, and Apple's partition map.
func (t *PartitionTables) Read() {
	var b [SectorBytes]byte
	if t.Dev.Full(b[:], 0) && PlausibleMBR(b[:], t.Dev.Size) {
		parts, _ := ParseMBR(b[:])
		for _, p := range parts {
			t.addMBR(p)
		}
	}
	for _, sector := range []int64{512, 4096} {
		t.readGPT(sector, sector)
		t.readGPT(t.Dev.Size-sector, sector)
	}
	t.readApple()
}

func (t *PartitionTables) addMBR(p MBREntry) {
	switch p.Kind {
	case 0, 0xee: // none, and a GPT's protection
	case 0x05, 0x0f, 0x85:
		t.readExtended(p.Start)
	default:
		t.add(p.Start*SectorBytes, p.N*SectorBytes, p.Kind == 0x82)
	}
}

// readExtended follows the chain of an extended partition's boot records. Places
// in them count from the record, but the next record's from the first.
func (t *PartitionTables) readExtended(base int64) {
	var b [SectorBytes]byte
	at := base
	for range maxPartitions {
		if !t.Dev.Full(b[:], at*SectorBytes) {
			return
		}
		parts, ok := ParseMBR(b[:])
		if !ok {
			return
		}
		next := int64(0)
		for _, p := range parts {
			switch {
			case p.Kind == 0 || p.N == 0:
			case p.Kind == 0x05 || p.Kind == 0x0f || p.Kind == 0x85:
				next = base + p.Start
			default:
				t.add((at+p.Start)*SectorBytes, p.N*SectorBytes, p.Kind == 0x82)
			}
		}
		if next <= at {
			return // the end, or a loop
		}
		at = next
	}
	t.More = true
}

// Types of GPT partitions that hold no file system, as they are stored.
var bareGPT = [][]byte{
	[]byte("\x16\xe3\xc9\xe3\x5c\x0b\xb8\x4d\x81\x7d\xf9\x2d\xf0\x02\x15\xae"), // Microsoft reserved
	[]byte("Hah!IdontNeedEFI"), // BIOS boot
	[]byte("\x6d\xfd\x57\x06\xab\xa4\xc4\x43\x84\xe5\x09\x33\xc8\x4b\x4f\x4f"), // Linux swap
}

// readGPT reads a GUID partition table, UEFI 2.10 section 5.3. Its checksums are
// not asked for: what one tool repairs, another opens as it is.
func (t *PartitionTables) readGPT(off, sector int64) {
	var h [92]byte
	if off < 0 || !t.Dev.Full(h[:], off) || !bytes.HasPrefix(h[:], GPTMagic) {
		return
	}
	at := OffsetOf(LE64(h[:], 72))
	count, step := int64(LE32(h[:], 80)), int64(LE32(h[:], 84))
	if at > t.Dev.Size/sector || step < 128 || step > 4096 {
		return
	}
	at *= sector
	var e [128]byte
	for i := range min(count, 4*maxPartitions) {
		if !t.Dev.Full(e[:], at+i*step) {
			return
		}
		first, last := OffsetOf(LE64(e[:], 32)), OffsetOf(LE64(e[:], 40))
		if len(bytes.Trim(e[:16], "\x00")) == 0 || last < first {
			continue
		}
		// What lies behind the disk is cut, so that no product can overflow.
		first, last = min(first, t.Dev.Size/sector+1), min(last, t.Dev.Size/sector+1)
		t.add(first*sector, (last-first+1)*sector, isBareGPT(e[:16]))
	}
	t.More = t.More || count > 4*maxPartitions
}

// readApple reads an Apple partition map (Inside Macintosh: Devices, chapter 3). A
// partition of a type without a file system, or of a disc's own data, is only opened
// if it has one.
func (t *PartitionTables) readApple() {
	var b [64]byte
	if got := t.Dev.Read(b[:4], 0); !IsAppleDisk(got) {
		return
	}
	sector := int64(b[2])<<8 | int64(b[3])
	count := int64(1)
	for i := int64(1); i <= count; i++ {
		if !t.Dev.Full(b[:], i*sector) || string(b[:2]) != "PM" {
			return
		}
		if count = int64(BE32(b[:], 4)); count > maxPartitions {
			count, t.More = maxPartitions, true
		}
		kind := string(b[48:])
		bare := !strings.HasPrefix(kind, "Apple_HFS") && !strings.HasPrefix(kind, "Apple_APFS") && !strings.HasPrefix(kind, "DOS_FAT")
		t.add(int64(BE32(b[:], 8))*sector, int64(BE32(b[:], 12))*sector, bare)
	}
}

// IsAppleDisk asks for a driver descriptor, and a size of its sectors.
func IsAppleDisk(b []byte) bool {
	return len(b) >= 4 && b[0] == 'E' && b[1] == 'R' && b[3] == 0 && (b[2] == 2 || b[2] == 4 || b[2] == 8 || b[2] == 16)
}

func isBareGPT(kind []byte) bool {
	for _, bare := range bareGPT {
		if bytes.Equal(kind, bare) {
			return true
		}
	}
	return false
}
