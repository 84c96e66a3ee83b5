package disk

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"io"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// File characteristics, ECMA-167 part 4, section 14.4.3.
const (
	udfCharDir     = 1 << 1
	udfCharDeleted = 1 << 2
	udfCharParent  = 1 << 3
)

// maxUDFVersions bounds the chain of entries that replace each other.
const maxUDFVersions = 16

// entry reads what a name leads to: a file is added, a directory queued. root is
// for the tree's own directory, which has no name.
func (v *udfImage) entry(vol *udfVolume, in *device.Folder, name string, at udfIcb, isDir bool) {
	for range maxUDFVersions {
		if !v.Dev.Spend(vol.block) {
			v.Fail(device.ErrWork)
			return
		}
		e, ok := readUDFEntry(vol, at)
		if !ok {
			if v.Dev.Err == nil {
				v.Unreadable(in, name, fmt.Errorf("file entry: %w", level.ErrMalformed))
			}
			return
		}
		v.oneEntry(vol, in, name, &e, isDir)
		if e.strategy != udfLinked {
			return
		}
		// Behind the entry stands an indirect one that leads to its successor, or
		// nothing.
		b := at.on.Read(make([]byte, 64), at.off+vol.block)
		if udfTag(b) != udfIndirect {
			return
		}
		at = vol.longAD(b[36:])
	}
}

func (v *udfImage) oneEntry(vol *udfVolume, in *device.Folder, name string, e *udfEntry, isDir bool) {
	known, seen := v.seen[e.at]
	switch {
	case seen && known != nil:
		v.Name(known, in, name)
		return
	case seen:
		return
	}
	v.seen[e.at] = nil
	if isDir || e.kind == udfKindDir {
		v.addFolder(vol, in, name, e.at)
	} else {
		at := e.at
		key := device.Key{Off: at.off, Size: e.size, Hash: maphash.Comparable(device.ExtentSeed, at)}
		v.seen[at] = v.Add(key, in, []string{name}, func() io.Reader {
			e, _ := readUDFEntry(vol, at)
			return v.body(vol, &e)
		})
	}
	if e.streams.on != nil && e.streams != e.at {
		v.addFolder(vol, in, name+":", e.streams)
	}
}

func (v *udfImage) addFolder(vol *udfVolume, in *device.Folder, name string, at udfIcb) {
	if !v.Room(name) {
		return
	}
	f := udfFolder{&device.Folder{Parent: in, Name: name}, vol, at}
	if name == "" && in == nil {
		f.Folder = nil
	}
	v.queue = append(v.queue, f)
}

// readDirectory reads a directory's file identifiers.
func (v *udfImage) readDirectory(f udfFolder) {
	e, ok := readUDFEntry(f.volume, f.at)
	if !ok {
		return
	}
	in := bufio.NewReaderSize(v.body(f.volume, &e), 2048)
	for v.Over == nil && v.identifier(f, in) {
	}
}

// identifier reads one file identifier descriptor, ECMA-167 part 4, section 14.4,
// and reports whether the directory goes on.
func (v *udfImage) identifier(f udfFolder, in *bufio.Reader) bool {
	var h [38]byte
	if _, err := io.ReadFull(in, h[:]); err != nil || udfTag(h[:]) != udfFileID {
		return false
	}
	use := int(device.LE16(h[:], 36))
	if !v.Dev.Spend(int64(len(h) + use)) {
		v.Fail(device.ErrWork)
		return false
	}
	if _, err := in.Discard(use); err != nil {
		return false
	}
	var buf [256]byte
	raw := buf[:h[19]]
	if _, err := io.ReadFull(in, raw); err != nil {
		return false
	}
	// Padded to four bytes; a directory may end without.
	_, err := in.Discard(-(38 + use + len(raw)) & 3)
	switch traits := h[18]; {
	case traits&(udfCharParent|udfCharDeleted) != 0:
	default:
		v.entry(f.volume, f.Folder, udfName(raw), f.volume.longAD(h[20:]), traits&udfCharDir != 0)
	}
	return err == nil
}

// udfName decodes OSTA compressed Unicode, UDF 2.60 section 2.1.1.
func udfName(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	var units []uint16
	if raw[0] == 16 || raw[0] == 255 {
		for raw = raw[1:]; len(raw) >= 2; raw = raw[2:] {
			units = append(units, uint16(raw[0])<<8|uint16(raw[1]))
		}
	} else {
		for _, c := range raw[1:] {
			units = append(units, uint16(c))
		}
	}
	return device.PlainName(string(utf16.Decode(units)))
}
