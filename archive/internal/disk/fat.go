package disk

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// fatVolume is a FAT12, FAT16 or FAT32 volume, Microsoft's "FAT: General Overview
// of On-Disk Format" 1.03.
type fatVolume struct {
	*device.Catalog
	bits     int    // of one entry of the FAT: 12, 16, 32, or exfatBits
	cluster  int64  // bytes of a cluster
	clusters uint32 // how many there are, numbered from 2
	table    int64  // offset of the FAT that is in use
	root     int64  // offset of the root directory; of cluster 2 for FAT32
	rootSize int64  // bytes of the root directory; 0 for FAT32
	data     int64  // offset of cluster 2
	first    uint32 // cluster of FAT32's root directory

	queue []fatFolder
	seen  map[uint32]bool // clusters that were read as a directory
	page  [4096]byte      // of the FAT
	paged int64           // its offset, -1 if there is none
}

// exfatBits is for exFAT, which uses all 32 bits of an entry.
const exfatBits = 33

// fatFolder is a directory to be read.
type fatFolder struct {
	*device.Folder
	first uint32
}

// fatBoot are the fields of a boot sector that say where things lie.
type fatBoot struct {
	sector   int64 // bytes
	perUnit  int64 // sectors of a cluster
	reserved int64 // sectors
	fats     int64
	roots    int64 // entries of the root directory
	fatSize  int64 // sectors
	total    int64 // sectors
}

// parseFATBoot reads a boot sector, and says whether it is one of a FAT volume.
// What Windows, Linux and mtools ask for is asked, not the name in it.
func parseFATBoot(b []byte) (fatBoot, bool) {
	if len(b) < 90 {
		return fatBoot{}, false
	}
	v := fatBoot{
		sector:   int64(device.LE16(b, 11)),
		perUnit:  int64(b[13]),
		reserved: int64(device.LE16(b, 14)),
		fats:     int64(b[16]),
		roots:    int64(device.LE16(b, 17)),
		fatSize:  int64(device.LE16(b, 22)),
		total:    int64(device.LE16(b, 19)),
	}
	if v.fatSize == 0 {
		v.fatSize = int64(device.LE32(b, 36))
	}
	if v.total == 0 {
		v.total = int64(device.LE32(b, 32))
	}
	jump := b[0] == 0xeb || b[0] == 0xe9 || b[0] == 0
	// Windows and Linux look at the kind of medium, 7-Zip at the sector's mark.
	media := b[21] == 0xf0 || b[21] >= 0xf8 || len(b) >= 512 && b[510] == 0x55 && b[511] == 0xaa
	power := func(n, least, most int64) bool { return n >= least && n <= most && n&(n-1) == 0 }
	sane := jump && media && power(v.sector, 128, 4096) && power(v.perUnit, 1, 128) &&
		v.reserved > 0 && v.fats >= 1 && v.fats <= 4 && v.fatSize > 0
	return v, sane && v.total > v.reserved+v.fats*v.fatSize
}

// FAT is how a FAT volume is found and opened.
var FAT = &level.Format{Name: "fat", Detect: detectFAT, Open: openFAT}

func detectFAT(p *level.Probe) bool {
	_, ok := parseFATBoot(p.Head[:min(len(p.Head), 512)])
	return ok
}

func openFAT(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return openFATDevice(device.New(src, size), l)
}

func openFATDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [512]byte
	boot, ok := parseFATBoot(dev.Read(b[:], 0))
	if dev.Err != nil {
		return nil, dev.Err
	}
	if !ok {
		return nil, level.ErrFormat
	}
	v := newFATVolume(dev, boot, b[:], l)
	if boot.total*boot.sector > dev.Size {
		v.Note(anomaly.Truncated)
	}
	v.walk()
	return v.Catalog, nil
}

func newFATVolume(dev *device.Device, boot fatBoot, b []byte, l level.Limits) *fatVolume {
	v := &fatVolume{Catalog: device.NewCatalog(dev, l), seen: map[uint32]bool{}, paged: -1}
	v.cluster = boot.sector * boot.perUnit
	v.table = boot.reserved * boot.sector
	v.root = (boot.reserved + boot.fats*boot.fatSize) * boot.sector
	v.rootSize = (boot.roots*32 + boot.sector - 1) / boot.sector * boot.sector
	v.data = v.root + v.rootSize
	v.clusters = uint32(min(max(0, boot.total*boot.sector-v.data)/v.cluster, 1<<28))
	// Only the count of clusters tells the types apart (section 3.5); Windows
	// takes a 16-bit FAT size of 0 for FAT32 besides.
	switch {
	case device.LE16(b, 22) == 0:
		v.bits = 32
		v.first = device.LE32(b, 44)
		if flags := device.LE16(b, 40); flags&0x80 != 0 {
			v.table += int64(flags&0xf) * boot.fatSize * boot.sector
		}
	case v.clusters < 4085:
		v.bits = 12
	default:
		v.bits = 16
	}
	// A chain cannot be longer than its table.
	v.clusters = min(v.clusters, uint32(min(boot.fatSize*boot.sector*8/int64(v.bits), 1<<28)))
	return v
}

