package archive

import (
	"fmt"
	"io"
)

// Tag identifiers of descriptors, ECMA-167 parts 3 and 4, section 7.2.1.
const (
	udfAnchor        = 2
	udfPointer       = 3
	udfPartitionDesc = 5
	udfLogicalVolume = 6
	udfTerminator    = 8
	udfFileSet       = 256
	udfFileID        = 257
	udfExtentDesc    = 258
	udfIndirect      = 259
	udfFileEntry     = 261
	udfExtendedEntry = 266
)

// udfImage is a volume of ECMA-167 as OSTA's UDF 1.02 to 2.60 narrow it: the union
// of the trees of all logical volumes that its anchors lead to.
type udfImage struct {
	*catalog
	queue   []udfFolder
	seen    map[udfIcb]*catalogFile // entries that were read; nil for a directory
	volumes map[string]bool         // logical volumes that were read
}

// udfIcb is the place of a file's entry.
type udfIcb struct {
	on  *device
	off int64
}

// udfFolder is a directory to be read.
type udfFolder struct {
	*folder
	volume *udfVolume
	at     udfIcb
}

// udfTag is a descriptor's tag: its identifier, if the checksum is right.
func udfTag(b []byte) uint16 {
	if len(b) < 16 {
		return 0
	}
	sum := byte(0)
	for i, c := range b[:16] {
		if i != 4 {
			sum += c
		}
	}
	if sum != b[4] {
		return 0
	}
	return le16(b, 0)
}

// udfBlockSizes are tried in turn: nothing says where sector 256 is before it has
// been found. Optical discs have the first.
var udfBlockSizes = [...]int64{2048, 512, 4096, 1024}

// udfAnchors are the sectors that may hold an anchor on a volume of n of them
// (ECMA-167 part 3, section 8.4.2.1, and UDF 2.60 section 6.14.2).
func udfAnchors(n int64) [4]int64 { return [4]int64{256, n - 1, n - 257, 512} }

func isUDFAnchor(b []byte, sector int64) bool {
	return udfTag(b) == udfAnchor && int64(le32(b, 12)) == sector
}

func detectUDF(p *probe) bool {
	for _, block := range udfBlockSizes {
		for _, n := range udfAnchors(p.size / block) {
			if n >= 0 && isUDFAnchor(p.at(n*block, 16), n) {
				return true
			}
		}
	}
	return false
}

func openUDF(src io.ReaderAt, size int64, l Limits) (walker, error) {
	return openUDFDevice(newDevice(src, size), l)
}

func openUDFDevice(dev *device, l Limits) (walker, error) {
	v := &udfImage{
		catalog: newCatalog(dev, l), seen: map[udfIcb]*catalogFile{},
		volumes: map[string]bool{},
	}
	found := false
	var b [32]byte
	for _, block := range udfBlockSizes {
		for _, n := range udfAnchors(dev.size / block) {
			if n < 0 || !dev.full(b[:], n*block) || !isUDFAnchor(b[:], n) {
				continue
			}
			found = true
			for _, at := range []int{16, 24} { // the main sequence and the reserve
				v.readSequence(block, int64(le32(b[:], at+4)), int64(le32(b[:], at)))
			}
		}
	}
	if !found {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	if len(v.volumes) == 0 {
		v.unreadable(nil, "udf", fmt.Errorf("no logical volume: %w", ErrMalformed))
	}
	v.walk()
	return v.catalog, nil
}

func (v *udfImage) walk() {
	for len(v.queue) > 0 && v.over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readDirectory(f)
	}
}
