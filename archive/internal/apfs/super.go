package apfs

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// Numbers are little-endian. The sections in this package are of the Apple File System
// Reference.

// Every object begins with a header ("Objects", obj_phys_t): its checksum, its identifier,
// the number of the transaction that wrote it, and its type.
const (
	headerBytes = 32
	xidAt       = 16
	typeAt      = 24
	magicAt     = headerBytes // of the superblocks
)

// Types of objects, and the bits that say what an identifier of one means.
const (
	typeMask     = 0xffff
	typeTree     = 0x2
	typeNode     = 0x3
	typeMap      = 0xb
	kindMask     = 0xc0000000
	kindPhysical = 0x40000000 // the identifier is a block
)

// Sizes of a block ("Container", nx_superblock_t).
const (
	leastBlock = 4096
	mostBlock  = 65536
)

const (
	superMagic = "NXSB"

	incompatVersion1 = 0x1
	incompatFusion   = 0x100
)

// Bounds of what is read of superblocks. A disk of a terabyte has 280 blocks for them.
const (
	maxCheckpoints = 4096
	maxVolumes     = 100
	scanned        = 16 * leastBlock // bytes that are searched for one, where block 0 is none
)

// super is what a container's superblock says.
type super struct {
	block     int64 // bytes
	blocks    int64
	xid       uint64
	incompat  uint64
	checks    int64 // blocks for checkpoints
	checkBase int64 // the first of them
	scattered bool  // which are listed in a tree instead
	omap      int64 // block of the object map
	volumes   []uint64
	sound     bool // the checksum is right
	first     bool // volumes are to be read by it, whatever others say
}

// isSuper says whether a block begins like a superblock.
func isSuper(b []byte) bool {
	return len(b) >= leastBlock && string(b[magicAt:magicAt+4]) == superMagic
}

// blockSize is the size of a block in a superblock, or the usual one if it can be none.
func blockSize(b []byte) int64 {
	n := int64(device.LE32(b, 36))
	if n < leastBlock || n > mostBlock || n&(n-1) != 0 {
		return leastBlock
	}
	return n
}

// superAt reads the superblock at an offset, nil if there is none.
func superAt(dev *device.Device, off int64) *super {
	b := make([]byte, leastBlock, mostBlock)
	if !dev.Full(b, off) || !isSuper(b) {
		return nil
	}
	s := &super{
		block: blockSize(b), blocks: device.OffsetOf(device.LE64(b, 40)), xid: device.LE64(b, xidAt),
		incompat: device.LE64(b, 64), checks: int64(device.LE32(b, 104) &^ (1 << 31)), checkBase: device.OffsetOf(device.LE64(b, 112)),
		scattered: device.LE32(b, 104)>>31 != 0, omap: device.OffsetOf(device.LE64(b, 160)),
	}
	for i := range min(int(device.LE32(b, 180)), maxVolumes) {
		if id := device.LE64(b, 184+8*i); id != 0 {
			s.volumes = append(s.volumes, id)
		}
	}
	b = b[:s.block]
	s.sound = dev.Full(b, off) && checked(b)
	return s
}

// readSupers are the superblocks of a container in the order in which they are asked:
// the newest whose checksum is right, block 0, and the others from the newest on. None
// if it is no container.
func readSupers(dev *device.Device) []super {
	zero := superAt(dev, 0)
	if zero == nil {
		if zero = stray(dev); zero == nil {
			return nil
		}
	}
	all := checkpoints(dev, zero)
	slices.SortStableFunc(all, func(a, b super) int {
		if a.sound != b.sound {
			return cmp.Compare(sound(b), sound(a))
		}
		return cmp.Compare(b.xid, a.xid)
	})
	zero.first = true
	if len(all) == 0 || !all[0].sound {
		return append([]super{*zero}, all...)
	}
	all[0].first = true
	return slices.Insert(all, 1, *zero)
}

func sound(s super) int {
	if s.sound {
		return 1
	}
	return 0
}

// checkpoints are the superblocks in the area that one of them names ("Checkpoint").
func checkpoints(dev *device.Device, s *super) (all []super) {
	if s.scattered || s.checkBase > dev.Size/s.block {
		return nil
	}
	for i := range min(s.checks, maxCheckpoints) {
		off := (s.checkBase + i) * s.block
		if off >= dev.Size || !dev.Spend(leastBlock) {
			break
		}
		if c := superAt(dev, off); c != nil && c.block == s.block {
			all = append(all, *c)
		}
	}
	return all
}

// stray finds a superblock where block 0 is none. What leads to no object map that says
// that it is there belongs to a container that begins elsewhere: in a partition, for one.
func stray(dev *device.Device) *super {
	var b [mostBlock]byte
	for off := int64(leastBlock); off < scanned; off += leastBlock {
		s := superAt(dev, off)
		if s == nil || !s.sound || off%s.block != 0 || s.omap > dev.Size/s.block {
			continue
		}
		m := b[:s.block]
		if dev.Full(m, s.omap*s.block) && checked(m) && device.LE32(m, typeAt)&typeMask == typeMap && device.LE64(m, 8) == uint64(s.omap) {
			return s
		}
	}
	return nil
}

// checked says whether an object's checksum is right ("Objects", o_cksum): Fletcher's with
// 64 bits, over all that follows it.
func checked(b []byte) bool {
	const mod = 1<<32 - 1
	if len(b) <= headerBytes || device.LE64(b, 0) == 0 {
		return false
	}
	// The words of a block let neither sum pass 64 bits.
	var low, high uint64
	for w := b[8:]; len(w) >= 4; w = w[4:] {
		low += uint64(binary.LittleEndian.Uint32(w))
		high += low
	}
	c1 := mod - (low%mod+high%mod)%mod
	c2 := mod - (low%mod+c1)%mod
	return device.LE64(b, 0) == c2<<32|c1
}
