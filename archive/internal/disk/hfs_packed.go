package disk

import (
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/device"
)

// fork is a fork as a device.
func (v *hfsVolume) fork(fork []byte, of hfsFork) *device.Device {
	m := &device.MappedFile{On: v.Dev}
	end := m.Set(v.extents(fork, of))
	return v.Dev.Derive(m, min(device.OffsetOf(device.BE64(fork, 0)), end))
}

// addPacked adds the content of a compressed file, and reports whether it is one.
func (v *hfsVolume) addPacked(f *hfsFile, in *device.Folder) bool {
	at := slices.IndexFunc(v.attributes[f.id], func(a hfsAttribute) bool { return a.name == decmpfs.Attribute })
	if at < 0 {
		return false
	}
	packed, ok := decmpfs.Parse(v.bytesOf(&v.attributes[f.id][at]))
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
