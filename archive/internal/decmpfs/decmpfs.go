package decmpfs

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Attribute is the name of the extended attribute of a compressed file: a magic number, a
// type and the size, little-endian, and for every other type the content; else that is in
// the resource fork, in blocks of 64 KiB.
const Attribute = "com.apple.decmpfs"

const (
	magic       = "fpmc"
	headerBytes = 16
)

// Ways of packing.
const (
	wayPlain = iota
	wayStored
	wayZlib
	wayLZVN
	wayLZFSE
)

// packing is one of the types in the attribute's header.
type packing struct {
	name     string // Member.Method
	way      int
	resource bool // the content is in the resource fork
}

var packings = map[uint32]packing{
	1: {"stored", wayPlain, false},
	3: {"deflate", wayZlib, false}, 4: {"deflate", wayZlib, true},
	7: {"lzvn", wayLZVN, false}, 8: {"lzvn", wayLZVN, true},
	9: {"stored", wayStored, false}, 10: {"stored", wayStored, true},
	11: {"lzfse", wayLZFSE, false}, 12: {"lzfse", wayLZFSE, true},
}

// File is a compressed file, as its attribute says.
type File struct {
	Size     int64  // as declared, in bytes
	Method   string // Member.Method, "" with Err
	Resource bool   // the content is in the resource fork
	Err      error  // ErrUnsupported for a type that is not known

	way       int
	attribute *device.Device
}

// Parse reads the header of an attribute, and reports whether it is one.
func Parse(attribute *device.Device) (f File, ok bool) {
	var h [headerBytes]byte
	if !attribute.Full(h[:], 0) || string(h[:4]) != magic {
		return f, false
	}
	number := device.LE32(h[:], 4)
	kind, known := packings[number]
	f = File{
		Size: device.OffsetOf(device.LE64(h[:], 8)), Method: kind.name, Resource: kind.resource, way: kind.way,
		attribute: attribute,
	}
	if !known {
		f.Err = fmt.Errorf("decmpfs type %d: %w", number, level.ErrUnsupported)
	}
	return f, true
}

// Body decodes the file. The resource fork is asked for where Resource says so.
func (f *File) Body(fork *device.Device) io.Reader {
	if f.Resource {
		return &body{dev: fork, way: f.way, blocks: blocksOf(fork, f.way), left: f.Size}
	}
	rest := f.attribute.Part(headerBytes, f.attribute.Size)
	return &body{dev: rest, way: f.way, blocks: oneBlock(rest), left: f.Size}
}
