package disk

import (
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// maxBootEntries bounds a boot catalog, which is a sector in practice.
const maxBootEntries = 1024

// isoFloppies are the sizes in bytes of emulated floppy disks, by media type (El
// Torito 1.0, section 2.2).
var isoFloppies = [...]int64{1: 1200 << 10, 2: 1440 << 10, 3: 2880 << 10}

// addBootImages adds the images of El Torito's boot catalogs, which no directory
// needs to list.
func (v *isoImage) addBootImages() {
	if len(v.boots) == 0 {
		return
	}
	sizes := map[int64]int64{}
	for _, f := range v.Files {
		sizes[f.Start] = max(sizes[f.Start], f.Member.Size)
	}
	slices.Sort(v.boots)
	for _, sector := range slices.Compact(v.boots) {
		v.readBootCatalog(sector*isoSector, sizes)
	}
}

// readBootCatalog adds a catalog's images. sizes are those of the tree's files, by
// their places.
func (v *isoImage) readBootCatalog(off int64, sizes map[int64]int64) {
	var e [32]byte
	if !v.Dev.Full(e[:], off) || e[0] != 1 { // the validation entry
		return
	}
	for i := int64(1); i < maxBootEntries; i++ {
		if !v.Dev.Full(e[:], off+32*i) || v.Over != nil {
			return
		}
		switch e[0] {
		case 0x88, 0x00:
			if device.LE32(e[:], 8) == 0 {
				return
			}
			v.addBootImage(e[:], sizes)
		case 0x90, 0x91, 0x44: // a section's header, an extension
		default:
			return
		}
	}
	v.Fail(fmt.Errorf("boot entries: %w", level.ErrLimit))
}

// addBootImage adds one image, unless it is a file of the tree.
func (v *isoImage) addBootImage(e []byte, sizes map[int64]int64) {
	off := int64(device.LE32(e, 8)) * isoSector
	size := int64(device.LE16(e, 6)) * device.SectorBytes
	kind := "NoEmul"
	switch media := e[1] & 0xf; {
	case media >= 1 && int(media) < len(isoFloppies):
		kind, size = "Floppy", isoFloppies[media]
	case media == 4:
		kind, size = "HardDisk", max(size, diskBytes(v.Dev, off))
	}
	var boot [512]byte
	if b, ok := parseFATBoot(v.Dev.Read(boot[:], off)); ok {
		size = max(size, b.total*b.sector)
	}
	size = min(size, v.Dev.Size-off)
	if size <= 0 || sizes[off] >= size {
		return
	}
	name := fmt.Sprintf("[BOOT]/%s-%d.img", kind, off/isoSector)
	v.AddExtents(nil, []string{name}, []device.Extent{{Off: off, N: size}}, size)
}

// diskBytes is the length of a disk image according to its partition table.
func diskBytes(dev *device.Device, off int64) int64 {
	var b [512]byte
	parts, ok := device.ParseMBR(dev.Read(b[:], off))
	end := int64(0)
	for _, p := range parts {
		if ok && p.Kind != 0 {
			end = max(end, (p.Start+p.N)*device.SectorBytes)
		}
	}
	return end
}
