package archive

import (
	"bytes"
	"strings"
)

// partition is a part of a disk, in bytes.
type partition struct {
	start, n int64
	bare     bool // of a type that holds no file system
}

// maxPartitions bounds what is read of partition tables. Windows and Linux know
// 128 entries in a GPT.
const maxPartitions = 256

// sectorBytes is the unit of a master boot record.
const sectorBytes = 512

var gptMagic = []byte("EFI PART")

// mbrPartition is one of the four entries of a boot record.
type mbrPartition struct {
	status, kind byte
	start, n     int64 // sectors
}

func parseMBR(b []byte) (parts [4]mbrPartition, ok bool) {
	if len(b) < 512 || b[510] != 0x55 || b[511] != 0xaa {
		return parts, false
	}
	for i := range parts {
		e := b[446+16*i:]
		parts[i] = mbrPartition{e[0], e[4], int64(le32(e, 8)), int64(le32(e, 12))}
	}
	return parts, true
}

// plausibleMBR tells a partition table from the code of another boot sector.
func plausibleMBR(b []byte, size int64) bool {
	parts, ok := parseMBR(b)
	used := 0
	for _, p := range parts {
		if p.status&0x7f != 0 {
			return false
		}
		if p.kind == 0 || p.n == 0 {
			continue
		}
		if p.start*sectorBytes >= size {
			return false
		}
		used++
	}
	return ok && used > 0
}

// partitionTables reads all tables of a disk.
type partitionTables struct {
	dev   *device
	parts []partition
	more  bool // there are more partitions than are kept
	cut   bool // a partition lies behind the disk's end
}

func (t *partitionTables) add(start, n int64, bare bool) {
	if n <= 0 || start < 0 {
		return
	}
	if start >= t.dev.size {
		t.cut = true
		return
	}
	for _, p := range t.parts {
		if p.start == start && p.n == n {
			return
		}
	}
	if len(t.parts) == maxPartitions {
		t.more = true
		return
	}
	t.cut = t.cut || n > t.dev.size-start
	t.parts = append(t.parts, partition{start, n, bare})
}

// read reads the boot record, both copies of a GUID partition table for sectors of
// either size, and Apple's partition map.
func (t *partitionTables) read() {
	var b [sectorBytes]byte
	if t.dev.full(b[:], 0) && plausibleMBR(b[:], t.dev.size) {
		parts, _ := parseMBR(b[:])
		for _, p := range parts {
			t.addMBR(p)
		}
	}
	for _, sector := range []int64{512, 4096} {
		t.readGPT(sector, sector)
		t.readGPT(t.dev.size-sector, sector)
	}
	t.readApple()
}

func (t *partitionTables) addMBR(p mbrPartition) {
	switch p.kind {
	case 0, 0xee: // none, and a GPT's protection
	case 0x05, 0x0f, 0x85:
		t.readExtended(p.start)
	default:
		t.add(p.start*sectorBytes, p.n*sectorBytes, p.kind == 0x82)
	}
}

// readExtended follows the chain of an extended partition's boot records. Places
// in them count from the record, but the next record's from the first.
func (t *partitionTables) readExtended(base int64) {
	var b [sectorBytes]byte
	at := base
	for range maxPartitions {
		if !t.dev.full(b[:], at*sectorBytes) {
			return
		}
		parts, ok := parseMBR(b[:])
		if !ok {
			return
		}
		next := int64(0)
		for _, p := range parts {
			switch {
			case p.kind == 0 || p.n == 0:
			case p.kind == 0x05 || p.kind == 0x0f || p.kind == 0x85:
				next = base + p.start
			default:
				t.add((at+p.start)*sectorBytes, p.n*sectorBytes, p.kind == 0x82)
			}
		}
		if next <= at {
			return // the end, or a loop
		}
		at = next
	}
	t.more = true
}

// Types of GPT partitions that hold no file system, as they are stored.
var bareGPT = [][]byte{
	[]byte("\x16\xe3\xc9\xe3\x5c\x0b\xb8\x4d\x81\x7d\xf9\x2d\xf0\x02\x15\xae"), // Microsoft reserved
	[]byte("Hah!IdontNeedEFI"), // BIOS boot
	[]byte("\x6d\xfd\x57\x06\xab\xa4\xc4\x43\x84\xe5\x09\x33\xc8\x4b\x4f\x4f"), // Linux swap
}

// readGPT reads a GUID partition table, UEFI 2.10 section 5.3. Its checksums are
// not asked for: what one tool repairs, another opens as it is.
func (t *partitionTables) readGPT(off, sector int64) {
	var h [92]byte
	if off < 0 || !t.dev.full(h[:], off) || !bytes.HasPrefix(h[:], gptMagic) {
		return
	}
	at := offsetOf(le64(h[:], 72))
	count, step := int64(le32(h[:], 80)), int64(le32(h[:], 84))
	if at > t.dev.size/sector || step < 128 || step > 4096 {
		return
	}
	at *= sector
	var e [128]byte
	for i := range min(count, 4*maxPartitions) {
		if !t.dev.full(e[:], at+i*step) {
			return
		}
		first, last := offsetOf(le64(e[:], 32)), offsetOf(le64(e[:], 40))
		if len(bytes.Trim(e[:16], "\x00")) == 0 || last < first {
			continue
		}
		// What lies behind the disk is cut, so that no product can overflow.
		first, last = min(first, t.dev.size/sector+1), min(last, t.dev.size/sector+1)
		t.add(first*sector, (last-first+1)*sector, isBareGPT(e[:16]))
	}
	t.more = t.more || count > 4*maxPartitions
}

// readApple reads an Apple partition map (Inside Macintosh: Devices, chapter 3). A
// partition of a type without a file system, or of a disc's own data, is only opened
// if it has one.
func (t *partitionTables) readApple() {
	var b [64]byte
	if got := t.dev.read(b[:4], 0); !isAppleDisk(got) {
		return
	}
	sector := int64(b[2])<<8 | int64(b[3])
	count := int64(1)
	for i := int64(1); i <= count; i++ {
		if !t.dev.full(b[:], i*sector) || string(b[:2]) != "PM" {
			return
		}
		if count = int64(be32(b[:], 4)); count > maxPartitions {
			count, t.more = maxPartitions, true
		}
		kind := string(b[48:])
		bare := !strings.HasPrefix(kind, "Apple_HFS") && !strings.HasPrefix(kind, "Apple_APFS") && !strings.HasPrefix(kind, "DOS_FAT")
		t.add(int64(be32(b[:], 8))*sector, int64(be32(b[:], 12))*sector, bare)
	}
}

// isAppleDisk asks for a driver descriptor, and a size of its sectors.
func isAppleDisk(b []byte) bool {
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
