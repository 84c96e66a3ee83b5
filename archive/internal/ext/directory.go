package ext

import (
	"fmt"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// folder is a directory to be read.
type folder struct {
	*device.Folder
	inode
}

// entryHeader is what stands before a name ("Directory Entries"), in bytes. Trees of
// hashes look like entries that are not used.
const entryHeader = 8

// runCost is what finding a run counts as, so that a directory of holes ends.
const runCost = 64

// readFolder reads a directory's entries. A piece that cannot be found is left out, and
// said at the end.
func (v *volume) readFolder(f folder) {
	if f.flags&flagInline != 0 {
		// The parent's number takes the place of the entries for it and for itself.
		const dots = 4
		head := min(mapBytes, len(f.inline))
		v.readEntries(f, f.inline[min(dots, head):head])
		v.readEntries(f, f.inline[head:])
		return
	}
	m := v.mapOf(&f.inode)
	blocks := (f.size + v.block - 1) / v.block
	for n := int64(0); n < blocks && v.Over == nil; {
		r, err := m.find(n)
		if !v.Dev.Spend(runCost) {
			v.Fail(device.ErrWork)
			return
		}
		if err != nil {
			v.broken(fmt.Errorf("directory: %w", err))
			return
		}
		r.n = min(r.n, blocks-n)
		for i := int64(0); r.off >= 0 && i < r.n && v.Over == nil; i++ {
			if !v.Dev.Spend(v.block) {
				v.Fail(device.ErrWork)
				return
			}
			if !v.Dev.Full(v.entries, r.off+i*v.block) {
				v.broken(fmt.Errorf("directory block outside of the volume: %w", level.ErrMalformed))
				break
			}
			v.readEntries(f, v.entries)
		}
		n += r.n
	}
}

// readEntries reads one block of entries, each of which says where the next begins.
func (v *volume) readEntries(f folder, b []byte) {
	for len(b) >= entryHeader && v.Over == nil {
		number, length := int64(device.LE32(b, 0)), int(device.LE16(b, 4))
		if length == 0 || length == 1<<16-1 {
			length = 1 << 16 // of a block of 64 KiB
		}
		if length < entryHeader {
			v.broken(fmt.Errorf("directory entry: %w", level.ErrMalformed))
			return
		}
		length = min(length, len(b))
		name := b[entryHeader:min(entryHeader+int(b[6]), length)]
		b = b[length:]
		if number != 0 && string(name) != "." && string(name) != ".." {
			v.entry(f.Folder, device.PlainName(level.DecodeNames(name, level.Latin1)[0]), number)
		}
	}
}

// entry adds what a name leads to.
func (v *volume) entry(in *device.Folder, name string, number int64) {
	i, err := v.readInode(number)
	switch {
	case err != nil:
		v.Unreadable(in, name, err)
	case i.dir():
		v.addFolder(&device.Folder{Parent: in, Name: name}, i)
	case i.file():
		v.met[number] = true
		v.addFile(in, name, i)
	}
}

// addFolder queues a directory that was not met yet, which ends loops.
func (v *volume) addFolder(as *device.Folder, i inode) {
	name := ""
	if as != nil {
		name = as.Name
	}
	if v.met[i.number] || !v.Room(name) {
		return
	}
	v.met[i.number] = true
	if i.flags&flagEncrypted != 0 {
		v.Unreadable(as, "", fmt.Errorf("names: %w", level.ErrEncrypted))
	}
	v.queue = append(v.queue, folder{as, i})
}
