package archive

import (
	"fmt"
	"slices"
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
	for _, f := range v.files {
		sizes[f.start] = max(sizes[f.start], f.member.Size)
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
	if !v.dev.full(e[:], off) || e[0] != 1 { // the validation entry
		return
	}
	for i := int64(1); i < maxBootEntries; i++ {
		if !v.dev.full(e[:], off+32*i) || v.over != nil {
			return
		}
		switch e[0] {
		case 0x88, 0x00:
			if le32(e[:], 8) == 0 {
				return
			}
			v.addBootImage(e[:], sizes)
		case 0x90, 0x91, 0x44: // a section's header, an extension
		default:
			return
		}
	}
	v.fail(fmt.Errorf("boot entries: %w", ErrLimit))
}

// addBootImage adds one image, unless it is a file of the tree.
func (v *isoImage) addBootImage(e []byte, sizes map[int64]int64) {
	off := int64(le32(e, 8)) * isoSector
	size := int64(le16(e, 6)) * sectorBytes
	kind := "NoEmul"
	switch media := e[1] & 0xf; {
	case media >= 1 && int(media) < len(isoFloppies):
		kind, size = "Floppy", isoFloppies[media]
	case media == 4:
		kind, size = "HardDisk", max(size, diskBytes(v.dev, off))
	}
	var boot [512]byte
	if b, ok := parseFATBoot(v.dev.read(boot[:], off)); ok {
		size = max(size, b.total*b.sector)
	}
	size = min(size, v.dev.size-off)
	if size <= 0 || sizes[off] >= size {
		return
	}
	name := fmt.Sprintf("[BOOT]/%s-%d.img", kind, off/isoSector)
	v.addExtents(nil, []string{name}, []extent{{off: off, n: size}}, size)
}

// diskBytes is the length of a disk image according to its partition table.
func diskBytes(dev *device, off int64) int64 {
	var b [512]byte
	parts, ok := parseMBR(dev.read(b[:], off))
	end := int64(0)
	for _, p := range parts {
		if ok && p.kind != 0 {
			end = max(end, (p.start+p.n)*sectorBytes)
		}
	}
	return end
}
