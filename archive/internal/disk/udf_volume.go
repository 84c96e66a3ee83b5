package disk

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// maxUDFDescriptors bounds a volume descriptor sequence; 16 are usual.
const maxUDFDescriptors = 1024

// maxUDFMaps bounds the partitions of a logical volume; UDF has two at most.
const maxUDFMaps = 64

// udfVolume is a logical volume.
type udfVolume struct {
	block int64
	parts []*device.Device // by partition reference number; nil for one that cannot be read
}

// udfPhysical is a partition descriptor, ECMA-167 part 3, section 10.5.
type udfPhysical struct {
	number   uint16
	sequence uint32
	start    int64 // sectors
}

// readSequence reads a volume descriptor sequence, and queues the roots of its
// logical volumes.
func (v *udfImage) readSequence(block, sector, n int64) {
	var parts []udfPhysical
	var logical [][]byte
	end := sector + n/block
	for range maxUDFDescriptors {
		b := make([]byte, block)
		if sector >= end || !v.Dev.Full(b, sector*block) {
			break
		}
		sector++
		switch udfTag(b) {
		case udfPartitionDesc:
			parts = append(parts, udfPhysical{device.LE16(b, 22), device.LE32(b, 16), int64(device.LE32(b, 188))})
		case udfLogicalVolume:
			logical = append(logical, b)
		case udfPointer:
			sector, end = int64(device.LE32(b, 24)), int64(device.LE32(b, 24))+int64(device.LE32(b, 20))/block
		case udfTerminator:
			sector = end
		}
	}
	for _, b := range logical {
		key := fmt.Sprint(block, parts, b[212:min(len(b), 440+int(min(device.LE32(b, 264), 4096)))])
		if v.volumes[key] || len(v.volumes) >= maxUDFMaps {
			continue
		}
		v.volumes[key] = true
		v.readVolume(b, block, parts)
	}
}

// readVolume reads a logical volume descriptor, ECMA-167 part 3, section 10.6.
func (v *udfImage) readVolume(b []byte, sector int64, parts []udfPhysical) {
	vol := &udfVolume{block: int64(device.LE32(b, 212))}
	if vol.block < 512 || vol.block > 32<<10 || vol.block&(vol.block-1) != 0 {
		vol.block = sector
	}
	maps := b[440:min(len(b), 440+int(min(device.LE32(b, 264), 4096)))]
	for len(maps) >= 2 && maps[1] >= 2 && int(maps[1]) <= len(maps) && len(vol.parts) < maxUDFMaps {
		vol.parts = append(vol.parts, v.partition(vol, maps[:maps[1]], sector, parts))
		maps = maps[maps[1]:]
	}
	set := vol.longAD(b[248:])
	fs := make([]byte, 512)
	if set.on == nil || !set.on.Full(fs, set.off) || udfTag(fs) != udfFileSet {
		v.Unreadable(nil, "udf", fmt.Errorf("no file set: %w", v.whyNoSet(vol)))
		return
	}
	root := vol.longAD(fs[400:])
	v.entry(vol, nil, "", root, true)
}

// whyNoSet tells a partition that is not understood from one that is broken.
func (v *udfImage) whyNoSet(vol *udfVolume) error {
	for _, p := range vol.parts {
		if p == nil {
			return fmt.Errorf("partition map: %w", level.ErrUnsupported)
		}
	}
	return level.ErrMalformed
}

// partition makes a device of a partition map, ECMA-167 part 3, section 10.7, and
// UDF 2.60 section 2.2.8 ff.
func (v *udfImage) partition(vol *udfVolume, m []byte, sector int64, parts []udfPhysical) *device.Device {
	switch {
	case m[0] == 1 && len(m) >= 6:
		return v.physical(device.LE16(m, 4), sector, parts)
	case m[0] != 2 || len(m) < 64:
		return nil
	}
	under := v.physical(device.LE16(m, 38), sector, parts)
	name, _, _ := strings.Cut(string(m[5:28]), "\x00")
	switch {
	case under == nil:
		return nil
	case name == "*UDF Virtual Partition":
		return v.virtual(vol, under)
	case name == "*UDF Sparable Partition":
		return v.sparable(vol, m, under)
	case name == "*UDF Metadata Partition":
		return v.metadata(vol, m, under)
	}
	return nil
}

