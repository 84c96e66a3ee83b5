package disk

import (
	"encoding/binary"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// fatEntry is a file in the root directory of a forged volume.
type fatEntry struct {
	short   string // 11 bytes
	attr    byte
	cluster uint32 // first; 0: where the forge puts the body
	body    string
	size    uint32 // 0: the body's
	deleted bool
}

// fatTree is a file, a folder that is its own child, a label and a deleted file.
var fatTree = []fatEntry{
	{short: "P       JS ", body: archivetest.Payload + string(make([]byte, 3000)) + archivetest.Marker},
	{short: "LOOP       ", attr: fatDir, cluster: 4},
	{short: "LABEL      ", attr: fatLabel},
	{short: "OLD     JS ", body: "old", deleted: true},
}

// forgeFAT writes a volume of 512-byte clusters that is 2 MiB long. A volume so
// small has FAT12 by the count of its clusters, so that FAT16 says that it is
// larger than it is.
func forgeFAT(bits int, entries ...fatEntry) []byte {
	b := make([]byte, 2<<20)
	fatSize := map[int]int{12: 12, 16: 32, 32: 32}[bits]
	b[0], b[1], b[2] = 0xeb, 0x58, 0x90
	le := binary.LittleEndian
	le.PutUint16(b[11:], 512)
	b[13], b[14], b[16], b[21] = 1, 1, 1, 0xf8
	total := len(b) / 512
	roots := 16
	if bits == 16 {
		total = 8000
	}
	if bits == 32 {
		roots = 0
		le.PutUint32(b[36:], uint32(fatSize))
		le.PutUint32(b[44:], 2)
	} else {
		le.PutUint16(b[17:], uint16(roots))
		le.PutUint16(b[22:], uint16(fatSize))
	}
	le.PutUint16(b[19:], uint16(total))
	b[510], b[511] = 0x55, 0xaa
	set := func(n, next uint32) {
		table := b[512:]
		switch bits {
		case 12:
			pair := le.Uint16(table[n*3/2:])
			if n&1 == 0 {
				pair = pair&0xf000 | uint16(next&0xfff)
			} else {
				pair = pair&0xf | uint16(next<<4)
			}
			le.PutUint16(table[n*3/2:], pair)
		case 16:
			le.PutUint16(table[n*2:], uint16(next))
		default:
			le.PutUint32(table[n*4:], next)
		}
	}
	root := 512 * (1 + fatSize)
	data := root + roots*32
	dir, next := b[root:], uint32(2)
	if bits == 32 {
		set(2, 0x0fffffff)
		next = 3
	}
	for _, e := range entries {
		first := e.cluster
		if bits == 32 && e.attr == fatDir && e.body == "" {
			first = 2 // the root
		}
		if first == 0 && e.body != "" {
			first = next
			copy(b[data+int(first-2)*512:], e.body)
			for n := (len(e.body) + 511) / 512; n > 0; n-- {
				link := next + 1
				if n == 1 {
					link = 0x0fffffff
				}
				set(next, link)
				next++
			}
		}
		copy(dir, e.short)
		if e.deleted {
			dir[0] = fatDeleted
		}
		dir[11] = e.attr
		le.PutUint16(dir[20:], uint16(first>>16))
		le.PutUint16(dir[26:], uint16(first))
		size := e.size
		if size == 0 {
			size = uint32(len(e.body))
		}
		le.PutUint32(dir[28:], size)
		dir = dir[32:]
	}
	return b
}

// forgeVHD writes a dynamic disk of blocks of 64 KiB, the empty ones left out.
func forgeVHD(disk []byte) []byte {
	const block = 64 << 10
	be := binary.BigEndian
	count := (len(disk) + block - 1) / block
	footer := make([]byte, 512)
	copy(footer, vhdCookie)
	be.PutUint64(footer[16:], 512)
	be.PutUint64(footer[48:], uint64(len(disk)))
	be.PutUint32(footer[60:], vhdDynamic)
	head := make([]byte, 1024)
	copy(head, vhdDynCookie)
	be.PutUint64(head[16:], 1536)
	be.PutUint32(head[28:], uint32(count))
	be.PutUint32(head[32:], block)
	out := append(append([]byte{}, footer...), head...)
	table := make([]byte, (4*count+511)&^511)
	out = append(out, table...)
	for i := range count {
		part := disk[i*block : min(len(disk), (i+1)*block)]
		at := uint32(0xffffffff)
		if !zeros(part) {
			at = uint32(len(out) / 512)
			out = append(append(out, make([]byte, 512)...), part...)
			out = append(out, make([]byte, -len(out)&511)...)
		}
		be.PutUint32(out[1536+4*i:], at)
	}
	return append(out, footer...)
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// forgeVHDX writes a disk of one payload block.
func forgeVHDX(disk []byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, 1<<20)
	copy(b, vhdxMagic)
	region := b[vhdxRegion1:]
	copy(region, "regi")
	le.PutUint32(region[8:], 2)
	for i, g := range []string{vhdxBAT, vhdxMetadata} {
		copy(region[16+32*i:], g)
		le.PutUint64(region[32+32*i:], uint64(320<<10+i*64<<10))
	}
	le.PutUint64(b[320<<10:], 1<<20|6)
	meta := b[384<<10:]
	copy(meta, "metadata")
	le.PutUint16(meta[10:], 3)
	for i, item := range []struct {
		guid  string
		value uint64
	}{{vhdxParameters, 1 << 20}, {vhdxDiskSize, uint64(len(disk))}, {vhdxSectorSize, 512}} {
		copy(meta[32+32*i:], item.guid)
		le.PutUint32(meta[48+32*i:], uint32(4096+8*i))
		le.PutUint64(meta[4096+8*i:], item.value)
	}
	return append(b, disk...)
}
