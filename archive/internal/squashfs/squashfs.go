package squashfs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// volume is a SquashFS 4.0 volume (Linux,
// Documentation/filesystems/squashfs.rst, and fs/squashfs/squashfs_fs.h).
type volume struct {
	*device.Catalog
	block  int64 // bytes of a data block
	decode func(out, in []byte) (int, error)
	inodes int64 // offset of the inode table
	dirs   int64 // offset of the directory table
	frags  int64 // offset of the list of the fragment table's blocks
	count  int64 // fragments
	queue  []folder
	seen   map[uint64]bool

	meta map[int64]meta // metadata blocks by offset
	frag struct {       // the fragment block that was read last
		off  int64
		data []byte
	}
	scratch scratch // of the bodies: one is read at a time
}

// meta is a decoded metadata block.
type meta struct {
	data []byte
	next int64 // offset of the block behind it
}

// folder is a directory to be read.
type folder struct {
	*device.Folder
	block  int64 // offset of its metadata block
	offset int   // in the decoded block
	size   int64
}

var magic = []byte("hsqs")

const (
	metaBytes     = 8 << 10
	noFrag        = 0xffffffff
	maxSquashMeta = 256 // blocks that are kept
)

// Format is how a SquashFS image is found and opened.
var Format = &level.Format{Name: "squashfs", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return isSquash(p.Head) }

// Is says whether a device that begins with b is an image.
func Is(b []byte) bool { return isSquash(b) }

func isSquash(b []byte) bool {
	return len(b) >= 96 && bytes.HasPrefix(b, magic) && device.LE16(b, 28) == 4
}

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	return OpenDevice(device.New(src, size), l)
}

// OpenDevice opens an image that is a volume of a disk.
func OpenDevice(dev *device.Device, l level.Limits) (level.Walker, error) {
	var b [96]byte
	if !isSquash(dev.Read(b[:], 0)) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	v := &volume{
		Catalog: device.NewCatalog(dev, l), block: int64(device.LE32(b[:], 12)), count: int64(device.LE32(b[:], 16)),
		inodes: device.OffsetOf(device.LE64(b[:], 64)), dirs: device.OffsetOf(device.LE64(b[:], 72)), frags: device.OffsetOf(device.LE64(b[:], 80)),
		seen: map[uint64]bool{}, meta: map[int64]meta{},
	}
	if v.block < 4<<10 || v.block > 1<<20 || v.block&(v.block-1) != 0 {
		return nil, fmt.Errorf("block size %d: %w", v.block, level.ErrMalformed)
	}
	if v.block > l.Dictionary {
		return nil, fmt.Errorf("block size %d: %w", v.block, level.ErrLimit)
	}
	var err error
	if v.decode, err = decoder(device.LE16(b[:], 20)); err != nil {
		v.Unreadable(nil, "squashfs", err)
		return v.Catalog, nil
	}
	v.inode(nil, "", device.LE64(b[:], 32))
	for len(v.queue) > 0 && v.Over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readFolder(f)
	}
	return v.Catalog, nil
}

// place is where something stands in metadata.
type place struct {
	block  int64 // offset of its block
	offset int   // in the decoded block
}

// stream reads on in metadata from a place. After the first read that fails,
// ok is false and all values are 0.
type stream struct {
	v    *volume
	all  []byte // of the present block
	rest []byte // of it
	at   int64  // its offset
	next int64  // of the block behind it
	ok   bool
}

// place is where the stream reads on.
func (s *stream) place() place { return place{s.at, len(s.all) - len(s.rest)} }

func (v *volume) stream(block int64, offset int) *stream {
	m, ok := v.metadata(block)
	if !ok || offset > len(m.data) {
		return &stream{v: v}
	}
	return &stream{v, m.data, m.data[offset:], block, m.next, true}
}

// metadata decodes the block at an offset.
func (v *volume) metadata(off int64) (meta, bool) {
	if m, ok := v.meta[off]; ok {
		return m, true
	}
	var h [2]byte
	if !v.Dev.Spend(metaBytes) {
		v.Fail(device.ErrWork)
		return meta{}, false
	}
	if !v.Dev.Full(h[:], off) {
		return meta{}, false
	}
	n := int(device.LE16(h[:], 0))
	m := meta{next: off + 2 + int64(n&0x7fff)}
	in := v.Dev.Read(make([]byte, n&0x7fff), off+2)
	if n&0x8000 != 0 {
		m.data = in
	} else {
		out := make([]byte, metaBytes)
		got, err := v.decode(out, in)
		if err != nil {
			v.Fail(err)
		}
		m.data = out[:got]
	}
	if len(m.data) == 0 {
		return m, false
	}
	if len(v.meta) >= maxSquashMeta {
		clear(v.meta)
	}
	v.meta[off] = m
	return m, true
}

