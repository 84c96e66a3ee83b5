package device

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Folder is a directory on the way to a file; nil is the root.
type Folder struct {
	Parent *Folder
	Name   string
}

// MaxFolderBytes bounds a path: Windows and Linux stop at 4 KiB.
const MaxFolderBytes = 4 << 10

// Path is the folder's full path with a slash at the end. Of one that is too long
// the tail is kept.
func (f *Folder) Path() string {
	n := 0
	top := f
	for ; top != nil && n+len(top.Name)+1 <= MaxFolderBytes; top = top.Parent {
		n += len(top.Name) + 1
	}
	buf := make([]byte, n)
	for g := f; g != top; g = g.Parent {
		n--
		buf[n] = '/'
		n -= len(g.Name)
		copy(buf[n:], g.Name)
	}
	return string(buf)
}

// File is one file: its bytes, and the names that lead to them.
type File struct {
	Member level.Member     // without its names until the file's turn comes
	body   func() io.Reader // nil if member.Err says why there is none
	Start  int64            // offset of its first byte on the device, where the format has it
	names  []place
}

// place is a name in a folder. The paths of all files of a volume can be a hundred times
// as long as the volume, so that each is put together when its file's turn comes.
type place struct {
	in   *Folder
	name string
}

// maxPlaces is how many names of one file are kept: more than its Member keeps, for
// several can be the same.
const maxPlaces = 4 * level.MaxNames

// Catalog collects the files of a volume. Equal bytes under several names, in one
// tree or in several, are one member.
type Catalog struct {
	Dev     *Device
	Limits  level.Limits
	Files   []*File
	byKey   map[Key]*File
	entries int   // names met
	kept    int   // bytes of them
	Over    error // more was there than the limits allow, or than could be read
	notes   []string
	yielded int
}

// EntriesPerMember is how many names are read for each member that is allowed.
const EntriesPerMember = 8

// maxKept bounds all names of a volume, in bytes, of which a name on a disk has 255
// letters at most.
const maxKept = 32 << 20

// NewCatalog is for the files of one device.
func NewCatalog(dev *Device, l level.Limits) *Catalog {
	return &Catalog{Dev: dev, Limits: l, byKey: map[Key]*File{}}
}

// Note adds an anomaly of the container.
func (c *Catalog) Note(name string) { c.notes = level.NoteOnce(c.notes, name) }

// Fail keeps the first reason why the catalog is not complete.
func (c *Catalog) Fail(err error) {
	if c.Over == nil {
		c.Over = err
	}
}

// Room counts a name, a folder's too, and says whether it may be kept.
func (c *Catalog) Room(name string) bool {
	if c.entries >= EntriesPerMember*c.Limits.Members {
		c.Fail(fmt.Errorf("directory entries: %w", level.ErrLimit))
		return false
	}
	if len(name) > maxKept-c.kept {
		c.Fail(fmt.Errorf("names: %w", level.ErrLimit))
		return false
	}
	c.entries++
	c.kept += len(name)
	return true
}

// RoomFor is Room for a folder, nil for the root.
func (c *Catalog) RoomFor(f *Folder) bool {
	if f == nil {
		return c.Room("")
	}
	return c.Room(f.Name)
}

// Add adds a file in a folder, or its names to the file that is there already.
// body is called when the member is read; nil for a file with an error.
func (c *Catalog) Add(key Key, in *Folder, names []string, body func() io.Reader) *File {
	if !c.Room(strings.Join(names, "")) {
		return &File{}
	}
	f := c.byKey[key]
	if f == nil || key.Size == 0 {
		f = &File{Member: level.Member{Size: key.Size, Method: "stored"}, body: body, Start: key.Off}
		c.byKey[key] = f
		c.Files = append(c.Files, f)
	}
	for _, name := range names {
		f.name(in, name)
	}
	return f
}

// Name gives a file one name more.
func (c *Catalog) Name(f *File, in *Folder, name string) {
	if c.Room(name) {
		f.name(in, name)
	}
}

func (f *File) name(in *Folder, name string) {
	if name == "" {
		level.Note(&f.Member, anomaly.NameEmpty)
	} else if p := (place{in, name}); len(f.names) < maxPlaces && !slices.Contains(f.names, p) {
		f.names = append(f.names, p)
	}
}

// AddExtents is add for a file that is given by its extents.
func (c *Catalog) AddExtents(in *Folder, names []string, extents []Extent, size int64) *File {
	dev := c.Dev
	return c.Add(KeyOf(extents, size), in, names, func() io.Reader {
		return NewExtentReader(dev, extents, size)
	})
}

// Unreadable adds a file or a volume of which only the name is known.
func (c *Catalog) Unreadable(in *Folder, name string, err error) {
	if !c.Room(name) {
		return
	}
	f := &File{Member: level.Member{Size: -1, Err: err}}
	f.name(in, name)
	c.Files = append(c.Files, f)
}

// Next implements walker.
func (c *Catalog) Next() (*level.Member, io.Reader, error) {
	if c.yielded == len(c.Files) {
		switch {
		case c.Dev.Err != nil:
			return nil, nil, c.Dev.Err
		case c.Over != nil:
			return nil, nil, c.Over
		}
		return nil, nil, io.EOF
	}
	f := c.Files[c.yielded]
	c.Files[c.yielded] = nil
	c.yielded++
	for _, p := range f.names {
		level.AddName(&f.Member, p.in.Path()+p.name, c.Limits.NameBytes)
	}
	if f.Member.Err != nil || f.body == nil {
		return &f.Member, nil, nil
	}
	return &f.Member, f.body(), nil
}

func (c *Catalog) Anomalies() []string { return c.notes }
func (c *Catalog) Close()              {}

// PlainName takes the slashes out of a component, so that one name stays one
// component: NUL stays, for addName to report.
func PlainName(name string) string { return strings.ReplaceAll(name, "/", "_") }

// WideName decodes n bytes of UTF-16, little-endian, as one component of a path.
func WideName(b []byte, n int) string {
	b = b[:min(n, len(b))]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = LE16(b, 2*i)
	}
	return PlainName(string(utf16.Decode(units)))
}