// physical is the partition of that number; of several descriptors the one with
// the highest sequence number prevails.
func (v *udfImage) physical(number uint16, sector int64, parts []udfPhysical) *device.Device {
	best := -1
	for i, p := range parts {
		if p.number == number && (best < 0 || p.sequence >= parts[best].sequence) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	start := parts[best].start * sector
	return v.Dev.Part(start, max(0, v.Dev.Size-start))
}

// longAD is the place that a long_ad names, ECMA-167 part 4, section 14.14.2.
func (vol *udfVolume) longAD(b []byte) udfIcb {
	if len(b) < 16 {
		return udfIcb{}
	}
	return vol.place(device.LE32(b, 4), device.LE16(b, 8))
}

func (vol *udfVolume) place(block uint32, ref uint16) udfIcb {
	if int(ref) >= len(vol.parts) || vol.parts[ref] == nil {
		return udfIcb{}
	}
	return udfIcb{vol.parts[ref], int64(block) * vol.block}
}

// virtual finds the virtual allocation table, which is the last thing that was
// written on a disc that can be written once (UDF 2.60 section 2.2.11).
func (v *udfImage) virtual(vol *udfVolume, under *device.Device) *device.Device {
	probe := &udfVolume{block: vol.block, parts: []*device.Device{under}}
	last := under.Size/vol.block - 1
	for n := last; n >= max(0, last-512); n-- {
		e, ok := readUDFEntry(probe, udfIcb{under, n * vol.block})
		if !v.Dev.Spend(vol.block) {
			break
		}
		if !ok || e.kind != 0 && e.kind != 248 {
			continue
		}
		table := v.body(probe, &e).device()
		if e.kind == 248 {
			var head [2]byte
			table.Read(head[:], 0)
			skip := int64(device.LE16(head[:], 0))
			return under.Derive(&udfVirtual{under, table.Part(skip, table.Size-skip), vol.block}, under.Size)
		}
		// UDF 1.50: the identifier and the previous table's place are at the end.
		var id [23]byte
		if table.Full(id[:], table.Size-36) && bytes.HasPrefix(id[1:], []byte("*UDF Virtual Alloc Tbl")) {
			return under.Derive(&udfVirtual{under, table.Part(0, table.Size-36), vol.block}, under.Size)
		}
	}
	return nil
}

// udfVirtual is a partition whose blocks are found through a table.
type udfVirtual struct {
	under, table *device.Device
	block        int64
}

func (u *udfVirtual) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, u.under.Size, u.block, func(i int64) (int64, error) {
		var e [4]byte
		if !u.table.Full(e[:], 4*i) {
			return -1, u.table.Err
		}
		return int64(device.LE32(e[:], 0)) * u.block, nil
	}, u.under)
}

// sparable reads the sparing table: packets of blocks that went bad are elsewhere
// (UDF 2.60 section 2.2.12).
func (v *udfImage) sparable(vol *udfVolume, m []byte, under *device.Device) *device.Device {
	u := &udfSparable{v.Dev, under, int64(device.LE16(m, 40)) * vol.block, map[int64]int64{}}
	if u.packet <= 0 {
		return under
	}
	for i := range min(int(m[42]), 4) {
		var h [56]byte
		at := int64(device.LE32(m, 48+4*i)) * vol.block
		if !v.Dev.Full(h[:], at) || !bytes.HasPrefix(h[17:], []byte("*UDF Sparing Table")) {
			continue
		}
		var e [8]byte
		for j := range int64(device.LE16(h[:], 48)) {
			if !v.Dev.Full(e[:], at+56+8*j) {
				break
			}
			if from := device.LE32(e[:], 0); from < 0xfffffff0 {
				u.moved[int64(from)*vol.block/u.packet] = int64(device.LE32(e[:], 4)) * vol.block
			}
		}
		break
	}
	return under.Derive(u, under.Size)
}

// udfSparable is a partition some of whose packets have been moved.
type udfSparable struct {
	disc, under *device.Device
	packet      int64           // bytes
	moved       map[int64]int64 // packet -> offset on the disc
}

func (u *udfSparable) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= u.under.Size {
		return u.under.ReadAt(p, off)
	}
	done := 0
	for done < len(p) {
		part := p[done:min(int64(len(p)), int64(done)+u.packet-off%u.packet)]
		dev, at := u.under, off
		if to, ok := u.moved[off/u.packet]; ok {
			dev, at = u.disc, to+off%u.packet
		}
		n, err := dev.ReadAt(part, at)
		done += n
		off += int64(n)
		if n < len(part) {
			return done, err
		}
	}
	return done, nil
}

// metadata is the partition that a file holds (UDF 2.60 section 2.2.13); its
// mirror serves if it cannot be read.
func (v *udfImage) metadata(vol *udfVolume, m []byte, under *device.Device) *device.Device {
	probe := &udfVolume{block: vol.block, parts: []*device.Device{under}}
	for _, at := range []int{40, 44} {
		if e, ok := readUDFEntry(probe, udfIcb{under, int64(device.LE32(m, at)) * vol.block}); ok {
			return v.body(probe, &e).device()
		}
	}
	return nil
}
