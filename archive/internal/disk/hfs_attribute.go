package disk

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Kinds of records of attributes (TN1150, "Attributes File Data"). A third one continues
// the second.
const (
	attributeInline = 0x10
	attributeFork   = 0x20
)

const (
	// attributeBytes bounds the attributes that are kept, in bytes. Apple's kernel reads
	// none of more than 3802 bytes that has no fork.
	attributeBytes = 64 << 20
	attributeCost  = 128 // bytes that one takes besides its own

	// smallAttribute is what an attribute has at most that is no member: nothing that runs
	// fits into it. macOS keeps dates and the Finder's settings in such, for each file.
	smallAttribute = 32
)

// hfsAttribute is an extended attribute of a file or folder: its bytes, or a fork that has
// them.
type hfsAttribute struct {
	name   string
	inline []byte
	fork   []byte
}

// attributeRecord keeps an attribute.
func (v *hfsVolume) attributeRecord(key, data []byte) {
	if len(key) < 12 || len(data) < 16 || device.BE32(key, 6) != 0 {
		return
	}
	units := make([]uint16, min(int(key[10])<<8|int(key[11]), (len(key)-12)/2))
	for i := range units {
		units[i] = uint16(key[12+2*i])<<8 | uint16(key[13+2*i])
	}
	a := hfsAttribute{name: string(utf16.Decode(units))}
	switch kind := device.BE32(data, 0); {
	case kind == attributeInline:
		n := min(int64(device.BE32(data, 12)), int64(len(data)-16))
		a.inline = data[16 : 16+n]
	case kind == attributeFork && len(data) >= 8+hfsForkBytes:
		a.fork = slices.Clone(data[8 : 8+hfsForkBytes])
	}
	if a.fork == nil && len(a.inline) <= smallAttribute && a.name != decmpfs.Attribute {
		return
	}
	v.kept += int64(len(a.name) + len(a.inline) + len(a.fork) + attributeCost)
	if v.kept > attributeBytes {
		v.Fail(fmt.Errorf("attributes: %w", level.ErrLimit))
		return
	}
	a.inline = slices.Clone(a.inline)
	id := device.BE32(key, 2)
	v.attributes[id] = append(v.attributes[id], a)
}

// bytesOf is an attribute as a device.
func (v *hfsVolume) bytesOf(a *hfsAttribute) *device.Device {
	if a.fork != nil {
		return v.fork(a.fork, hfsFork{})
	}
	return v.Dev.Derive(bytes.NewReader(a.inline), int64(len(a.inline)))
}

// addAttributes adds the attributes of a file or folder; that of a compressed file is
// elsewhere.
func (v *hfsVolume) addAttributes(id uint32, in *device.Folder, of string) {
	for i := range v.attributes[id] {
		a := &v.attributes[id][i]
		dev := v.bytesOf(a)
		if a.name == decmpfs.Attribute || dev.Size <= smallAttribute {
			continue
		}
		key := device.Key{Off: int64(id), Size: dev.Size, Hash: maphash.String(device.ExtentSeed, a.name)}
		v.Add(key, in, []string{of + ":" + device.PlainName(a.name)}, func() io.Reader { return dev.Reader() })
	}
}

// addFolderAttributes adds the attributes of folders.
func (v *hfsVolume) addFolderAttributes() {
	var ids []uint32
	for id := range v.attributes {
		if v.folders[id] != nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		v.addAttributes(id, v.folder(id), "")
	}
}
