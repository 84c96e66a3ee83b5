package disk

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// ntfsVolume is an NTFS volume. There is no published specification; structures
// are as the Linux kernel's fs/ntfs3/ntfs.h gives them. Files are found by reading
// the master file table from its start to its end, not by the directories.
type ntfsVolume struct {
	*device.Catalog
	cluster int64 // bytes
	record  int64 // bytes of a file record
	mft     *device.Device
	files   map[uint64]*ntfsFile
	order   []uint64
	kept    int // bytes of the files' parts
}

// ntfsFile is what the records of one file say.
type ntfsFile struct {
	dir     bool
	names   []ntfsName
	streams []ntfsStream
	folder  *device.Folder // of a directory, once it was asked for
	asked   bool
}

type ntfsName struct {
	parent uint64 // number of its record
	name   string
}

// ntfsStream is a piece of an attribute that holds data: a resident one, or the
// runs of one that begins at some cluster.
type ntfsStream struct {
	name     string
	flags    uint16
	resident []byte
	runs     []byte // nil for a resident one
	first    uint64 // cluster of the file
	size     int64  // bytes, of the piece that begins at 0
	valid    int64  // bytes that were ever written
	unit     uint8  // binary logarithm of a compression unit's clusters
}

var ntfsMagic = []byte("NTFS    ")

// Numbers of records.
const (
	ntfsRoot   = 5
	ntfsExtend = 11 // the directory of the file system's own files
	ntfsFirst  = 16 // the first that is not the file system's own
	ntfsBits   = 1<<48 - 1
)

// Attribute types and flags.
const (
	ntfsAttrName = 0x30
	ntfsAttrData = 0x80
	ntfsAttrEnd  = 0xffffffff

	ntfsCompressed = 0x0001
	ntfsEncrypted  = 0x4000
)

func isNTFS(boot []byte) bool {
	return len(boot) >= 512 && bytes.Equal(boot[3:11], ntfsMagic)
}

func openNTFSDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [512]byte
	if !isNTFS(dev.Read(b[:], 0)) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v := &ntfsVolume{Catalog: device.NewCatalog(dev, l), files: map[uint64]*ntfsFile{}}
	sector := int64(device.LE16(b[:], 11))
	v.cluster = sector * ntfsPower(b[13], 1)
	v.record = ntfsPower(b[64], v.cluster)
	if sector < 256 || sector > 4096 || v.cluster > 2<<20 || v.cluster < sector || v.record < 512 || v.record > 64<<10 || v.record&(v.record-1) != 0 {
		v.Unreadable(nil, "ntfs", fmt.Errorf("boot sector: %w", level.ErrMalformed))
		return v.Catalog, nil
	}
	for _, at := range []int{48, 56} { // the table, and the copy of its start
		if v.openTable(device.OffsetOf(device.LE64(b[:], at))) {
			v.readTable()
			v.addFiles()
			return v.Catalog, nil
		}
	}
	v.Unreadable(nil, "ntfs", fmt.Errorf("master file table: %w", level.ErrMalformed))
	return v.Catalog, nil
}

// ntfsPower is a count of units, or if negative the exponent of a number of bytes.
func ntfsPower(n byte, unit int64) int64 {
	if n > 0x80 {
		return 1 << min(256-int(n), 30)
	}
	return int64(n) * unit
}

// openTable makes a device of the master file table, whose place its own first
// record gives.
func (v *ntfsVolume) openTable(cluster int64) bool {
	if cluster > v.Dev.Size/v.cluster {
		return false
	}
	b := make([]byte, v.record)
	if !v.Dev.Full(b, cluster*v.cluster) {
		return false
	}
	f := &ntfsFile{}
	if !v.readRecord(b, f) {
		return false
	}
	for _, s := range f.streams {
		if s.name == "" && s.runs != nil && s.first == 0 {
			extents := v.extents(s.runs)
			m := &device.MappedFile{On: v.Dev}
			end := m.Set(extents)
			v.mft = v.Dev.Derive(m, min(s.size, end))
			return true
		}
	}
	return false
}

// readTable reads all records. One that is an extension of another adds to it.
func (v *ntfsVolume) readTable() {
	b := make([]byte, v.record)
	for n := uint64(0); v.Over == nil; n++ {
		off := int64(n) * v.record
		if off >= v.mft.Size {
			return
		}
		if !v.Dev.Spend(v.record) {
			v.Fail(device.ErrWork)
			return
		}
		if !v.mft.Full(b, off) || string(b[:4]) != "FILE" || device.LE16(b, 22)&1 == 0 {
			continue
		}
		owner := n
		if base := device.LE64(b, 32) & ntfsBits; base != 0 {
			owner = base
		}
		f := v.files[owner]
		if f == nil {
			if !v.Room("") {
				return
			}
			f = &ntfsFile{}
			v.files[owner] = f
			v.order = append(v.order, owner)
		}
		if owner == n {
			f.dir = device.LE16(b, 22)&2 != 0
		}
		v.readRecord(b, f)
	}
}

// maxNTFSKept bounds what is kept of the parts of all files, in bytes, and ntfsPart is
// what a part takes beside its name and its content. A table can be runs that all have
// the same clusters.
const (
	maxNTFSKept = 64 << 20
	ntfsPart    = 128
)

// keep counts a part, and says whether it may be kept.
func (v *ntfsVolume) keep(n int) bool {
	if v.kept += ntfsPart + n; v.kept > maxNTFSKept {
		v.Fail(fmt.Errorf("master file table: %w", level.ErrLimit))
		return false
	}
	return true
}

