package ext

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Kinds of an inode's mode ("Index Nodes", i_mode).
const (
	modeKind = 0xf000
	modeDir  = 0x4000
	modeFile = 0x8000
	modeLink = 0xa000
)

// maxLink is the length from which on a symbolic link is none to 7-Zip, but a file.
const maxLink = 4096

// Flags of an inode.
const (
	flagPacked    = 0x4
	flagEncrypted = 0x800
	flagExtents   = 0x80000
	flagEAInode   = 0x200000
	flagInline    = 0x10000000
)

// mapBytes is the length of an inode's block map, which can be a tree's root or data.
const mapBytes = 60

// inode is what an inode says.
type inode struct {
	number int64
	mode   uint16
	links  uint16
	flags  uint32
	size   int64
	blocks [mapBytes]byte
	inline []byte // the file itself, where flagInline says so
}

func (v *volume) readInode(n int64) (inode, error) {
	b, err := v.inodeBytes(n)
	if err != nil {
		return inode{}, err
	}
	i := inode{number: n, mode: device.LE16(b, 0), links: device.LE16(b, 26), flags: device.LE32(b, 32), size: int64(device.LE32(b, 4))}
	if high := uint64(device.LE32(b, 108)) << 32; i.mode&modeKind == modeFile {
		i.size = device.OffsetOf(high | uint64(i.size))
	}
	copy(i.blocks[:], b[40:])
	if i.flags&flagInline != 0 {
		i.inline = append(bytes.Clone(i.blocks[:]), inlineRest(b)...)
		i.inline = i.inline[:min(int64(len(i.inline)), i.size)]
	}
	return i, nil
}

func (i *inode) dir() bool { return i.mode&modeKind == modeDir }

// file says whether the inode is a file to anyone: 7-Zip takes all that is no folder for
// one. Devices and pipes have no length.
func (i *inode) file() bool {
	switch i.mode & modeKind {
	case modeDir:
		return false
	case modeFile:
		return i.flags&flagEAInode == 0
	case modeLink:
		return i.size >= maxLink
	}
	return i.size > 0
}

// inlineRest is what of a short file stands behind its inode: the value of the attribute
// "system.data" ("Inline Data", "Extended Attributes").
func inlineRest(b []byte) []byte {
	const (
		attrMagic   = 0xea020000
		attrSystem  = 7 // the prefix "system."
		entryHeader = 16
	)
	at := 128 + int(device.LE16(b, 128))
	if len(b) <= 128 || device.LE32(b, at) != attrMagic {
		return nil
	}
	first := at + 4
	for at = first; at+entryHeader <= len(b) && device.LE32(b, at) != 0; {
		name := int(b[at])
		if name > len(b)-at-entryHeader {
			return nil
		}
		if b[at+1] == attrSystem && string(b[at+entryHeader:at+entryHeader+name]) == "data" {
			off, n := first+int(device.LE16(b, at+2)), int64(device.LE32(b, at+8))
			if off > len(b) {
				return nil
			}
			return b[off:min(int64(off)+n, int64(len(b)))]
		}
		at += (entryHeader + name + 3) &^ 3
	}
	return nil
}

// addFile adds a file under a name.
func (v *volume) addFile(in *device.Folder, name string, i inode) {
	// Inodes with the same map have the same bytes.
	key := device.Key{Size: i.size, Hash: device.HashOf(string(i.blocks[:]))}
	if i.flags&flagExtents == 0 {
		key.Off = 1
	}
	if i.flags&flagInline != 0 {
		key.Off, key.Hash = 2, device.HashOf(string(i.inline))
	}
	f := v.Add(key, in, []string{name}, func() io.Reader {
		if i.flags&flagInline != 0 {
			return newInline(&i)
		}
		return &body{m: v.mapOf(&i), left: i.size}
	})
	switch {
	case i.flags&flagEncrypted != 0:
		f.Member.Err = level.ErrEncrypted
	case i.flags&flagPacked != 0 && v.incompat&incompatCompression != 0:
		f.Member.Err = fmt.Errorf("e2compr: %w", level.ErrUnsupported)
	}
}

// newInline reads a file that stands in its inode. One that says that it is longer ends
// with an error.
func newInline(i *inode) io.Reader {
	r := bytes.NewReader(i.inline)
	if i.size == int64(len(i.inline)) {
		return r
	}
	return io.MultiReader(r, broken{fmt.Errorf("inline data end early: %w", level.ErrMalformed)})
}

// broken is a reader that has only an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// body reads a file's blocks in order.
type body struct {
	m    *mapping
	at   int64 // bytes that have been read
	left int64 // that are still to come
	run  run   // the present piece
}

func (r *body) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.run.n == 0 {
		block := r.m.v.block
		var err error
		if r.run, err = r.m.find(r.at / block); err != nil {
			return 0, err
		}
		r.run.n = min(r.run.n, 1<<40) * block // counts bytes from here on
	}
	p = p[:min(int64(len(p)), r.run.n, r.left)]
	if r.run.off < 0 {
		clear(p)
	} else if n, err := r.m.v.Dev.ReadAt(p, r.run.off); n < len(p) {
		if err == nil || err == io.EOF {
			err = fmt.Errorf("a block outside of the volume: %w", level.ErrMalformed)
		}
		r.advance(n)
		return n, err
	}
	r.advance(len(p))
	return len(p), nil
}

func (r *body) advance(n int) {
	r.at += int64(n)
	r.left -= int64(n)
	r.run.n -= int64(n)
	if r.run.off >= 0 {
		r.run.off += int64(n)
	}
}
