package disk

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse"
)

// A compressed file has an extended attribute, com.apple.decmpfs: a magic number, a
// type and the size, little-endian, and for every other type the content; else that
// is in the resource fork, in blocks of 64 KiB. It has no specification; the fields
// are those of Apple's kernel and of 7-Zip.
const (
	packedAttribute = "com.apple.decmpfs"
	packedMagic     = "fpmc"
	packedHeader    = 16

	// packedBytes bounds the attributes that are kept, in bytes. Apple's kernel reads
	// none of more than 3802 bytes.
	packedBytes = 64 << 20
)

// Ways of packing.
const (
	packedPlain = iota
	packedStored
	packedZlib
	packedLZVN
	packedLZFSE
)

// packedType is one of the types in the attribute's header.
type packedType struct {
	name     string // Member.Method
	way      int
	resource bool // the content is in the resource fork
}

var packedTypes = map[uint32]packedType{
	1: {"stored", packedPlain, false},
	3: {"deflate", packedZlib, false}, 4: {"deflate", packedZlib, true},
	7: {"lzvn", packedLZVN, false}, 8: {"lzvn", packedLZVN, true},
	9: {"stored", packedStored, false}, 10: {"stored", packedStored, true},
	11: {"lzfse", packedLZFSE, false}, 12: {"lzfse", packedLZFSE, true},
}

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
	name := make([]byte, 0, len(packedAttribute))
	for units := key[12:]; len(units) >= 2 && len(name) < cap(name); units = units[2:] {
		name = append(name, units[1])
	}
	if string(name) != packedAttribute || int(key[10])<<8|int(key[11]) != len(packedAttribute) {
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
	var h [packedHeader]byte
	if !attribute.Full(h[:], 0) || string(h[:4]) != packedMagic {
		return false
	}
	number := device.LE32(h[:], 4)
	kind, known := packedTypes[number]
	size := device.OffsetOf(device.LE64(h[:], 8))
	added := v.Add(device.Key{Off: int64(f.id), Size: size, Hash: 2}, in, []string{f.name}, func() io.Reader {
		rest := attribute.Part(packedHeader, attribute.Size)
		if !kind.resource {
			return &hfsPacked{dev: rest, way: kind.way, blocks: oneBlock(rest)}
		}
		fork := v.fork(f.forks[hfsForkBytes:], hfsFork{f.id, true})
		return &hfsPacked{dev: fork, way: kind.way, blocks: packedBlocks(fork, kind.way)}
	})
	added.Member.Method = kind.name
	if !known {
		added.Member.Method = ""
		added.Member.Err = fmt.Errorf("HFS compression of type %d: %w", number, level.ErrUnsupported)
	}
	return true
}

// block is a piece of a compressed file.
type block struct{ off, n int64 }

// oneBlock is all of a device, once.
func oneBlock(dev *device.Device) func() (block, bool) {
	left := 1
	return func() (block, bool) {
		left--
		return block{0, dev.Size}, left == 0
	}
}

// packedBlocks goes through the blocks of a resource fork. Zlib's are a resource of
// their own: their number, then offset and length of each, little-endian. The others
// begin the fork with where each block begins, and where the last ends.
func packedBlocks(fork *device.Device, way int) func() (block, bool) {
	var b [8]byte
	if way != packedZlib {
		at := int64(0)
		first := int64(device.LE32(fork.Read(b[:4], 0), 0))
		return func() (block, bool) {
			if at+8 > first || !fork.Full(b[:], at) {
				return block{}, false
			}
			at += 4
			from := int64(device.LE32(b[:], 0))
			return block{from, int64(device.LE32(b[:], 4)) - from}, true
		}
	}
	base := int64(device.BE32(fork.Read(b[:4], 0), 0)) + 4
	left := int64(device.LE32(fork.Read(b[:4], base), 0))
	at := base + 4
	return func() (block, bool) {
		if left <= 0 || !fork.Full(b[:], at) {
			return block{}, false
		}
		left, at = left-1, at+8
		return block{base + int64(device.LE32(b[:], 0)), int64(device.LE32(b[:], 4))}, true
	}
}

// hfsPacked decodes the blocks of a compressed file, one after the other. One that is
// broken ends early, and why comes at the end.
type hfsPacked struct {
	dev    *device.Device
	way    int
	blocks func() (block, bool)
	body   io.Reader
	lzfse  *lzfse.Reader
	in     *bufio.Reader
	fail   error
}

func (r *hfsPacked) Read(p []byte) (int, error) {
	for range idleBlocks {
		if r.body == nil {
			b, ok := r.blocks()
			if !ok {
				return 0, device.FirstError(r.fail, io.EOF)
			}
			if !r.dev.Spend(max(b.n, leastBlock)) {
				return 0, device.ErrWork
			}
			if err := r.open(r.dev.Part(b.off, b.n)); err != nil {
				r.fail = device.FirstError(r.fail, err)
				continue
			}
		}
		n, err := r.body.Read(p)
		if err != nil {
			r.body = nil
			if err != io.EOF {
				r.fail = device.FirstError(r.fail, level.Classed(err))
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, nil
}

// leastBlock is what a block costs, in bytes, however short it is.
const leastBlock = 64

// idleBlocks is how many blocks without output are decoded in one call of Read.
const idleBlocks = 256

// open begins a block. What its packing would have made longer is behind a byte that
// cannot begin a packed one.
func (r *hfsPacked) open(dev *device.Device) error {
	var b [3]byte
	head := dev.Read(b[:], 0)
	if len(head) == 0 {
		return fmt.Errorf("a block without bytes: %w", level.ErrMalformed)
	}
	plain := false
	switch r.way {
	case packedStored:
		plain = head[0] == 0xcc
	case packedZlib:
		plain = head[0]&0xf == 0xf
	case packedLZVN:
		plain = head[0] == 6
	case packedLZFSE:
		plain = string(head) != "bvx"
	}
	switch {
	case plain:
		r.body = dev.Part(1, dev.Size-1).Reader()
	case r.way == packedPlain, r.way == packedStored:
		r.body = dev.Reader()
	case r.way == packedZlib:
		r.body = &input.Zlib{Src: dev.Reader(), Want: -1}
	default:
		r.openLZFSE(dev.Reader())
	}
	return nil
}

func (r *hfsPacked) openLZFSE(in io.Reader) {
	if r.lzfse == nil {
		r.in = bufio.NewReader(nil)
		r.lzfse = lzfse.NewReader(r.in)
	}
	r.in.Reset(in)
	if r.way == packedLZVN {
		r.lzfse.ResetLZVN(r.in)
	} else {
		r.lzfse.Reset(r.in)
	}
	r.body = r.lzfse
}