// maxNTFSParts bounds the names and the streams of one file, and the pieces of
// those that are spread over several records.
const maxNTFSParts = 4096

// readRecord reads a record's attributes.
func (v *ntfsVolume) readRecord(b []byte, f *ntfsFile) bool {
	if string(b[:4]) != "FILE" || !fixUp(b) {
		return false
	}
	for at := int(device.LE16(b, 20)); at+24 <= len(b); {
		kind, n := device.LE32(b, at), int(device.LE32(b, at+4))
		if kind == ntfsAttrEnd || n < 24 || n > len(b)-at {
			break
		}
		a := b[at : at+n]
		if len(f.names) > maxNTFSParts || len(f.streams) > maxNTFSParts {
			v.Fail(fmt.Errorf("parts of one file: %w", level.ErrLimit))
			break
		}
		switch kind {
		case ntfsAttrName:
			if name, ok := parseNTFSName(residentValue(a)); ok && v.keep(len(name.name)) {
				f.names = append(f.names, name)
			}
		case ntfsAttrData:
			if s := parseNTFSStream(a); v.keep(len(s.name) + len(s.resident) + len(s.runs)) {
				f.streams = append(f.streams, s)
			}
		}
		if at += n; v.Over != nil {
			break
		}
	}
	return true
}

// fixUp puts back the last two bytes of each sector, which stand in an array of
// the record's header while it is on the disk.
func fixUp(b []byte) bool {
	at, n := int(device.LE16(b, 4)), int(device.LE16(b, 6))
	if n < 1 || at+2*n > len(b) {
		return false
	}
	for i := 1; i < n && i*512 <= len(b); i++ {
		copy(b[i*512-2:i*512], b[at+2*i:])
	}
	return true
}

func residentValue(a []byte) []byte {
	off, n := int(device.LE16(a, 20)), int64(device.LE32(a, 16))
	if a[8] != 0 || off > len(a) {
		return nil
	}
	return a[off:min(int64(off)+n, int64(len(a)))]
}

func parseNTFSName(b []byte) (ntfsName, bool) {
	if len(b) < 66 {
		return ntfsName{}, false
	}
	return ntfsName{device.LE64(b, 0) & ntfsBits, device.WideName(b[66:], 2*int(b[64]))}, true
}

func parseNTFSStream(a []byte) ntfsStream {
	s := ntfsStream{flags: device.LE16(a, 12)}
	if at := int(device.LE16(a, 10)); at < len(a) {
		s.name = device.WideName(a[at:], 2*int(a[9]))
	}
	if a[8] == 0 {
		s.resident = bytes.Clone(residentValue(a))
		s.size = int64(len(s.resident))
		return s
	}
	s.first = device.LE64(a, 16)
	s.unit = uint8(min(device.LE16(a, 34), 255))
	s.size, s.valid = device.OffsetOf(device.LE64(a, 48)), device.OffsetOf(device.LE64(a, 56))
	if at := int(device.LE16(a, 32)); at < len(a) {
		s.runs = bytes.Clone(a[at:])
	}
	if s.runs == nil {
		s.runs = []byte{0}
	}
	return s
}

// addFiles adds every stream of every file that is not the file system's own.
func (v *ntfsVolume) addFiles() {
	for _, n := range v.order {
		f := v.files[n]
		if n < ntfsFirst || v.Over != nil {
			continue
		}
		wof := false
		for i := range f.streams {
			wof = wof || f.streams[i].name == "WofCompressedData"
		}
		for i := range f.streams {
			if s := &f.streams[i]; s.runs == nil || s.first == 0 {
				v.addStream(n, f, s, wof)
			}
		}
	}
}

// addStream adds one stream under all names of its file. A file that Windows keeps
// compressed in a stream of its own is reported.
func (v *ntfsVolume) addStream(number uint64, f *ntfsFile, s *ntfsStream, wof bool) {
	suffix := ""
	if s.name != "" {
		suffix = ":" + s.name
	}
	var file *device.File
	for _, name := range f.names {
		in, own := v.folder(name.parent)
		if own {
			return
		}
		body := func() io.Reader { return v.stream(f, s) }
		key := device.Key{Off: int64(number), Size: s.size, Hash: device.HashOf(s.name)}
		file = v.Add(key, in, []string{name.name + suffix}, body)
	}
	switch {
	case file == nil:
		return
	case s.flags&ntfsEncrypted != 0:
		file.Member.Err = fmt.Errorf("EFS: %w", level.ErrEncrypted)
	case wof && s.name == "":
		file.Member.Err = fmt.Errorf("WOF compression: %w", level.ErrUnsupported)
	case s.flags&ntfsCompressed != 0 && s.runs != nil:
		file.Member.Method = "lznt1"
	}
}

// maxFolderDepth bounds the way up from a file to the root, where folders name their
// parents.
const maxFolderDepth = 256

// folder is the directory of a record, nil for the root; own says that it is the
// file system's. A loop ends at the root.
func (v *ntfsVolume) folder(number uint64) (in *device.Folder, own bool) {
	var way []*ntfsFile
	for range maxFolderDepth {
		f := v.files[number]
		switch {
		case number == ntfsExtend:
			return nil, true
		case number == ntfsRoot || f == nil || len(f.names) == 0:
		case f.asked:
			in = f.folder
		default:
			f.asked = true // and so that a loop ends
			way = append(way, f)
			number = f.names[0].parent
			continue
		}
		break
	}
	for i := len(way) - 1; i >= 0; i-- {
		f := way[i]
		in = &device.Folder{Parent: in, Name: f.names[len(f.names)-1].name}
		f.folder = in
	}
	return in, false
}
