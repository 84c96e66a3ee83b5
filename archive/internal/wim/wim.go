package wim

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Bits of a WIM file's header and of its resources (Microsoft, "Windows Imaging
// File Format"; wimlib names those that are younger).
const (
	wimXpress = 1 << 17
	wimLZX    = 1 << 18
	wimLZMS   = 1 << 19

	wimMetadata   = 1 << 1
	wimCompressed = 1 << 2
	wimSpanned    = 1 << 3
	wimSolid      = 1 << 4
)

const (
	headerBytes = 208
	entryBytes  = 50 // of the lookup table
	dentryBytes = 102
)

// maxMetadata bounds an image's directory tree, which is read into memory. One
// of 10,000 files has 2 MiB.
const maxMetadata = 32 << 20

var magic = []byte("MSWIM\x00\x00\x00")

// file walks a WIM file: the resources of its lookup table, with the names that
// its images give them.
type file struct {
	*device.Catalog
	flags  uint32
	chunk  int64
	byHash map[[20]byte]*device.File
	images []func() (io.Reader, error)

	// Decoders of all resources: chunks stand for themselves.
	lzx  lzxChunks
	lzms *lzmsChunks

	lzmsSolid *lzmsChunks // of solid resources, one of whose chunks is kept

	open   *solid // whose chunk is in memory
	credit int64  // bytes that may still be decoded and not read
}

// resource is a resource header.
type resource struct {
	off, size int64 // in the file
	original  int64 // bytes, decompressed
	flags     byte
}

func parseResource(b []byte) resource {
	return resource{
		off: device.OffsetOf(device.LE64(b, 8)), size: int64(device.LE64(b, 0) & (1<<56 - 1)), original: device.OffsetOf(device.LE64(b, 16)), flags: b[7],
	}
}

// Format is how a Windows image is found and opened.
var Format = &level.Format{Name: "wim", Detect: detect, Open: open}

func detect(p *level.Probe) bool { return bytes.HasPrefix(p.Head, magic) }

func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [headerBytes]byte
	got := dev.Read(h[:], 0)
	if !bytes.HasPrefix(got, magic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	if len(got) < 124 {
		return nil, fmt.Errorf("header: %w", level.ErrMalformed)
	}
	w := &file{
		Catalog: device.NewCatalog(dev, l), flags: device.LE32(h[:], 16), chunk: int64(device.LE32(h[:], 20)),
		byHash: map[[20]byte]*device.File{}, credit: input.MaxDrain,
	}
	if w.chunk == 0 {
		w.chunk = 32 << 10
	}
	if w.flags&wimSpanned != 0 || device.LE16(h[:], 42) > 1 {
		w.Unreadable(nil, "parts", fmt.Errorf("one part of several: %w", level.ErrUnsupported))
	}
	w.readTable(parseResource(h[48:]))
	for _, image := range w.images {
		if w.Over != nil {
			break
		}
		w.readImage(image)
	}
	w.images = nil
	return w.Catalog, nil
}

// readTable reads the lookup table, and adds every resource that is a file.
func (w *file) readTable(table resource) {
	if err := w.unread(table); err != nil {
		w.Fail(fmt.Errorf("lookup table: %w", err))
		return
	}
	r := w.reader(table)
	var e [entryBytes]byte
	var g group
	for w.Over == nil {
		if _, err := io.ReadFull(r, e[:]); err != nil {
			if err != io.EOF {
				w.Fail(fmt.Errorf("lookup table: %w", level.BodyError(err)))
			}
			break
		}
		res, hash := parseResource(e[:]), [20]byte(e[30:50])
		if res.flags&wimSolid == 0 {
			w.addGroup(&g)
		}
		switch {
		case res.flags&wimSolid != 0 && w.Room(""):
			g.add(w, res, hash)
		case res.flags&wimSolid != 0:
		case res.flags&wimMetadata != 0:
			w.images = append(w.images, func() (io.Reader, error) {
				if err := w.unread(res); err != nil { // makes the decoder, too
					return nil, err
				}
				return w.reader(res), nil
			})
		default:
			w.addResource(res, hash)
		}
	}
	w.addGroup(&g)
}

func (w *file) addResource(res resource, hash [20]byte) {
	if w.byHash[hash] != nil {
		return
	}
	f := w.Add(device.Key{Off: res.off, Size: res.original, Hash: uint64(res.size)}, nil, nil, func() io.Reader { return w.reader(res) })
	f.Member.Method = w.method(res)
	if err := w.unread(res); err != nil {
		f.Member.Err = err
	}
	w.byHash[hash] = f
}

// Kinds of compression, as solid resources number them.
const (
	kindStored = iota
	kindXpress
	kindLZX
	kindLZMS
)

var kindNames = [...]string{"stored", "xpress", "lzx", "lzms"}

// kind is how a resource that is not solid is compressed.
func (w *file) kind(res resource) int {
	switch {
	case res.flags&wimCompressed == 0:
		return kindStored
	case w.flags&wimXpress != 0:
		return kindXpress
	case w.flags&wimLZX != 0:
		return kindLZX
	}
	return kindLZMS
}

func (w *file) method(res resource) string { return kindNames[w.kind(res)] }

// unread says why a resource is not decoded. What reader decodes it has asked for.
func (w *file) unread(res resource) error { return w.unreadChunks(w.kind(res), w.chunk) }

