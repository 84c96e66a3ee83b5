package archive

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/fivefifty/fivefifty/internal/saferead"
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
	wimHeaderBytes = 208
	wimEntryBytes  = 50 // of the lookup table
	wimDentryBytes = 102
)

// maxWIMMetadata bounds an image's directory tree, which is read into memory. One
// of 10,000 files has 2 MiB.
const maxWIMMetadata = 32 << 20

var wimMagic = []byte("MSWIM\x00\x00\x00")

// wimFile walks a WIM file: the resources of its lookup table, with the names that
// its images give them.
type wimFile struct {
	*catalog
	flags  uint32
	chunk  int64
	lzx    wimLZXChunks // all resources': chunks stand for themselves
	byHash map[[20]byte]*catalogFile
	images []wimResource
}

// wimResource is a resource header.
type wimResource struct {
	off, size int64 // in the file
	original  int64 // bytes, decompressed
	flags     byte
}

func parseWIMResource(b []byte) wimResource {
	return wimResource{
		off: offsetOf(le64(b, 8)), size: int64(le64(b, 0) & (1<<56 - 1)), original: offsetOf(le64(b, 16)), flags: b[7],
	}
}

func detectWIM(p *probe) bool { return bytes.HasPrefix(p.head, wimMagic) }

func openWIM(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	var h [wimHeaderBytes]byte
	got := dev.read(h[:], 0)
	if !bytes.HasPrefix(got, wimMagic) {
		return nil, firstError(dev.err, ErrFormat)
	}
	if len(got) < 124 {
		return nil, fmt.Errorf("header: %w", ErrMalformed)
	}
	w := &wimFile{
		catalog: newCatalog(dev, l), flags: le32(h[:], 16), chunk: int64(le32(h[:], 20)),
		byHash: map[[20]byte]*catalogFile{},
	}
	if w.chunk == 0 {
		w.chunk = 32 << 10
	}
	if w.flags&wimSpanned != 0 || le16(h[:], 42) > 1 {
		w.unreadable(nil, "parts", fmt.Errorf("one part of several: %w", ErrUnsupported))
	}
	w.readTable(parseWIMResource(h[48:]))
	for _, image := range w.images {
		w.readImage(image)
	}
	return w.catalog, nil
}

// readTable reads the lookup table, and adds every resource that is a file.
func (w *wimFile) readTable(table wimResource) {
	if err := w.unread(table); err != nil {
		w.fail(fmt.Errorf("lookup table: %w", err))
		return
	}
	r := w.reader(table)
	var e [wimEntryBytes]byte
	for w.over == nil {
		if _, err := io.ReadFull(r, e[:]); err != nil {
			if err != io.EOF {
				w.fail(fmt.Errorf("lookup table: %w", bodyError(err)))
			}
			return
		}
		res := parseWIMResource(e[:])
		switch {
		case res.flags&wimMetadata != 0:
			w.images = append(w.images, res)
		case res.flags&wimSolid != 0 && res.original == 1<<32: // the container of solid blobs
		default:
			w.addResource(res, [20]byte(e[30:50]))
		}
	}
}

func (w *wimFile) addResource(res wimResource, hash [20]byte) {
	if w.byHash[hash] != nil {
		return
	}
	f := w.add(contentKey{res.off, res.original, uint64(res.size)}, nil, nil, func() io.Reader { return w.reader(res) })
	f.member.Method = w.method(res)
	if res.flags&wimSolid != 0 {
		f.member.Size = -1
	}
	if err := w.unread(res); err != nil {
		f.member.Err = err
	}
	w.byHash[hash] = f
}

func (w *wimFile) method(res wimResource) string {
	switch {
	case res.flags&(wimCompressed|wimSolid) == 0:
		return "stored"
	case w.flags&wimXpress != 0:
		return "xpress"
	case w.flags&wimLZX != 0:
		return "lzx"
	}
	return "lzms"
}

// unread says why a resource is not decoded.
func (w *wimFile) unread(res wimResource) error {
	switch method := w.method(res); {
	case res.flags&wimSolid != 0:
		return fmt.Errorf("solid resource: %w", ErrUnsupported)
	case method == "lzms":
		return fmt.Errorf("method lzms: %w", ErrUnsupported)
	case method != "stored" && (w.chunk < 1<<12 || w.chunk > 1<<21 || w.chunk&(w.chunk-1) != 0):
		return fmt.Errorf("chunks of %d bytes: %w", w.chunk, ErrUnsupported)
	case method != "stored" && w.chunk > w.limits.Dictionary:
		return fmt.Errorf("chunks of %d bytes: %w", w.chunk, ErrLimit)
	case method == "lzx" && w.lzx.Decoder == nil:
		var err error
		w.lzx, err = newWIMLZX(w.chunk)
		return err
	}
	return nil
}

