package archive

import (
	"fmt"
	"io"
	"strings"
)

// folder is a directory on the way to a file; nil is the root.
type folder struct {
	parent *folder
	name   string
}

// maxFolderBytes bounds a path: Windows and Linux stop at 4 KiB.
const maxFolderBytes = 4 << 10

// path is the folder's full path with a slash at the end. Of one that is too long
// the tail is kept.
func (f *folder) path() string {
	n := 0
	top := f
	for ; top != nil && n+len(top.name)+1 <= maxFolderBytes; top = top.parent {
		n += len(top.name) + 1
	}
	buf := make([]byte, n)
	for g := f; g != top; g = g.parent {
		n--
		buf[n] = '/'
		n -= len(g.name)
		copy(buf[n:], g.name)
	}
	return string(buf)
}

// catalogFile is one file: its bytes, and the names that lead to them.
type catalogFile struct {
	member Member
	body   func() io.Reader // nil if member.Err says why there is none
	start  int64            // offset of its first byte on the device, where the format has it
}

// catalog collects the files of a volume. Equal bytes under several names, in one
// tree or in several, are one member.
type catalog struct {
	dev     *device
	limits  Limits
	files   []*catalogFile
	byKey   map[contentKey]*catalogFile
	entries int   // names met
	over    error // more was there than the limits allow, or than could be read
	notes   []string
	yielded int
}

// entriesPerMember is how many names are read for each member that is allowed.
const entriesPerMember = 8

func newCatalog(dev *device, l Limits) *catalog {
	return &catalog{dev: dev, limits: l, byKey: map[contentKey]*catalogFile{}}
}

func (c *catalog) note(name string) { c.notes = noteOnce(c.notes, name) }

// fail keeps the first reason why the catalog is not complete.
func (c *catalog) fail(err error) {
	if c.over == nil {
		c.over = err
	}
}

// room counts a name, a folder's too, and says whether it may be kept.
func (c *catalog) room() bool {
	if c.entries >= entriesPerMember*c.limits.Members {
		c.fail(fmt.Errorf("directory entries: %w", ErrLimit))
		return false
	}
	c.entries++
	return true
}

// add adds a file in a folder, or its names to the file that is there already.
// body is called when the member is read; nil for a file with an error.
func (c *catalog) add(key contentKey, in *folder, names []string, body func() io.Reader) *catalogFile {
	if !c.room() {
		return &catalogFile{}
	}
	f := c.byKey[key]
	if f == nil || key.size == 0 {
		f = &catalogFile{member: Member{Size: key.size, Method: "stored"}, body: body, start: key.off}
		c.byKey[key] = f
		c.files = append(c.files, f)
	}
	path := in.path()
	for _, name := range names {
		if name == "" {
			f.member.note(AnomalyNameEmpty)
			continue
		}
		f.member.addName(path+name, c.limits.NameBytes)
	}
	return f
}

// addExtents is add for a file that is given by its extents.
func (c *catalog) addExtents(in *folder, names []string, extents []extent, size int64) *catalogFile {
	dev := c.dev
	return c.add(keyOf(extents, size), in, names, func() io.Reader {
		return newExtentReader(dev, extents, size)
	})
}

// unreadable adds a file or a volume of which only the name is known.
func (c *catalog) unreadable(in *folder, name string, err error) {
	if !c.room() {
		return
	}
	f := &catalogFile{member: Member{Size: -1, Err: err}}
	f.member.addName(in.path()+name, c.limits.NameBytes)
	c.files = append(c.files, f)
}

// next implements walker.
func (c *catalog) next() (*Member, io.Reader, error) {
	if c.yielded == len(c.files) {
		switch {
		case c.dev.err != nil:
			return nil, nil, c.dev.err
		case c.over != nil:
			return nil, nil, c.over
		}
		return nil, nil, io.EOF
	}
	f := c.files[c.yielded]
	c.files[c.yielded] = nil
	c.yielded++
	if f.member.Err != nil || f.body == nil {
		return &f.member, nil, nil
	}
	return &f.member, f.body(), nil
}

func (c *catalog) anomalies() []string { return c.notes }
func (c *catalog) close()              {}

// plainName takes the slashes out of a component, so that one name stays one
// component: NUL stays, for addName to report.
func plainName(name string) string { return strings.ReplaceAll(name, "/", "_") }
