package disk

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// hfsVolume is an HFS Plus volume, Apple's Technical Note TN1150. Numbers are
// big-endian. Like NTFS it is read by its table of files, from the first leaf of
// the catalog to the last, whatever the index nodes say.
type hfsVolume struct {
	*device.Catalog
	block    int64
	overflow map[hfsFork][]hfsRun
	folders  map[uint32]*hfsFolder
	files    []hfsFile

	attributes map[uint32][]hfsAttribute // by file or folder
	kept       int64                     // bytes of those
}

// hfsFork names one of the two forks of a file.
type hfsFork struct {
	file     uint32
	resource bool
}

// hfsRun are extents that follow those of a fork's own record.
type hfsRun struct {
	first   uint32 // block of the fork
	extents []byte
}

type hfsFolder struct {
	parent uint32
	name   string
	folder *device.Folder
	asked  bool
}

type hfsFile struct {
	id, parent uint32
	name       string
	forks      []byte // the data fork and the resource fork
}

// Numbers of files that are the file system's own, and of the root folder.
const (
	hfsRoot          = 2
	hfsExtents       = 3
	hfsCatalog       = 4
	hfsAttributes    = 8
	hfsForkBytes     = 80
	hfsExtentBytes   = 8
	hfsExtentsOfFork = 8
)

func isHFS(header []byte) bool {
	return len(header) >= 4 && (string(header[:4]) == "H+\x00\x04" || string(header[:4]) == "HX\x00\x05")
}

func openHFSDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var h [512]byte
	got := dev.Read(h[:], 1024)
	if len(got) == len(h) && string(got[:2]) == "BD" && isHFS(append([]byte{}, got[124], got[125], 0, 4)) {
		// An HFS volume that holds nothing but an HFS Plus one.
		unit := int64(device.BE32(got, 20))
		off := (int64(got[28])<<8|int64(got[29]))*512 + (int64(got[126])<<8|int64(got[127]))*unit
		dev = dev.Part(off, max(0, dev.Size-off))
		got = dev.Read(h[:], 1024)
	}
	if !isHFS(got) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v := &hfsVolume{
		Catalog: device.NewCatalog(dev, l), block: int64(device.BE32(got, 40)),
		overflow: map[hfsFork][]hfsRun{}, folders: map[uint32]*hfsFolder{}, attributes: map[uint32][]hfsAttribute{},
	}
	if v.block < 512 || v.block > 1<<20 || v.block&(v.block-1) != 0 || len(got) < len(h) {
		v.Unreadable(nil, "hfs", fmt.Errorf("volume header: %w", level.ErrMalformed))
		return v.Catalog, nil
	}
	v.readTree(hfsExtents, got[192:272], v.extentRecord)
	v.readTree(hfsAttributes, got[352:432], v.attributeRecord)
	if !v.readTree(hfsCatalog, got[272:352], v.catalogRecord) {
		v.Unreadable(nil, "hfs", fmt.Errorf("catalog: %w", level.ErrMalformed))
	}
	for i := range v.files {
		v.addFile(&v.files[i])
	}
	v.addFolderAttributes()
	return v.Catalog, nil
}

// extents are the places of a fork.
func (v *hfsVolume) extents(fork []byte, of hfsFork) []device.Extent {
	var all []device.Extent
	add := func(b []byte) {
		for ; len(b) >= hfsExtentBytes; b = b[hfsExtentBytes:] {
			if n := device.BE32(b, 4); n > 0 {
				all = append(all, device.Extent{Off: int64(device.BE32(b, 0)) * v.block, N: int64(n) * v.block})
			}
		}
	}
	add(fork[16:hfsForkBytes])
	for _, run := range v.overflow[of] {
		if len(all) > maxMappedExtents {
			break
		}
		// Any number of files can have the same extents.
		if !v.Dev.Spend(int64(len(run.extents))) {
			v.Fail(device.ErrWork)
			break
		}
		add(run.extents)
	}
	return all
}

