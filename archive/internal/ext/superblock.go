package ext

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Linux, Documentation/filesystems/ext4, which the sections in this package are of.
// Numbers are little-endian.

// The first superblock stands behind room for a boot sector, whatever a block's size.
const (
	superAt    = 1024
	superBytes = 1024
	superMagic = 0xef53
	magicAt    = 56 // in the superblock
)

// Features that change where things lie ("The Super Block", s_feature_compat,
// s_feature_incompat and s_feature_ro_compat).
const (
	compatSparseSuper2 = 0x200

	incompatCompression = 0x1
	incompatFileType    = 0x2
	incompatRecover     = 0x4
	incompatJournalDev  = 0x8
	incompatMetaBG      = 0x10
	incompat64Bit       = 0x80

	roSparseSuper = 0x1
)

// super is what a superblock says.
type super struct {
	inodes    int64
	blocks    int64
	first     int64 // block of the first group
	block     int64 // bytes
	perGroup  int64 // blocks
	inodesPer int64 // inodes of a group
	inode     int64 // bytes
	firstUser int64 // inode that is not the file system's own
	group     int64 // in which this copy of the superblock is
	desc      int64 // bytes of a group's descriptor
	metaFirst int64 // first group of descriptors that lie in their own groups
	backups   [2]int64
	compat    uint32
	incompat  uint32
	ro        uint32
}

// parseSuper reads a superblock, and says whether it is one.
func parseSuper(b []byte) (s super, ok bool) {
	if len(b) < superBytes || device.LE16(b, magicAt) != superMagic {
		return s, false
	}
	logBlock := device.LE32(b, 24)
	if logBlock > 6 {
		return s, false
	}
	s = super{
		inodes: int64(device.LE32(b, 0)), blocks: int64(device.LE32(b, 4)),
		first: int64(device.LE32(b, 20)), block: 1024 << logBlock,
		perGroup: int64(device.LE32(b, 32)), inodesPer: int64(device.LE32(b, 40)),
		inode: 128, firstUser: 11, group: int64(device.LE16(b, 90)), desc: 32,
		metaFirst: int64(device.LE32(b, 260)),
		backups:   [2]int64{int64(device.LE32(b, 0x24c)), int64(device.LE32(b, 0x250))},
		compat:    device.LE32(b, 92), incompat: device.LE32(b, 96), ro: device.LE32(b, 100),
	}
	if device.LE32(b, 76) > 0 { // revision
		s.inode, s.firstUser = int64(device.LE16(b, 88)), int64(device.LE32(b, 84))
	}
	if s.incompat&incompat64Bit != 0 {
		s.blocks |= int64(device.LE32(b, 0x150)) << 32
		if n := int64(device.LE16(b, 254)); n != 0 {
			s.desc = n
		}
	}
	sane := s.inodes > 0 && s.blocks > 0 && s.perGroup > 0 && s.perGroup <= 8*s.block<<8 && s.inodesPer > 0 && s.inodesPer <= 8*s.block &&
		s.inode >= 128 && s.inode <= s.block && s.desc >= 32 && s.desc <= 1024 && s.desc&(s.desc-1) == 0
	return s, sane
}

// isExt asks a superblock for what Linux asks before it mounts.
func isExt(b []byte) bool {
	_, ok := parseSuper(b)
	return ok
}

// backupPlaces are where the first copy of the superblock lies for each size of a block:
// in the second group, which has as many blocks as a bitmap of one block has bits.
var backupPlaces = [...]int64{(8<<10 + 1) << 10, 16 << 10 << 11, 32 << 10 << 12}

// backup reads the copy at a place of backupPlaces; it must say that it is one.
func backup(b []byte, i int) (super, bool) {
	s, ok := parseSuper(b)
	return s, ok && s.group > 0 && s.block == 1024<<i
}

// hasSuper says whether a group begins with a copy of the superblock ("Layout").
func (s *super) hasSuper(group int64) bool {
	switch {
	case group == 0 || s.ro&roSparseSuper == 0 && s.compat&compatSparseSuper2 == 0:
		return true
	case s.compat&compatSparseSuper2 != 0:
		return group == s.backups[0] || group == s.backups[1]
	case group == 1:
		return true
	}
	for _, n := range []int64{3, 5, 7} {
		power := n
		for power < group {
			power *= n
		}
		if power == group {
			return true
		}
	}
	return false
}

// groupStart is a group's first block.
func (s *super) groupStart(group int64) int64 { return s.first + group*s.perGroup }

// descriptorAt is the offset of a group's descriptor ("Block Group Descriptors", "Meta
// Block Groups"), by the table that follows a copy of the superblock.
func (s *super) descriptorAt(group int64) int64 {
	perBlock := s.block / s.desc
	n := group / perBlock
	table := s.groupStart(s.group) + 1
	if s.group == 0 {
		table = superAt/s.block + 1
	}
	if s.incompat&incompatMetaBG == 0 || n < s.metaFirst {
		return (table+n)*s.block + group%perBlock*s.desc
	}
	own := n * perBlock
	at := s.groupStart(own)
	if s.hasSuper(own) {
		at++
	}
	if own == 0 && s.block == superAt && s.first == 0 {
		at++ // the boot sector has a block of its own, which belongs to the group
	}
	return at*s.block + group%perBlock*s.desc
}

// group is what a group's descriptor says.
type group struct {
	table  int64 // block of the inode table
	bitmap int64 // and of the bitmap of inodes
	unused bool  // no inode was ever written
}

const groupInodeUninit = 1 // of a descriptor's flags

// group reads a group's descriptor.
func (v *volume) group(n int64) (group, bool) {
	var b [64]byte
	part := b[:min(v.desc, int64(len(b)))]
	if n < 0 || n > v.blocks/v.perGroup || !v.Dev.Full(part, v.descriptorAt(n)) {
		return group{}, false
	}
	g := group{table: int64(device.LE32(b[:], 8)), bitmap: int64(device.LE32(b[:], 4)), unused: device.LE16(b[:], 18)&groupInodeUninit != 0}
	if v.desc >= 64 {
		g.table |= int64(device.LE32(b[:], 40)) << 32
		g.bitmap |= int64(device.LE32(b[:], 36)) << 32
	}
	return g, true
}

// inodeBytes reads an inode into the volume's buffer, which is valid until the next.
func (v *volume) inodeBytes(n int64) ([]byte, error) {
	if n < 1 || n > v.inodes {
		return nil, fmt.Errorf("inode %d: %w", n, level.ErrMalformed)
	}
	if !v.Dev.Spend(v.inode) {
		v.Fail(device.ErrWork)
		return nil, device.ErrWork
	}
	g, ok := v.group((n - 1) / v.inodesPer)
	off := v.offset(g.table)
	if !ok || off < 0 || !v.Dev.Full(v.raw, off+(n-1)%v.inodesPer*v.inode) {
		return nil, v.fault(fmt.Errorf("inode %d: %w", n, level.ErrMalformed))
	}
	return v.raw, nil
}

// offset is where a block lies, -1 for one outside of the volume.
func (v *volume) offset(block int64) int64 {
	if block < 0 || block > v.Dev.Size/v.block {
		return -1
	}
	return block * v.block
}
