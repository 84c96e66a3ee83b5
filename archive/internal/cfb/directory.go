package cfb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// entryBytes is the length of a directory entry ([MS-CFB] section 2.6.1).
const entryBytes = 128

// Types of a directory entry.
const (
	cfbFree    = 0
	cfbStorage = 1
	cfbRoot    = 5
)

// NoEntry is the entry number of nobody.
const NoEntry = 0xFFFFFFFF

// rootName is how the root's entry begins, for a directory that must be searched.
var rootName = []byte("R\x00o\x00o\x00t\x00 \x00E\x00n\x00t\x00r\x00y\x00\x00\x00")

// entry is one entry of the directory.
type entry struct {
	Name               string // UTF-8, as stored
	kind               byte
	left, right, child uint32
	class              [16]byte
	start              uint32
	Size               int64

	Parent   int32   // entry number of the storage that it is in; -1 for the root
	Children []int32 // in the order of names
	reached  bool    // by the tree
}

// IsFolder says whether the entry is a storage.
func (e *entry) IsFolder() bool { return e.kind == cfbStorage || e.kind == cfbRoot }

// Is compares a name as compound files do: without regard to case.
func (e *entry) Is(name string) bool { return strings.EqualFold(e.Name, name) }

// readDirectory loads the entries and puts them into a tree. Of more than most the
// first are kept, and over says so.
func (c *File) readDirectory(first uint32, most int) error {
	if err := c.readEntries(first, most); err != nil {
		return err
	}
	if len(c.Entries) == 0 || c.Entries[0].kind != cfbRoot {
		c.note(anomaly.OLEHeader)
		if err := c.findDirectory(most); err != nil {
			return err
		}
	}
	if len(c.Entries) == 0 {
		return fmt.Errorf("no directory: %w", level.ErrMalformed)
	}
	c.buildTree()
	return nil
}

// readEntries reads the chain of the directory's sectors.
func (c *File) readEntries(first uint32, most int) error {
	c.Entries, c.Over = nil, nil
	dir, err := c.follow(first, math.MaxInt64)
	if err != nil {
		return err
	}
	if dir.Lost {
		c.note(anomaly.OLEChain)
	}
	f := input.NewFields(dir, dir.Size)
	for f.Left() >= entryBytes {
		if len(c.Entries) == most {
			c.Over = fmt.Errorf("directory entries: %w", level.ErrLimit)
			break
		}
		c.Entries = append(c.Entries, c.parseEntry(f.Next(entryBytes)))
	}
	return f.Err
}

// findDirectory looks for a sector that begins with a root entry.
func (c *File) findDirectory(most int) error {
	var b [entryBytes]byte
	for s := range c.sectors {
		n, err := c.Src.ReadAt(b[:], c.offset(s))
		if err != nil && err != io.EOF {
			return err
		}
		if n == len(b) && b[66] == cfbRoot && string(b[:len(rootName)]) == string(rootName) {
			return c.readEntries(s, most)
		}
	}
	c.Entries = nil
	return nil
}

