package disk

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// packedBytes bounds the attributes of compressed files that are kept, in bytes. Apple's
// kernel reads none of more than 3802 bytes.
const packedBytes = 64 << 20

// hfsAttribute is an extended attribute: its bytes, or a fork that has them.
type hfsAttribute struct {
	inline []byte
	fork   []byte
}

// attributeRecord keeps the attribute of a compressed file (TN1150, "Attributes File").
func (v *hfsVolume) attributeRecord(key, data []byte) {
	if len(key) < 12 || len(data) < 16 || device.BE32(key, 6) != 0 {
		return
	}
	name := make([]byte, 0, len(decmpfs.Attribute))
	for units := key[12:]; len(units) >= 2 && len(name) < cap(name); units = units[2:] {
		name = append(name, units[1])
	}
	if string(name) != decmpfs.Attribute || int(key[10])<<8|int(key[11]) != len(decmpfs.Attribute) {
		return
	}
	var a hfsAttribute
	switch kind := device.BE32(data, 0); {
	case kind == 0x10:
		n := min(int64(device.BE32(data, 12)), int64(len(data)-16))
		a.inline = slices.Clone(data[16 : 16+n])
	case kind == 0x20 && len(data) >= 8+hfsForkBytes:
		a.fork = slices.Clone(data[8 : 8+hfsForkBytes])
	default:
		return
	}
	v.attributes += int64(len(a.inline) + len(a.fork))
	if v.attributes > packedBytes {
		v.Fail(fmt.Errorf("attributes of compressed files: %w", level.ErrLimit))
		return
	}
	v.packed[device.BE32(key, 2)] = a
}

// fork is a fork as a device.
func (v *hfsVolume) fork(fork []byte, of hfsFork) *device.Device {
	m := &device.MappedFile{On: v.Dev}
	end := m.Set(v.extents(fork, of))
	return v.Dev.Derive(m, min(device.OffsetOf(device.BE64(fork, 0)), end))
}

// addPacked adds the content of a compressed file, and reports whether it is one.
func (v *hfsVolume) addPacked(f *hfsFile, in *device.Folder) bool {
	a, ok := v.packed[f.id]
	if !ok {
		return false
	}
	attribute := v.Dev.Derive(bytes.NewReader(a.inline), int64(len(a.inline)))
	if a.fork != nil {
		attribute = v.fork(a.fork, hfsFork{})
	}
	packed, ok := decmpfs.Parse(attribute)
	if !ok {
		return false
	}
	added := v.Add(device.Key{Off: int64(f.id), Size: packed.Size, Hash: 2}, in, []string{f.name}, func() io.Reader {
		if !packed.Resource {
			return packed.Body(nil)
		}
		return packed.Body(v.fork(f.forks[hfsForkBytes:], hfsFork{f.id, true}))
	})
	added.Member.Method, added.Member.Err = packed.Method, packed.Err
	return true
}
