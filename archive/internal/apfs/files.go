package apfs

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// rootInode is the number of the root directory ("Inode Numbers").
const rootInode = 2

// folder is a directory on the way to files.
type folder struct {
	parent uint64
	name   string
	folder *device.Folder
	asked  bool
}

// addFiles adds all files of the table: by the entries of directories, and then those
// that no directory has.
func (v *volume) addFiles() {
	v.sortExtents()
	v.findFolders()
	for n := range v.entries {
		if v.Over != nil {
			return
		}
		v.addEntry(&v.entries[n])
	}
	for n := range v.inodes {
		i := &v.inodes[n]
		if v.Over != nil {
			return
		}
		if !i.named && i.id != rootInode {
			name := i.name
			if name == "" {
				name = fmt.Sprintf("#%d", i.id)
			}
			v.addFile(v.folderOf(i.parent), name, i)
		}
	}
}

// findFolders keeps where each directory is: by the first entry that has it, or else by
// what its inode says.
func (v *volume) findFolders() {
	add := func(id, parent uint64, name string) {
		if id != rootInode && v.folders[id] == nil {
			v.folders[id] = &folder{parent: parent, name: name}
		}
	}
	for _, e := range v.entries {
		if n, ok := v.byID[e.id]; e.dir || ok && v.inodes[n].dir() {
			add(e.id, e.parent, e.name)
		}
	}
	for n := range v.inodes {
		if i := &v.inodes[n]; i.dir() && i.name != "" {
			add(i.id, i.parent, i.name)
		}
	}
}

// folderOf is the folder of a number, nil for the root. A loop ends at the root.
func (v *volume) folderOf(id uint64) *device.Folder {
	var way []*folder
	in := v.top
	for f := v.folders[id]; f != nil; f = v.folders[id] {
		if f.asked {
			if f.folder != nil {
				in = f.folder
			}
			break
		}
		f.asked = true
		way = append(way, f)
		id = f.parent
	}
	for _, f := range slices.Backward(way) {
		in = &device.Folder{Parent: in, Name: f.name}
		f.folder = in
	}
	return in
}

// addEntry adds what an entry leads to.
func (v *volume) addEntry(e *entry) {
	const rootParent = 1 // whose entries are the root and the file system's own folder
	n, ok := v.byID[e.id]
	switch {
	case ok:
		v.inodes[n].named = true
		v.addFile(v.folderOf(e.parent), e.name, &v.inodes[n])
	case e.parent != rootParent:
		v.Unreadable(v.folderOf(e.parent), e.name, v.fault(fmt.Errorf("inode %d is not there: %w", e.id, level.ErrMalformed)))
	}
}

// addFile adds a file under a name: its content and its attributes, of which those of a
// folder are read too.
//
// Where the inode does not say that it is compressed, the attribute of a compressed file is
// one like others to macOS and 7-Zip.
func (v *volume) addFile(in *device.Folder, name string, i *inode) {
	if !v.Dev.Spend(i.cost) { // any number of names can lead to it
		v.Fail(device.ErrWork)
		return
	}
	packed, fork := false, i.resource()
	for n := range i.attributes {
		if a := &i.attributes[n]; a.name == decmpfs.Attribute {
			packed = v.addPacked(in, name, a, fork) || packed
		}
	}
	if !i.dir() {
		v.addData(in, name, i, packed)
	}
	for n := range i.attributes {
		switch a := &i.attributes[n]; {
		case a.name == decmpfs.Attribute && (a.packed >= 0 && a.packed == i.unpacked || a.length() <= smallAttribute):
		case a.name == linkAttribute && i.mode&modeKind == modeLink && a.length() <= longestLink:
		case a.name == resourceAttribute:
			v.addAttribute(in, name+"/..namedfork/rsrc", a)
		default:
			v.addAttribute(in, name+":"+a.name, a)
		}
	}
}

// addData adds the data of a file. One that is compressed has none as a rule.
func (v *volume) addData(in *device.Folder, name string, i *inode, packed bool) {
	switch {
	case i.size > 0:
		for _, id := range v.streamsOf(i) {
			v.addStream(in, name, id, i.size)
		}
	case packed || i.mode&modeKind == modeLink:
	case i.empty == nil:
		i.empty = v.addStream(in, name, i.stream, 0)
	default:
		v.Name(i.empty, in, name)
	}
}