// bytes reads n bytes, which end with the program's next call.
func (s *stream) bytes(n int) []byte {
	b := make([]byte, n)
	for have := 0; s.ok && have < n; {
		if len(s.rest) == 0 {
			var m meta
			s.at = s.next
			m, s.ok = s.v.metadata(s.at)
			s.all, s.rest, s.next = m.data, m.data, m.next
			continue
		}
		got := copy(b[have:], s.rest)
		s.rest = s.rest[got:]
		have += got
	}
	if !s.ok {
		clear(b)
	}
	return b
}

// Types of inodes; the extended ones have more fields.
const (
	squashDir     = 1
	squashFile    = 2
	squashDirMore = 8
	squashMore    = 9
)

// inode reads what a name leads to: a file is added, a directory queued.
func (v *volume) inode(in *device.Folder, name string, ref uint64) {
	s := v.stream(v.inodes+int64(ref>>16&(1<<40-1)), int(ref&0xffff))
	head := s.bytes(16)
	switch device.LE16(head, 0) {
	case squashDir:
		b := s.bytes(16)
		v.addFolder(in, name, ref, int64(device.LE32(b, 0)), device.LE16(b, 10), int64(device.LE16(b, 8)))
	case squashDirMore:
		b := s.bytes(24)
		v.addFolder(in, name, ref, int64(device.LE32(b, 8)), device.LE16(b, 18), int64(device.LE32(b, 4)))
	case squashFile:
		b := s.bytes(16)
		v.addFile(in, name, ref, s, body{v: v, off: int64(device.LE32(b, 0)), frag: device.LE32(b, 4), tail: int64(device.LE32(b, 8)), left: int64(device.LE32(b, 12))})
	case squashMore:
		b := s.bytes(40)
		v.addFile(in, name, ref, s, body{v: v, off: device.OffsetOf(device.LE64(b, 0)), left: device.OffsetOf(device.LE64(b, 8)), frag: device.LE32(b, 28), tail: int64(device.LE32(b, 32))})
	case 0:
		v.Unreadable(in, name, fmt.Errorf("inode: %w", level.ErrMalformed))
	}
}

func (v *volume) addFolder(in *device.Folder, name string, ref uint64, block int64, offset uint16, size int64) {
	if v.seen[ref] || !v.Room(name) {
		return
	}
	v.seen[ref] = true
	if name != "" {
		in = &device.Folder{Parent: in, Name: name}
	}
	v.queue = append(v.queue, folder{in, v.dirs + block, int(offset), size - 3})
}

// addFile adds a file. The lengths of its blocks follow the inode; they are read
// when the file is, for what is kept of a stream is its whole block.
func (v *volume) addFile(in *device.Folder, name string, ref uint64, s *stream, body body) {
	if !s.ok {
		v.Unreadable(in, name, fmt.Errorf("inode: %w", level.ErrMalformed))
		return
	}
	sizes := s.place()
	f := v.Add(device.Key{Off: int64(ref), Size: body.left}, in, []string{name}, func() io.Reader {
		fresh := body
		fresh.sizes = v.stream(sizes.block, sizes.offset)
		return &fresh
	})
	f.Member.Method = "squashfs"
}

// entryWork is what a name of a directory costs beside its bytes: any number of
// directories can be the same list, whose blocks are decoded once.
const entryWork = 64

// readFolder reads a directory: runs of names, each after a header that says in
// which block their inodes are.
func (v *volume) readFolder(f folder) {
	s := v.stream(f.block, f.offset)
	for left := f.size; left >= 12 && s.ok && v.Over == nil; {
		h := s.bytes(12)
		left -= 12
		block := uint64(device.LE32(h, 4)) << 16
		for n := int64(device.LE32(h, 0)); n >= 0 && left >= 8 && s.ok && v.Over == nil; n-- {
			e := s.bytes(8)
			length := int(device.LE16(e, 6)&0xff) + 1
			name := string(s.bytes(length))
			left -= int64(8 + length)
			if !v.Dev.Spend(entryWork + int64(length)) {
				v.Fail(device.ErrWork)
				return
			}
			if s.ok {
				v.inode(f.Folder, device.PlainName(level.DecodeNames([]byte(name), level.Latin1)[0]), block|uint64(device.LE16(e, 0)))
			}
		}
	}
}