// reader decodes a resource that can be read.
func (w *wimFile) reader(res wimResource) io.Reader {
	switch w.method(res) {
	case "stored":
		return newExtentReader(w.dev, []extent{{off: res.off, n: res.size}}, res.size)
	case "xpress":
		return newWIMChunks(w.dev, res, w.chunk, &xpressDecoder{})
	case "lzx":
		return newWIMChunks(w.dev, res, w.chunk, w.lzx)
	}
	return newExtentReader(w.dev, nil, 0)
}

// readImage reads the directory tree of an image, and gives the resources their
// names.
func (w *wimFile) readImage(res wimResource) {
	err := w.unread(res)
	var tree []byte
	if err == nil {
		if tree, err = readUpTo(w.reader(res), maxWIMMetadata); len(tree) > 0 {
			w.readTree(tree)
		}
	}
	if err != nil {
		w.unreadable(nil, "metadata", err)
	}
}

// readUpTo reads at most max bytes.
func readUpTo(r io.Reader, max int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, max+1))
	if int64(len(b)) > max {
		return b[:max], fmt.Errorf("%w: %w", ErrLimit, saferead.ErrTooLong)
	}
	return b, err
}

// readTree reads the directories, breadth first, each once.
func (w *wimFile) readTree(tree []byte) {
	type dir struct {
		in *folder
		at int64
	}
	align := func(n int64) int64 { return (n + 7) &^ 7 }
	seen := map[int64]bool{}
	// The root's own entry follows the security data.
	queue := []dir{{nil, align(max(8, int64(le32(tree, 0))))}}
	for first := true; len(queue) > 0 && w.over == nil; first = false {
		d := queue[0]
		queue = queue[1:]
		for at := d.at; !seen[at] && w.over == nil; {
			seen[at] = true
			e, ok := parseWIMDentry(tree, at)
			if !ok {
				break
			}
			in := d.in
			switch {
			case e.subdir > 0 && w.room():
				if !first {
					in = &folder{d.in, e.name}
				}
				queue = append(queue, dir{in, e.subdir})
			case e.subdir == 0 && e.attributes&0x10 == 0:
				w.name(d.in, e.name, e.hash)
			}
			at = align(at + e.length)
			for range e.streams {
				s, ok := parseWIMStream(tree, at)
				if !ok {
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

// name gives a resource a name. The hash of an empty file is all zeros.
func (w *wimFile) name(in *folder, name string, hash [20]byte) {
	f := w.byHash[hash]
	switch {
	case !w.room():
	case hash == [20]byte{}:
		w.add(contentKey{off: -1}, in, []string{name}, nil)
	case f == nil:
		w.unreadable(in, name, fmt.Errorf("no such resource: %w", ErrMalformed))
	default:
		f.member.addName(in.path()+name, w.limits.NameBytes)
	}
}

// wimDentry is a directory entry, or one of its streams.
type wimDentry struct {
	length, subdir int64
	attributes     uint32
	hash           [20]byte
	streams        uint16
	name           string
}

func parseWIMDentry(tree []byte, at int64) (wimDentry, bool) {
	if at < 0 || at > int64(len(tree))-wimDentryBytes {
		return wimDentry{}, false
	}
	b := tree[at:]
	e := wimDentry{
		length: offsetOf(le64(b, 0)), attributes: le32(b, 8), subdir: offsetOf(le64(b, 16)), hash: [20]byte(b[64:84]), streams: le16(b, 96),
	}
	e.name = wideName(b[wimDentryBytes:], int(le16(b, 100)))
	return e, e.length >= wimDentryBytes
}

func parseWIMStream(tree []byte, at int64) (wimDentry, bool) {
	const fixed = 38
	if at < 0 || at > int64(len(tree))-fixed {
		return wimDentry{}, false
	}
	b := tree[at:]
	e := wimDentry{length: offsetOf(le64(b, 0)), hash: [20]byte(b[16:36]), name: wideName(b[fixed:], int(le16(b, 36)))}
	return e, e.length >= fixed
}

// wideName decodes n bytes of UTF-16, little-endian, as one component of a path.
func wideName(b []byte, n int) string {
	b = b[:min(n, len(b))]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le16(b, 2*i)
	}
	return plainName(string(utf16.Decode(units)))
}