// streamsOf are the streams that may be a file's data.
//
// QUIRK: 7-Zip goes by the inode's own number, whatever it says of a stream.
func (v *volume) streamsOf(i *inode) []uint64 {
	switch {
	case i.stream == i.id || len(v.stream(i.id).extents) == 0:
		return []uint64{i.stream}
	case len(v.stream(i.stream).extents) == 0:
		return []uint64{i.id}
	}
	return []uint64{i.stream, i.id}
}

// addStream adds a member that lies in a stream, and returns it.
func (v *volume) addStream(in *device.Folder, name string, id uint64, size int64) *device.File {
	s := v.stream(id)
	f := v.addExtents(in, name, s, size)
	if s.filled != nil && size > 0 {
		v.addExtents(in, name, s.filled, min(size, s.filled.end)).Member.Reading = "block 0"
	}
	return f
}

func (v *volume) addExtents(in *device.Folder, name string, s *stream, size int64) *device.File {
	key := s.key
	key.Size = size
	locked := (s.locked || v.locked) && size > 0
	if locked {
		key.Hash = ^key.Hash // the same bytes can be plain elsewhere
	}
	dev := v.Dev
	f := v.Add(key, in, []string{name}, func() io.Reader { return asItStands(device.NewExtentReader(dev, s.extents, size), locked) })
	f.Member.Encrypted = locked
	return f
}

// asItStands adds to a body that is said to be encrypted an error at its end: 7-Zip takes
// the bytes as they are.
func asItStands(body io.Reader, locked bool) io.Reader {
	if !locked {
		return body
	}
	return io.MultiReader(body, fault{level.ErrEncrypted})
}

// fault is a reader that has only an error.
type fault struct{ error }

func (f fault) Read([]byte) (int, error) { return 0, f.error }

// length is the length of an attribute.
func (a *attribute) length() int64 {
	if a.stream != 0 {
		return a.size
	}
	return int64(len(a.data))
}

// Places in keys of what has none on the device.
const (
	keyAttribute = -2
	keyPacked    = -3
)

// addAttribute adds an attribute as a member.
func (v *volume) addAttribute(in *device.Folder, name string, a *attribute) {
	switch {
	case a.length() == 0:
	case a.stream != 0:
		v.addStream(in, name, a.stream, a.size)
	default:
		key := device.Key{Off: keyAttribute, Size: a.length(), Hash: maphash.Bytes(device.ExtentSeed, a.data)}
		data := a.data
		v.Add(key, in, []string{name}, func() io.Reader { return bytes.NewReader(data) })
	}
}

// bytesOf opens an attribute as a device.
func (v *volume) bytesOf(a *attribute) func() *device.Device {
	dev, data, size := v.Dev, a.data, a.size
	if a.stream == 0 {
		return func() *device.Device { return dev.Derive(bytes.NewReader(data), int64(len(data))) }
	}
	s := v.stream(a.stream)
	return func() *device.Device { return s.device(dev, size) }
}

// resource is an inode's resource fork, which may be empty.
func (i *inode) resource() *attribute {
	for n := range i.attributes {
		if i.attributes[n].name == resourceAttribute {
			return &i.attributes[n]
		}
	}
	return &attribute{}
}

// addPacked adds the content of a compressed file, and reports whether an attribute makes
// it one.
func (v *volume) addPacked(in *device.Folder, name string, a, fork *attribute) bool {
	packed, ok := decmpfs.Parse(v.bytesOf(a)())
	if !ok {
		return false
	}
	a.packed = packed.Size
	locked := v.locked && packed.Resource
	what := struct {
		attribute, fork device.Key
		locked          bool
	}{v.keyOf(a), v.keyOf(fork), locked}
	key := device.Key{Off: keyPacked, Size: packed.Size, Hash: maphash.Comparable(device.ExtentSeed, what)}
	resource := v.bytesOf(fork)
	f := v.Add(key, in, []string{name}, func() io.Reader { return asItStands(packed.Body(resource()), locked) })
	f.Member.Method, f.Member.Err = packed.Method, packed.Err
	f.Member.Encrypted = locked
	return true
}

// keyOf is the key of an attribute's bytes.
func (v *volume) keyOf(a *attribute) device.Key {
	if a.stream != 0 {
		key := v.stream(a.stream).key
		key.Size = a.size
		return key
	}
	return device.Key{Off: keyAttribute, Size: a.length(), Hash: maphash.Bytes(device.ExtentSeed, a.data)}
}