// readTree reads the leaves of a B-tree (TN1150, "B-Trees"), and reports whether it
// is one.
func (v *hfsVolume) readTree(file uint32, fork []byte, record func(key, data []byte)) bool {
	for _, runs := range v.overflow {
		slices.SortStableFunc(runs, func(a, b hfsRun) int { return cmp.Compare(a.first, b.first) })
	}
	m := &device.MappedFile{On: v.Dev}
	end := m.Set(v.extents(fork, hfsFork{file: file}))
	tree := v.Dev.Derive(m, min(device.OffsetOf(device.BE64(fork, 0)), end))
	var head [64]byte
	tree.Read(head[:], 0)
	node := int64(head[32])<<8 | int64(head[33])
	if head[8] != 1 || node < 512 || node > 32<<10 || node&(node-1) != 0 {
		return false
	}
	b := make([]byte, node)
	for off := node; off < tree.Size && v.Over == nil; off += node {
		if !v.Dev.Spend(node) {
			v.Fail(device.ErrWork)
			break
		}
		if tree.Full(b, off) && b[8] == 0xff {
			readHFSLeaf(b, record)
		}
	}
	return true
}

// readHFSLeaf cuts a leaf into its records, whose places stand at its end.
func readHFSLeaf(b []byte, record func(key, data []byte)) {
	count := int(b[10])<<8 | int(b[11])
	for i := range min(count, len(b)/2-8) {
		at := len(b) - 2*(i+1)
		off := int(b[at])<<8 | int(b[at+1])
		if off < 14 || off+2 > len(b) {
			continue
		}
		n := int(b[off])<<8 | int(b[off+1])
		data := off + 2 + n + n&1
		if data > len(b) {
			continue
		}
		record(b[off+2:off+2+n], b[data:])
	}
}

// extentRecord keeps the further extents of a fork.
func (v *hfsVolume) extentRecord(key, data []byte) {
	if len(key) < 10 || len(data) < hfsExtentsOfFork*hfsExtentBytes {
		return
	}
	of := hfsFork{device.BE32(key, 2), key[0] != 0}
	v.overflow[of] = append(v.overflow[of], hfsRun{device.BE32(key, 6), slices.Clone(data[:hfsExtentsOfFork*hfsExtentBytes])})
}

// catalogRecord keeps a folder or a file. Threads, which lead back from numbers to
// names, are passed over.
func (v *hfsVolume) catalogRecord(key, data []byte) {
	if len(key) < 6 || len(data) < 88 {
		return
	}
	parent, name := device.BE32(key, 0), hfsName(key[4:])
	switch kind := int(data[0])<<8 | int(data[1]); {
	case kind == 1 && v.Room(name):
		v.folders[device.BE32(data, 8)] = &hfsFolder{parent: parent, name: name}
	case kind == 2 && len(data) >= 88+2*hfsForkBytes && len(v.files) <= device.EntriesPerMember*v.Limits.Members:
		v.files = append(v.files, hfsFile{
			id: device.BE32(data, 8), parent: parent, name: name, forks: slices.Clone(data[88 : 88+2*hfsForkBytes]),
		})
	}
}

// hfsName decodes a name. Those of the file system's own folders begin with NULs.
func hfsName(b []byte) string {
	n := min(int(b[0])<<8|int(b[1]), (len(b)-2)/2)
	units := make([]uint16, n)
	for i := range units {
		units[i] = uint16(b[2+2*i])<<8 | uint16(b[3+2*i])
	}
	return device.PlainName(strings.TrimLeft(string(utf16.Decode(units)), "\x00"))
}

// addFile adds a file's content and its resource fork. That of a compressed one is
// elsewhere; what its data fork has is shown all the same.
func (v *hfsVolume) addFile(f *hfsFile) {
	in := v.folder(f.parent)
	packed := v.addPacked(f, in)
	for i, name := range []string{f.name, f.name + "/..namedfork/rsrc"} {
		fork, of := f.forks[i*hfsForkBytes:][:hfsForkBytes], hfsFork{f.id, i == 1}
		size := device.OffsetOf(device.BE64(fork, 0))
		if size == 0 && (i == 1 || packed) {
			continue
		}
		v.Add(device.Key{Off: int64(f.id), Size: size, Hash: uint64(i)}, in, []string{name}, func() io.Reader {
			return device.NewExtentReader(v.Dev, v.extents(fork, of), size)
		})
	}
	v.addAttributes(f.id, in, f.name)
}

// folder is the folder of a number, nil for the root. A loop ends at the root.
func (v *hfsVolume) folder(number uint32) *device.Folder {
	var way []*hfsFolder
	var in *device.Folder
	for f := v.folders[number]; f != nil && number != hfsRoot && len(way) < maxFolderDepth; f = v.folders[number] {
		if f.asked {
			in = f.folder
			break
		}
		f.asked = true
		way = append(way, f)
		number = f.parent
	}
	for _, f := range slices.Backward(way) {
		in = &device.Folder{Parent: in, Name: f.name}
		f.folder = in
	}
	return in
}