// next returns the cluster after n, false at the end of the chain.
func (v *fatVolume) nextCluster(n uint32) (uint32, bool) {
	var next, last uint32
	switch v.bits {
	case 12:
		pair := uint32(v.entry16(int64(n) * 3 / 2))
		next, last = pair>>(4*(n&1))&0xfff, 0xff7
	case 16:
		next, last = uint32(v.entry16(int64(n)*2)), 0xfff7
	default:
		at := int64(n) * 4
		next, last = uint32(v.entry16(at))|uint32(v.entry16(at+2))<<16, 0xfffffff7
		if v.bits == 32 {
			next, last = next&0x0fffffff, 0x0ffffff7
		}
	}
	return next, next >= 2 && next < last
}

// entry16 reads two bytes of the FAT.
func (v *fatVolume) entry16(off int64) uint16 {
	return uint16(v.tableByte(off)) | uint16(v.tableByte(off+1))<<8
}

func (v *fatVolume) tableByte(off int64) byte {
	page := off &^ int64(len(v.page)-1)
	if page != v.paged {
		clear(v.page[:])
		v.Dev.Read(v.page[:], v.table+page)
		v.paged = page
	}
	return v.page[off-page]
}

func (v *fatVolume) offset(cluster uint32) int64 {
	return v.data + int64(cluster-2)*v.cluster
}

func (v *fatVolume) valid(cluster uint32) bool {
	return cluster >= 2 && cluster-2 < v.clusters
}

// walk reads all directories, breadth first.
func (v *fatVolume) walk() {
	var dir fatDirectory
	if v.bits == 32 {
		v.queue = append(v.queue, fatFolder{nil, v.first})
	} else {
		dir.reset(v, nil)
		v.readDirectory(&dir, v.root, v.rootSize)
	}
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		dir.reset(v, f.Folder)
		// A cluster that was part of a directory is not read again, which ends
		// loops and keeps the walk linear.
		for n, ok := f.first, true; ok && v.valid(n) && !v.seen[n]; n, ok = v.nextCluster(n) {
			v.seen[n] = true
			if !v.readDirectory(&dir, v.offset(n), v.cluster) {
				break
			}
		}
	}
}

// readDirectory reads a piece of a directory, and reports whether it goes on
// behind it.
func (v *fatVolume) readDirectory(dir *fatDirectory, off, n int64) bool {
	var buf [4096]byte
	for n > 0 {
		got := v.Dev.Read(buf[:min(n, int64(len(buf)))], off)
		if !v.Dev.Spend(int64(len(got))) {
			v.Fail(device.ErrWork)
			return false
		}
		for ; len(got) >= 32; got = got[32:] {
			if !dir.entry(got[:32]) {
				return false
			}
			off, n = off+32, n-32
		}
		if len(got) > 0 || off >= v.Dev.Size || v.Dev.Err != nil {
			return false
		}
	}
	return true
}

// chain reads a file: its clusters as they follow each other, up to its size.
type fatChain struct {
	v     *fatVolume
	n     uint32 // the present cluster
	at    int64  // bytes of it that have been read
	left  int64  // bytes of the file that are still to come
	valid int64  // bytes that are not zeros whatever stands there
	steps uint32 // clusters that may still follow
}

func (r *fatChain) Read(p []byte) (int, error) {
	switch {
	case r.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if r.at == r.v.cluster {
		next, ok := r.v.nextCluster(r.n)
		if !ok || r.steps == 0 {
			return 0, fmt.Errorf("cluster chain ends early: %w", level.ErrMalformed)
		}
		r.n, r.at = next, 0
		r.steps--
	}
	if !r.v.valid(r.n) {
		return 0, fmt.Errorf("cluster %d: %w", r.n, level.ErrMalformed)
	}
	p = p[:min(int64(len(p)), r.v.cluster-r.at, r.left)]
	n, err := r.v.Dev.ReadAt(p, r.v.offset(r.n)+r.at)
	r.at += int64(n)
	r.left -= int64(n)
	if r.valid -= int64(n); r.valid < 0 {
		clear(p[max(0, int64(n)+r.valid):n])
	}
	if n < len(p) && err == io.EOF {
		err = fmt.Errorf("cluster %d is cut off: %w", r.n, level.ErrMalformed)
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}
