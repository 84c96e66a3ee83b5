package archive

import (
	"bytes"
	"fmt"
	"io"
)

// squashVolume is a SquashFS 4.0 volume (Linux,
// Documentation/filesystems/squashfs.rst, and fs/squashfs/squashfs_fs.h).
type squashVolume struct {
	*catalog
	block  int64 // bytes of a data block
	decode func(out, in []byte) (int, error)
	inodes int64 // offset of the inode table
	dirs   int64 // offset of the directory table
	frags  int64 // offset of the list of the fragment table's blocks
	count  int64 // fragments
	queue  []squashFolder
	seen   map[uint64]bool

	meta map[int64]squashMeta // metadata blocks by offset
	frag struct {             // the fragment block that was read last
		off  int64
		data []byte
	}
}

// squashMeta is a decoded metadata block.
type squashMeta struct {
	data []byte
	next int64 // offset of the block behind it
}

// squashFolder is a directory to be read.
type squashFolder struct {
	*folder
	block  int64 // offset of its metadata block
	offset int   // in the decoded block
	size   int64
}

var squashMagic = []byte("hsqs")

const (
	squashMetaBytes = 8 << 10
	squashNoFrag    = 0xffffffff
	maxSquashMeta   = 256 // blocks that are kept
)

func detectSquash(p *probe) bool { return isSquash(p.head) }

func isSquash(b []byte) bool {
	return len(b) >= 96 && bytes.HasPrefix(b, squashMagic) && le16(b, 28) == 4
}

func openSquash(src io.ReaderAt, size int64, l Limits) (walker, error) {
	return openSquashDevice(newDevice(src, size), l)
}

func openSquashDevice(dev *device, l Limits) (walker, error) {
	var b [96]byte
	if !isSquash(dev.read(b[:], 0)) {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	v := &squashVolume{
		catalog: newCatalog(dev, l), block: int64(le32(b[:], 12)), count: int64(le32(b[:], 16)),
		inodes: offsetOf(le64(b[:], 64)), dirs: offsetOf(le64(b[:], 72)), frags: offsetOf(le64(b[:], 80)),
		seen: map[uint64]bool{}, meta: map[int64]squashMeta{},
	}
	if v.block < 4<<10 || v.block > 1<<20 || v.block&(v.block-1) != 0 {
		return nil, fmt.Errorf("block size %d: %w", v.block, ErrMalformed)
	}
	if v.block > l.Dictionary {
		return nil, fmt.Errorf("block size %d: %w", v.block, ErrLimit)
	}
	var err error
	if v.decode, err = squashDecoder(le16(b[:], 20)); err != nil {
		v.unreadable(nil, "squashfs", err)
		return v.catalog, nil
	}
	v.inode(nil, "", le64(b[:], 32))
	for len(v.queue) > 0 && v.over == nil {
		f := v.queue[0]
		v.queue = v.queue[1:]
		v.readFolder(f)
	}
	return v.catalog, nil
}

// squashStream reads on in metadata from a place. After the first read that fails,
// ok is false and all values are 0.
type squashStream struct {
	v    *squashVolume
	rest []byte
	next int64
	ok   bool
}

func (v *squashVolume) stream(block int64, offset int) *squashStream {
	m, ok := v.metadata(block)
	if !ok || offset > len(m.data) {
		return &squashStream{v: v}
	}
	return &squashStream{v, m.data[offset:], m.next, true}
}

// metadata decodes the block at an offset.
func (v *squashVolume) metadata(off int64) (squashMeta, bool) {
	if m, ok := v.meta[off]; ok {
		return m, true
	}
	var h [2]byte
	if !v.dev.spend(squashMetaBytes) {
		v.fail(errWork)
		return squashMeta{}, false
	}
	if !v.dev.full(h[:], off) {
		return squashMeta{}, false
	}
	n := int(le16(h[:], 0))
	m := squashMeta{next: off + 2 + int64(n&0x7fff)}
	in := v.dev.read(make([]byte, n&0x7fff), off+2)
	if n&0x8000 != 0 {
		m.data = in
	} else {
		out := make([]byte, squashMetaBytes)
		got, err := v.decode(out, in)
		if err != nil {
			v.fail(err)
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
func (s *squashStream) bytes(n int) []byte {
	b := make([]byte, n)
	for have := 0; s.ok && have < n; {
		if len(s.rest) == 0 {
			var m squashMeta
			m, s.ok = s.v.metadata(s.next)
			s.rest, s.next = m.data, m.next
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
func (v *squashVolume) inode(in *folder, name string, ref uint64) {
	s := v.stream(v.inodes+int64(ref>>16&(1<<40-1)), int(ref&0xffff))
	head := s.bytes(16)
	switch le16(head, 0) {
	case squashDir:
		b := s.bytes(16)
		v.addFolder(in, name, ref, int64(le32(b, 0)), le16(b, 10), int64(le16(b, 8)))
	case squashDirMore:
		b := s.bytes(24)
		v.addFolder(in, name, ref, int64(le32(b, 8)), le16(b, 18), int64(le32(b, 4)))
	case squashFile:
		b := s.bytes(16)
		v.addFile(in, name, ref, s, squashBody{v: v, off: int64(le32(b, 0)), frag: le32(b, 4), tail: int64(le32(b, 8)), left: int64(le32(b, 12))})
	case squashMore:
		b := s.bytes(40)
		v.addFile(in, name, ref, s, squashBody{v: v, off: offsetOf(le64(b, 0)), left: offsetOf(le64(b, 8)), frag: le32(b, 28), tail: int64(le32(b, 32))})
	case 0:
		v.unreadable(in, name, fmt.Errorf("inode: %w", ErrMalformed))
	}
}

func (v *squashVolume) addFolder(in *folder, name string, ref uint64, block int64, offset uint16, size int64) {
	if v.seen[ref] || !v.room() {
		return
	}
	v.seen[ref] = true
	if name != "" {
		in = &folder{in, name}
	}
	v.queue = append(v.queue, squashFolder{in, v.dirs + block, int(offset), size - 3})
}

// addFile adds a file. The lengths of its blocks follow the inode; they are read
// when the file is, from a copy of the stream's place.
func (v *squashVolume) addFile(in *folder, name string, ref uint64, s *squashStream, body squashBody) {
	if !s.ok {
		v.unreadable(in, name, fmt.Errorf("inode: %w", ErrMalformed))
		return
	}
	body.sizes = *s
	f := v.add(contentKey{off: int64(ref), size: body.left}, in, []string{name}, func() io.Reader {
		fresh := body
		return &fresh
	})
	f.member.Method = "squashfs"
}

// readFolder reads a directory: runs of names, each after a header that says in
// which block their inodes are.
func (v *squashVolume) readFolder(f squashFolder) {
	s := v.stream(f.block, f.offset)
	for left := f.size; left >= 12 && s.ok && v.over == nil; {
		h := s.bytes(12)
		left -= 12
		block := uint64(le32(h, 4)) << 16
		for n := int64(le32(h, 0)); n >= 0 && left >= 8 && s.ok && v.over == nil; n-- {
			e := s.bytes(8)
			length := int(le16(e, 6)&0xff) + 1
			name := string(s.bytes(length))
			left -= int64(8 + length)
			if s.ok {
				v.inode(f.folder, plainName(decodeNames([]byte(name), latin1)[0]), block|uint64(le16(e, 0)))
			}
		}
	}
}
