package disk

import (
	"io"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Attributes of a directory entry.
const (
	fatLabel     = 0x08
	fatDir       = 0x10
	fatLong      = 0x0f
	fatLongMask  = 0x3f
	fatDeleted   = 0xe5
	fatLongUnits = 13 // UTF-16 units of one long entry
)

// fatDirectory reads the entries of one directory.
type fatDirectory struct {
	v    *fatVolume
	in   *device.Folder
	long [20][fatLongUnits]uint16 // pieces of the long name that stands before its entry
	have uint32                   // which of them were met, a bit each
	sum  byte                     // of the short name, as they say
}

func (d *fatDirectory) reset(v *fatVolume, in *device.Folder) {
	d.v, d.in, d.have = v, in, 0
}

// entry takes one entry of 32 bytes, and reports whether the directory goes on.
func (d *fatDirectory) entry(e []byte) bool {
	switch {
	case e[0] == 0:
		return false
	case e[0] == fatDeleted:
		d.have = 0
		return true
	case e[11]&fatLongMask == fatLong:
		d.piece(e)
		return true
	}
	defer func() { d.have = 0 }()
	first := uint32(device.LE16(e, 26))
	if d.v.bits == 32 {
		first |= uint32(device.LE16(e, 20)) << 16
	}
	size := int64(device.LE32(e, 28))
	short := fatShortName(e)
	names := d.names(e, short)
	switch {
	case short == "." || short == "..":
	case e[11]&fatLabel != 0 && (first < 2 || size == 0): // the volume's label
	case e[11]&fatDir != 0:
		d.folder(first, size, names)
	default:
		d.file(first, size, names)
	}
	return d.v.Over == nil
}

func (d *fatDirectory) folder(first uint32, size int64, names []string) {
	if !d.v.Room(names[0]) {
		return
	}
	d.v.queue = append(d.v.queue, fatFolder{&device.Folder{Parent: d.in, Name: names[0]}, first})
	if size > 0 && d.v.valid(first) {
		// QUIRK: a directory's size field is 0 (section 6). Where it is not, a
		// tool that looks at it takes the directory for a file.
		level.Note(&d.file(first, size, names).Member, anomaly.DirData)
	}
}

func (d *fatDirectory) file(first uint32, size int64, names []string) *device.File {
	v := d.v
	return v.Add(device.Key{Off: int64(first), Size: size}, d.in, names, func() io.Reader {
		return &fatChain{v: v, n: first, left: size, valid: size, steps: v.clusters}
	})
}

// piece keeps a part of a long name (section 7.2).
func (d *fatDirectory) piece(e []byte) {
	i := int(e[0]&0x3f) - 1
	if i < 0 || i >= len(d.long) {
		return
	}
	if e[0]&0x40 != 0 || d.sum != e[13] {
		d.have = 0
	}
	d.sum = e[13]
	d.have |= 1 << i
	for j := range d.long[i] {
		at := 1 + 2*j
		switch {
		case j >= 11:
			at = 28 + 2*(j-11)
		case j >= 5:
			at = 14 + 2*(j-5)
		}
		d.long[i][j] = device.LE16(e, at)
	}
}

// names returns the long name, if the entries before belong to this one, and the
// short one.
func (d *fatDirectory) names(e []byte, short string) []string {
	if d.have == 0 || d.have&(d.have+1) != 0 || fatSum(e[:11]) != d.sum {
		return []string{short}
	}
	var units []uint16
	for i := 0; d.have>>i != 0; i++ {
		units = append(units, d.long[i][:]...)
	}
	for i, u := range units {
		if u == 0 {
			units = units[:i]
			break
		}
	}
	return []string{device.PlainName(string(utf16.Decode(units))), short}
}

// fatSum is the checksum that ties long entries to a short name (section 7.2).
func fatSum(name []byte) byte {
	var sum byte
	for _, c := range name {
		sum = sum>>1 + sum<<7 + c
	}
	return sum
}

// fatShortName is the 8.3 name; Windows NT's bits say which part is lower case.
func fatShortName(e []byte) string {
	raw := append([]byte(nil), e[:11]...)
	if raw[0] == 0x05 { // stands for 0xe5, which would mean deleted
		raw[0] = fatDeleted
	}
	text := func(b []byte, lower bool) string {
		s, _ := level.CP437.NewDecoder().Bytes(b)
		name := strings.TrimRight(string(s), " ")
		if lower {
			name = strings.ToLower(name)
		}
		return device.PlainName(name)
	}
	name := text(raw[:8], e[12]&0x08 != 0)
	if ext := text(raw[8:], e[12]&0x10 != 0); ext != "" {
		name += "." + ext
	}
	return name
}