func (c *File) parseEntry(b []byte) entry {
	e := entry{
		kind: b[66], Parent: -1,
		left: binary.LittleEndian.Uint32(b[68:]), right: binary.LittleEndian.Uint32(b[72:]),
		child: binary.LittleEndian.Uint32(b[76:]), start: binary.LittleEndian.Uint32(b[116:]),
	}
	copy(e.class[:], b[80:96])
	n := min(int(binary.LittleEndian.Uint16(b[64:])), 64) / 2
	units := make([]uint16, 0, 32)
	for i := range n {
		u := binary.LittleEndian.Uint16(b[2*i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	e.Name = string(utf16.Decode(units))
	size := binary.LittleEndian.Uint64(b[120:])
	// QUIRK: [MS-CFB] section 2.6.1 tells readers of files with small sectors to
	// ignore the upper half, which old writers left uninitialised.
	if c.Shift <= 9 {
		size &= math.MaxUint32
	}
	e.Size = int64(min(size, math.MaxInt64))
	return e
}

// buildTree gives every entry its storage. The siblings of each storage are a
// binary tree of their own; what no tree reaches is put below the root.
func (c *File) buildTree() {
	c.Entries[0].kind, c.Entries[0].reached = cfbRoot, true
	c.adoptAll(0)
	for i := range c.Entries {
		if e := &c.Entries[i]; !e.reached && e.kind != cfbFree && e.Name != "" {
			// QUIRK: [MS-CFB] section 2.6.4 reaches all by the tree; olefile and
			// recovery programs list the others too.
			c.note(anomaly.OLEOrphan)
			e.reached, e.Parent = true, 0
			c.Entries[0].Children = append(c.Entries[0].Children, int32(i))
			if e.IsFolder() {
				c.adoptAll(int32(i))
			}
		}
	}
}

// adoptAll fills a storage and the storages in it.
func (c *File) adoptAll(folder int32) {
	for folders := []int32{folder}; len(folders) > 0; {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		c.adopt(folder)
		for _, child := range c.Entries[folder].Children {
			if c.Entries[child].IsFolder() && child != folder {
				folders = append(folders, child)
			}
		}
	}
}

// adopt walks the siblings' tree of one storage in the order of names. An entry
// that was met before, in a loop or below another storage, is left out.
func (c *File) adopt(folder int32) {
	var stack []uint32
	at := c.Entries[folder].child
	for {
		for at < uint32(len(c.Entries)) && !c.Entries[at].reached {
			c.Entries[at].reached = true
			stack = append(stack, at)
			at = c.Entries[at].left
		}
		if len(stack) == 0 {
			return
		}
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		e := &c.Entries[top]
		if e.kind != cfbFree {
			e.Parent = folder
			c.Entries[folder].Children = append(c.Entries[folder].Children, int32(top))
		}
		at = e.right
	}
}

// Bounds of a path: storages that it names, those next to the stream; bytes from
// which on it gets no longer.
const (
	maxOLEPath      = 16
	maxOLEPathBytes = 4 << 10
)

// Label gives an entry another name for paths; with "" they leave it out.
func (c *File) Label(i int32, name string) {
	if c.labels == nil {
		c.labels = map[int32]string{}
	}
	c.labels[i] = name
}

// Path is an entry's name behind the names of the storages that it is in.
func (c *File) Path(i int32) string {
	return c.InFolder(c.Entries[i].Parent, MSIName(c.Entries[i].Name))
}

// InFolder puts the path of a storage before a name.
func (c *File) InFolder(folder int32, name string) string {
	for range maxOLEPath {
		if folder <= 0 || len(name) > maxOLEPathBytes {
			break
		}
		part, ok := c.labels[folder]
		if !ok {
			part = MSIName(c.Entries[folder].Name)
		}
		if part != "" {
			name = part + "/" + name
		}
		folder = c.Entries[folder].Parent
	}
	return name
}

// Child returns the entry of that name in a storage, -1 if there is none.
func (c *File) Child(folder int32, name string) int32 {
	for _, i := range c.Entries[folder].Children {
		if c.Entries[i].Is(name) {
			return i
		}
	}
	return -1
}

// MSIName decodes a name that Windows Installer has packed, because a stream's
// name has at most 31 characters: one or two characters of msiDigits are in each
// character between U+3800 and U+483F, and U+4840 marks a table, which others
// write as "!". The other names stay as they are.
func MSIName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= 0x3800 && r <= MSITable }) {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 0x3800 && r < 0x4800:
			b.WriteByte(msiDigits[r&0x3F])
			b.WriteByte(msiDigits[(r-0x3800)>>6])
		case r >= 0x4800 && r < MSITable:
			b.WriteByte(msiDigits[r-0x4800])
		case r == MSITable:
			b.WriteByte('!')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// MSITable begins the names of an installer database's tables.
const MSITable = '\u4840'

// msiDigits are the characters that installers pack by two into one.
const msiDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
