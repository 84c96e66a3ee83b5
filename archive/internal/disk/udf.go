package disk

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
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
	*device.Catalog
	queue   []udfFolder
	seen    map[udfIcb]*device.File // entries that were read; nil for a directory
	volumes map[string]bool         // logical volumes that were read
}

// udfIcb is the place of a file's entry.
type udfIcb struct {
	on  *device.Device
	off int64
}

// udfFolder is a directory to be read.
type udfFolder struct {
	*device.Folder
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
	return device.LE16(b, 0)
}

// udfBlockSizes are tried in turn: nothing says where sector 256 is before it has
// been found. Optical discs have the first.
var udfBlockSizes = [...]int64{2048, 512, 4096, 1024}

// udfAnchors are the sectors that may hold an anchor on a volume of n of them
// (ECMA-167 part 3, section 8.4.2.1, and UDF 2.60 section 6.14.2).
func udfAnchors(n int64) [4]int64 { return [4]int64{256, n - 1, n - 257, 512} }

func isUDFAnchor(b []byte, sector int64) bool {
	return udfTag(b) == udfAnchor && int64(device.LE32(b, 12)) == sector
}

// UDF is how a UDF image is found and opened.
var UDF = &level.Format{Name: "udf", Detect: detectUDF, Open: openUDF}

func detectUDF(p *level.Probe) bool {
	for _, block := range udfBlockSizes {
		for _, n := range udfAnchors(p.Size / block) {
			if n >= 0 && isUDFAnchor(p.At(n*block, 16), n) {
				return true
			}
		}
	}
	return false
}

func openUDF(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return openUDFDevice(device.New(src, size), l)
}

func openUDFDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	v := &udfImage{
		Catalog: device.NewCatalog(dev, l), seen: map[udfIcb]*device.File{},
		volumes: map[string]bool{},
	}
	found := false
	var b [32]byte
	for _, block := range udfBlockSizes {
		for _, n := range udfAnchors(dev.Size / block) {
			if n < 0 || !dev.Full(b[:], n*block) || !isUDFAnchor(b[:], n) {
				continue
			}
			found = true
			for _, at := range []int{16, 24} { // the main sequence and the reserve
				v.readSequence(block, int64(device.LE32(b[:], at+4)), int64(device.LE32(b[:], at)))
			}
		}
	}
	if !found {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	if len(v.volumes) == 0 {
		v.Unreadable(nil, "udf", fmt.Errorf("no logical volume: %w", level.ErrMalformed))
	}
	v.walk()
	return v.Catalog, nil
}

func (v *udfImage) walk() {
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readDirectory(f)
	}
}
