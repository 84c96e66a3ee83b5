package disk

import (
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// exfatVolume is an exFAT volume, Microsoft's "exFAT file system specification"
// 1.00. Its clusters and their table are those of FAT.
type exfatVolume struct {
	*fatVolume
	files []exfatFolder
}

// exfatFolder is a directory to be read.
type exfatFolder struct {
	*device.Folder
	first uint32
	n     int64 // bytes; 0 for the root, which has no size
	plain bool  // its clusters are in a row, and in no chain
}

// Types of directory entries; the top bit says that one is in use.
const (
	exfatFile   = 0x85
	exfatStream = 0xc0
	exfatName   = 0xc1

	exfatPlain = 1 << 1 // flag of a stream: no chain
)

func openExFATDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [512]byte
	if !dev.Full(b[:], 0) || string(b[3:11]) != "EXFAT   " {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v := &exfatVolume{fatVolume: &fatVolume{Catalog: device.NewCatalog(dev, l), seen: map[uint32]bool{}, paged: -1, bits: exfatBits}}
	if b[108] < 9 || b[108] > 12 || b[109] > 25-b[108] {
		v.Unreadable(nil, "exfat", fmt.Errorf("boot sector: %w", level.ErrMalformed))
		return v.Catalog, nil
	}
	sector := int64(1) << b[108]
	v.cluster = sector << b[109]
	v.table = int64(device.LE32(b[:], 80)) * sector
	v.data = int64(device.LE32(b[:], 88)) * sector
	v.clusters = uint32(min(int64(device.LE32(b[:], 92)), int64(device.LE32(b[:], 84))*sector/4, dev.Size/v.cluster+1))
	v.files = append(v.files, exfatFolder{first: device.LE32(b[:], 96)})
	for len(v.files) > 0 && v.Over == nil {
		f := v.files[0]
		v.files = v.files[1:]
		v.readFolder(f)
	}
	return v.Catalog, nil
}

// readFolder reads a directory's clusters, each of which is read once.
func (v *exfatVolume) readFolder(f exfatFolder) {
	set := exfatSet{v: v, in: f.Folder}
	left := f.n
	for n, ok := f.first, true; ok && v.valid(n) && !v.seen[n]; {
		v.seen[n] = true
		if !v.readCluster(&set, v.offset(n)) {
			return
		}
		if left -= v.cluster; f.plain {
			n, ok = n+1, left > 0
		} else {
			n, ok = v.nextCluster(n)
		}
	}
}

func (v *exfatVolume) readCluster(set *exfatSet, off int64) bool {
	var buf [4096]byte
	for n := v.cluster; n > 0; {
		got := v.Dev.Read(buf[:min(n, int64(len(buf)))], off)
		if !v.Dev.Spend(int64(len(got))) {
			v.Fail(device.ErrWork)
		}
		if len(got) < 32 || v.Over != nil {
			return false
		}
		for ; len(got) >= 32; got = got[32:] {
			if !set.entry(got[:32]) {
				return false
			}
			off, n = off+32, n-32
		}
	}
	return true
}

// exfatSet collects the entries that make up one file: its own, then those of its
// stream and its name.
type exfatSet struct {
	v     *exfatVolume
	in    *device.Folder
	left  int // entries of the set that are still to come
	dir   bool
	flags byte
	first uint32
	size  int64
	valid int64 // bytes that were ever written
	chars int   // UTF-16 units of the name
	name  []uint16
}

// entry takes one entry, and reports whether the directory goes on.
func (s *exfatSet) entry(e []byte) bool {
	switch {
	case e[0] == 0:
		return false
	case e[0] == exfatFile:
		*s = exfatSet{v: s.v, in: s.in, left: int(e[1]), dir: device.LE16(e, 4)&fatDir != 0}
		return s.v.Over == nil
	case s.left == 0:
		return true
	case e[0] == exfatStream:
		s.flags, s.chars = e[1], int(e[3])
		s.valid, s.first, s.size = device.OffsetOf(device.LE64(e, 8)), device.LE32(e, 20), device.OffsetOf(device.LE64(e, 24))
	case e[0] == exfatName:
		for i := 2; i < 32 && len(s.name) < s.chars; i += 2 {
			s.name = append(s.name, device.LE16(e, i))
		}
	}
	if s.left--; s.left == 0 && len(s.name) > 0 {
		s.add()
	}
	return true
}

// add adds the file or the directory that the set describes.
func (s *exfatSet) add() {
	v, name := s.v, device.PlainName(string(utf16.Decode(s.name)))
	if s.dir {
		if v.Room(name) {
			v.files = append(v.files, exfatFolder{&device.Folder{Parent: s.in, Name: name}, s.first, s.size, s.flags&exfatPlain != 0})
		}
		return
	}
	first, size, valid := s.first, s.size, s.valid
	if s.flags&exfatPlain == 0 {
		v.Add(device.Key{Off: int64(first), Size: size}, s.in, []string{name}, func() io.Reader {
			return &fatChain{v: v.fatVolume, n: first, left: size, valid: valid, steps: v.clusters}
		})
		return
	}
	if !v.valid(first) && size > 0 {
		v.Unreadable(s.in, name, fmt.Errorf("cluster %d: %w", first, level.ErrMalformed))
		return
	}
	v.AddExtents(s.in, []string{name}, cutAt([]device.Extent{{Off: v.offset(first), N: size}}, valid), size)
}