// unreadChunks says why chunks of a length are not decoded.
func (w *file) unreadChunks(kind int, chunk int64) error {
	most := int64(1 << 21)
	if kind == kindLZMS {
		most = 1 << 30
	}
	switch {
	case kind == kindStored:
	case kind > kindLZMS:
		return fmt.Errorf("compression %d: %w", kind, level.ErrUnsupported)
	case chunk < 1<<12 || chunk > most || chunk&(chunk-1) != 0:
		return fmt.Errorf("chunks of %d bytes: %w", chunk, level.ErrUnsupported)
	case chunk > w.Limits.Dictionary:
		return fmt.Errorf("chunks of %d bytes: %w", chunk, level.ErrLimit)
	case kind == kindLZX && w.lzx.Decoder == nil && chunk == w.chunk:
		var err error
		w.lzx, err = newLZX(chunk)
		return err
	}
	return nil
}

// reader decodes a resource that can be read.
func (w *file) reader(res resource) io.Reader {
	c := newChunks(w.Dev, res, w.chunk, nil)
	switch w.kind(res) {
	case kindStored:
		return device.NewExtentReader(w.Dev, []device.Extent{{Off: res.off, N: res.size}}, res.size)
	case kindXpress:
		c.decoder = &xpressDecoder{}
	case kindLZX:
		c.decoder = w.lzx
	case kindLZMS:
		if w.lzms == nil {
			w.lzms = new(lzmsChunks)
		}
		c.lzms = w.lzms
	}
	return c
}

// readImage reads the directory tree of an image, and gives the resources their
// names.
func (w *file) readImage(open func() (io.Reader, error)) {
	r, err := open()
	var tree []byte
	if err == nil {
		if tree, err = input.ReadUpTo(r, maxMetadata); !w.Dev.Spend(int64(len(tree))) {
			w.Fail(device.ErrWork)
		} else if len(tree) > 0 {
			w.readTree(tree)
		}
	}
	if err != nil {
		w.Unreadable(nil, "metadata", err)
	}
}

// readTree reads the directories, breadth first, each once.
func (w *file) readTree(tree []byte) {
	type dir struct {
		in *device.Folder
		at int64
	}
	align := func(n int64) int64 { return (n + 7) &^ 7 }
	seen := map[int64]bool{}
	// The root's own entry follows the security data.
	queue := []dir{{nil, align(max(8, int64(device.LE32(tree, 0))))}}
	for first := true; len(queue) > 0 && w.Over == nil; first = false {
		d := queue[0]
		queue = queue[1:]
		for at := d.at; !seen[at] && w.Over == nil; {
			seen[at] = true
			e, ok := parseDentry(tree, at)
			if !ok || !w.spend(e) {
				break
			}
			in := d.in
			switch {
			case e.subdir > 0 && w.Room(e.name):
				if !first {
					in = &device.Folder{Parent: d.in, Name: e.name}
				}
				queue = append(queue, dir{in, e.subdir})
			case e.subdir == 0 && e.attributes&0x10 == 0:
				w.name(d.in, e.name, e.hash)
			}
			at = align(at + e.length)
			for range e.streams {
				s, ok := parseStream(tree, at)
				if !ok || !w.spend(s) {
					break
				}
				name := e.name
				if s.name != "" {
					name += ":" + s.name
				}
				w.name(d.in, name, s.hash)
				at = align(at + s.length)
			}
			if first {
				break
			}
		}
	}
}

// spend counts a directory entry, and says whether it may be looked at. Names can lie
// over each other, and images can be the same.
func (w *file) spend(e dentry) bool {
	if !w.Dev.Spend(dentryBytes + int64(len(e.name))) {
		w.Fail(device.ErrWork)
		return false
	}
	return true
}

// name gives a resource a name. The hash of an empty file is all zeros.
func (w *file) name(in *device.Folder, name string, hash [20]byte) {
	f := w.byHash[hash]
	switch {
	case hash == [20]byte{}:
		w.Add(device.Key{Off: -1}, in, []string{name}, nil)
	case f == nil:
		w.Unreadable(in, name, fmt.Errorf("no such resource: %w", level.ErrMalformed))
	default:
		w.Name(f, in, name)
	}
}

// dentry is a directory entry, or one of its streams.
type dentry struct {
	length, subdir int64
	attributes     uint32
	hash           [20]byte
	streams        uint16
	name           string
}

func parseDentry(tree []byte, at int64) (dentry, bool) {
	if at < 0 || at > int64(len(tree))-dentryBytes {
		return dentry{}, false
	}
	b := tree[at:]
	e := dentry{
		length: device.OffsetOf(device.LE64(b, 0)), attributes: device.LE32(b, 8), subdir: device.OffsetOf(device.LE64(b, 16)), hash: [20]byte(b[64:84]), streams: device.LE16(b, 96),
	}
	e.name = device.WideName(b[dentryBytes:], int(device.LE16(b, 100)))
	return e, e.length >= dentryBytes
}

func parseStream(tree []byte, at int64) (dentry, bool) {
	const fixed = 38
	if at < 0 || at > int64(len(tree))-fixed {
		return dentry{}, false
	}
	b := tree[at:]
	e := dentry{length: device.OffsetOf(device.LE64(b, 0)), hash: [20]byte(b[16:36]), name: device.WideName(b[fixed:], int(device.LE16(b, 36)))}
	return e, e.length >= fixed
}
