package disk

import (
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// udfEntry is a file entry or an extended one, ECMA-167 part 4, sections 14.9 and
// 14.17.
type udfEntry struct {
	at       udfIcb
	strategy uint16 // of its ICB, section 14.6.2
	kind     byte   // file type, section 14.6.6
	flags    uint16
	size     int64
	data     []byte // allocation descriptors, or the file itself
	dataAt   int64  // offset of data on at.on
	streams  udfIcb // directory of named streams
}

const (
	udfKindDir = 4
	udfLinked  = 4096 // the strategy in which a later entry replaces this one
)

func readUDFEntry(vol *udfVolume, at udfIcb) (udfEntry, bool) {
	if at.on == nil {
		return udfEntry{}, false
	}
	b := at.on.Read(make([]byte, vol.block), at.off)
	fixed, lengths := 176, 168
	tag := udfTag(b)
	if tag == udfExtendedEntry {
		fixed, lengths = 216, 208
	}
	if tag != udfFileEntry && tag != udfExtendedEntry || len(b) < fixed {
		return udfEntry{}, false
	}
	e := udfEntry{at: at, strategy: device.LE16(b, 20), kind: b[27], flags: device.LE16(b, 34), size: device.OffsetOf(device.LE64(b, 56))}
	if tag == udfExtendedEntry && device.LE32(b, 152)&0x3fffffff > 0 {
		e.streams = vol.longAD(b[152:])
	}
	from := min(int64(fixed)+int64(device.LE32(b, lengths)), int64(len(b)))
	to := min(from+int64(device.LE32(b, lengths+4)), int64(len(b)))
	e.data, e.dataAt = b[from:to], at.off+from
	return e, true
}

// udfBody reads a file: its extents as its allocation descriptors list them
// (ECMA-167 part 4, section 12), one run of descriptors after the other.
type udfBody struct {
	v    *udfImage
	vol  *udfVolume
	kind uint16 // of descriptor; udfEmbedded if the file lies in the entry
	own  uint16 // the partition that short descriptors mean
	next udfIcb // where the descriptors go on
	run  device.ExtentReader
}

// udfEmbedded is the kind of allocation of a file that lies in its entry.
const udfEmbedded = 3

func (v *udfImage) body(vol *udfVolume, e *udfEntry) *udfBody {
	b := &udfBody{v: v, vol: vol, kind: e.flags & 7, own: uint16(max(0, slices.Index(vol.parts, e.at.on)))}
	b.run.Left = e.size
	if b.kind == udfEmbedded {
		b.run.Rest = []device.Extent{{On: e.at.on, Off: e.dataAt, N: int64(len(e.data))}}
	} else {
		b.run.Rest, b.next = vol.descriptors(e.data, b.kind, b.own)
	}
	return b
}

func (b *udfBody) Read(p []byte) (int, error) {
	for b.run.Left > 0 && b.run.Spent() && b.next.on != nil {
		if err := b.more(); err != nil {
			return 0, err
		}
	}
	return b.run.Read(p)
}

// more reads an allocation extent descriptor, ECMA-167 part 4, section 14.5. Any
// number of files can lead to the same ones.
func (b *udfBody) more() error {
	if !b.v.Dev.Spend(b.vol.block) {
		return fmt.Errorf("%w: %w", device.ErrWork, level.ErrMalformed)
	}
	d := b.next.on.Read(make([]byte, b.vol.block), b.next.off)
	b.next = udfIcb{}
	if udfTag(d) == udfExtentDesc && len(d) >= 24 {
		b.run.Rest, b.next = b.vol.descriptors(d[24:min(24+int64(device.LE32(d, 20)), int64(len(d)))], b.kind, b.own)
	}
	return nil
}

// descriptors reads one run of allocation descriptors, and says where they go on.
func (vol *udfVolume) descriptors(data []byte, kind, own uint16) ([]device.Extent, udfIcb) {
	var extents []device.Extent
	step := map[uint16]int{0: 8, 1: 16, 2: 20}[kind]
	for ; step > 0 && len(data) >= step; data = data[step:] {
		n, block, ref := device.LE32(data, 0), device.LE32(data, 4), own
		switch kind {
		case 1:
			ref = device.LE16(data, 8)
		case 2:
			block, ref = device.LE32(data, 12), device.LE16(data, 16)
		}
		at, length := vol.place(block, ref), int64(n&0x3fffffff)
		switch {
		case length == 0:
			return extents, udfIcb{}
		case n>>30 == 3:
			return extents, at
		case n>>30 != 0: // allocated or not, but never written
			extents = append(extents, device.Extent{N: length, Hole: true})
		default:
			extents = append(extents, device.Extent{On: at.on, Off: at.off, N: length})
		}
	}
	return extents, udfIcb{}
}

// maxMappedExtents bounds the extents of a file that is used as a device.
const maxMappedExtents = 64 << 10

// device shows a file's bytes as a device: a metadata partition, an allocation
// table.
func (b *udfBody) device() *device.Device {
	m := &device.MappedFile{}
	all := b.run.Rest
	for b.next.on != nil && len(all) <= maxMappedExtents && b.more() == nil {
		all = append(all, b.run.Rest...)
	}
	b.run.Rest = nil
	end := m.Set(all)
	return b.v.Dev.Derive(m, min(b.run.Left, end))
}
