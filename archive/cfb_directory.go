package archive

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf16"
)

// cfbEntryBytes is the length of a directory entry ([MS-CFB] section 2.6.1).
const cfbEntryBytes = 128

// Types of a directory entry.
const (
	cfbFree    = 0
	cfbStorage = 1
	cfbRoot    = 5
)

// cfbNone is the entry number of nobody.
const cfbNone = 0xFFFFFFFF

// cfbRootName is how the root's entry begins, for a directory that must be searched.
var cfbRootName = []byte("R\x00o\x00o\x00t\x00 \x00E\x00n\x00t\x00r\x00y\x00\x00\x00")

// cfbEntry is one entry of the directory.
type cfbEntry struct {
	name               string // UTF-8, as stored
	kind               byte
	left, right, child uint32
	class              [16]byte
	start              uint32
	size               int64

	parent   int32   // entry number of the storage that it is in; -1 for the root
	children []int32 // in the order of names
	reached  bool    // by the tree
}

// isFolder says whether the entry is a storage.
func (e *cfbEntry) isFolder() bool { return e.kind == cfbStorage || e.kind == cfbRoot }

// is compares a name as compound files do: without regard to case.
func (e *cfbEntry) is(name string) bool { return strings.EqualFold(e.name, name) }

// readDirectory loads the entries and puts them into a tree. Of more than most the
// first are kept, and over says so.
func (c *cfb) readDirectory(first uint32, most int) error {
	if err := c.readEntries(first, most); err != nil {
		return err
	}
	if len(c.entries) == 0 || c.entries[0].kind != cfbRoot {
		c.note(AnomalyOLEHeader)
		if err := c.findDirectory(most); err != nil {
			return err
		}
	}
	if len(c.entries) == 0 {
		return fmt.Errorf("no directory: %w", ErrMalformed)
	}
	c.buildTree()
	return nil
}

// readEntries reads the chain of the directory's sectors.
func (c *cfb) readEntries(first uint32, most int) error {
	c.entries, c.over = nil, nil
	dir, err := c.follow(first, math.MaxInt64)
	if err != nil {
		return err
	}
	if dir.lost {
		c.note(AnomalyOLEChain)
	}
	f := newFields(dir, dir.size)
	for f.left() >= cfbEntryBytes {
		if len(c.entries) == most {
			c.over = fmt.Errorf("directory entries: %w", ErrLimit)
			break
		}
		c.entries = append(c.entries, c.parseEntry(f.next(cfbEntryBytes)))
	}
	return f.err
}

// findDirectory looks for a sector that begins with a root entry.
func (c *cfb) findDirectory(most int) error {
	var b [cfbEntryBytes]byte
	for s := range c.sectors {
		n, err := c.src.ReadAt(b[:], c.offset(s))
		if err != nil && err != io.EOF {
			return err
		}
		if n == len(b) && b[66] == cfbRoot && string(b[:len(cfbRootName)]) == string(cfbRootName) {
			return c.readEntries(s, most)
		}
	}
	c.entries = nil
	return nil
}

func (c *cfb) parseEntry(b []byte) cfbEntry {
	e := cfbEntry{
		kind: b[66], parent: -1,
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
	e.name = string(utf16.Decode(units))
	size := binary.LittleEndian.Uint64(b[120:])
	// QUIRK: [MS-CFB] section 2.6.1 tells readers of files with small sectors to
	// ignore the upper half, which old writers left uninitialised.
	if c.shift <= 9 {
		size &= math.MaxUint32
	}
	e.size = int64(min(size, math.MaxInt64))
	return e
}

// buildTree gives every entry its storage. The siblings of each storage are a
// binary tree of their own; what no tree reaches is put below the root.
func (c *cfb) buildTree() {
	c.entries[0].kind, c.entries[0].reached = cfbRoot, true
	c.adoptAll(0)
	for i := range c.entries {
		if e := &c.entries[i]; !e.reached && e.kind != cfbFree && e.name != "" {
			// QUIRK: [MS-CFB] section 2.6.4 reaches all by the tree; olefile and
			// recovery programs list the others too.
			c.note(AnomalyOLEOrphan)
			e.reached, e.parent = true, 0
			c.entries[0].children = append(c.entries[0].children, int32(i))
			if e.isFolder() {
				c.adoptAll(int32(i))
			}
		}
	}
}

// adoptAll fills a storage and the storages in it.
func (c *cfb) adoptAll(folder int32) {
	for folders := []int32{folder}; len(folders) > 0; {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		c.adopt(folder)
		for _, child := range c.entries[folder].children {
			if c.entries[child].isFolder() && child != folder {
				folders = append(folders, child)
			}
		}
	}
}

// adopt walks the siblings' tree of one storage in the order of names. An entry
// that was met before, in a loop or below another storage, is left out.
func (c *cfb) adopt(folder int32) {
	var stack []uint32
	at := c.entries[folder].child
	for {
		for at < uint32(len(c.entries)) && !c.entries[at].reached {
			c.entries[at].reached = true
			stack = append(stack, at)
			at = c.entries[at].left
		}
		if len(stack) == 0 {
			return
		}
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		e := &c.entries[top]
		if e.kind != cfbFree {
			e.parent = folder
			c.entries[folder].children = append(c.entries[folder].children, int32(top))
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

// label gives an entry another name for paths; with "" they leave it out.
func (c *cfb) label(i int32, name string) {
	if c.labels == nil {
		c.labels = map[int32]string{}
	}
	c.labels[i] = name
}

// path is an entry's name behind the names of the storages that it is in.
func (c *cfb) path(i int32) string {
	return c.inFolder(c.entries[i].parent, oleName(c.entries[i].name))
}

// inFolder puts the path of a storage before a name.
func (c *cfb) inFolder(folder int32, name string) string {
	for range maxOLEPath {
		if folder <= 0 || len(name) > maxOLEPathBytes {
			break
		}
		part, ok := c.labels[folder]
		if !ok {
			part = oleName(c.entries[folder].name)
		}
		if part != "" {
			name = part + "/" + name
		}
		folder = c.entries[folder].parent
	}
	return name
}

// child returns the entry of that name in a storage, -1 if there is none.
func (c *cfb) child(folder int32, name string) int32 {
	for _, i := range c.entries[folder].children {
		if c.entries[i].is(name) {
			return i
		}
	}
	return -1
}
