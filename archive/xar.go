package archive

import (
	"bytes"
	"compress/bzip2"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"
)

// maxXARList bounds an archive's table of contents, which is XML.
const maxXARList = 16 << 20

var xarMagic = []byte("xar!")

func detectXAR(p *probe) bool {
	return bytes.HasPrefix(p.head, xarMagic) && len(p.head) >= 28 && p.head[4] == 0 && p.head[5] >= 28
}

// openXAR reads a xar archive, as Apple's installer packages are (the format is
// described in the wiki of the xar project).
func openXAR(src io.ReaderAt, size int64, l Limits) (walker, error) {
	dev := newDevice(src, size)
	var h [28]byte
	if got := dev.read(h[:], 0); !bytes.HasPrefix(got, xarMagic) {
		return nil, cmpErr(dev.err, ErrFormat)
	}
	head, n := int64(h[4])<<8|int64(h[5]), offsetOf(be64(h[:], 8))
	c := newCatalog(dev, l)
	z, err := zlib.NewReader(dev.part(head, min(n, size)).reader())
	if err != nil {
		return nil, cmpErr(dev.err, fmt.Errorf("table of contents: %w", bodyError(err)))
	}
	defer z.Close()
	list, err := readUpTo(z, maxXARList)
	if err != nil {
		c.fail(fmt.Errorf("table of contents: %w", bodyError(err)))
	}
	x := xarArchive{catalog: c, heap: head + min(n, size)}
	x.readList(list)
	return c, nil
}

type xarArchive struct {
	*catalog
	heap int64 // offset that places count from
}

// xarFile is a file element. Its name can stand behind its contents, so that a
// folder's node is made first and named later.
type xarFile struct {
	folder
	dir      bool
	data     bool // it has a data element
	off, n   int64
	size     int64
	encoding string
}

// readList goes through the table of contents. Files within files are in folders.
func (x *xarArchive) readList(list []byte) {
	d := xml.NewDecoder(bytes.NewReader(list))
	d.Strict = false
	var open []*xarFile // the file elements that are open
	var path []string   // the elements that are open in the innermost of them
	var text strings.Builder
	var all []*xarFile
	for x.over == nil {
		token, err := d.RawToken()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			text.Reset()
			if t.Name.Local == "file" && x.room() {
				f := &xarFile{off: -1}
				if len(open) > 0 {
					f.parent = &open[len(open)-1].folder
				}
				open, path = append(open, f), path[:0]
				all = append(all, f)
				continue
			}
			path = append(path, t.Name.Local)
			if len(open) > 0 && t.Name.Local == "encoding" && len(path) > 1 && path[len(path)-2] == "data" {
				open[len(open)-1].encoding = styleOf(t)
			}
		case xml.CharData:
			if text.Len() < maxFolderBytes {
				text.Write(t)
			}
		case xml.EndElement:
			if t.Name.Local == "file" && len(open) > 0 {
				open, path = open[:len(open)-1], path[:0]
			} else if len(open) > 0 {
				open[len(open)-1].set(strings.Join(path[max(0, len(path)-2):], "/"), strings.TrimSpace(text.String()))
				path = path[:max(0, len(path)-1)]
			}
			text.Reset()
		}
	}
	for _, f := range all {
		x.addFile(f)
	}
}

func styleOf(t xml.StartElement) string {
	for _, a := range t.Attr {
		if a.Name.Local == "style" {
			return a.Value
		}
	}
	return ""
}

// set takes the text of an element, by its name and its parent's.
func (f *xarFile) set(path, text string) {
	number := func() int64 {
		n, err := strconv.ParseInt(text, 10, 62)
		if err != nil || n < 0 {
			return -1
		}
		return n
	}
	switch path {
	case "name":
		f.name = plainName(text)
	case "type":
		f.dir = text == "directory"
	case "data/offset":
		f.off, f.data = number(), true
	case "data/length":
		f.n = number()
	case "data/size":
		f.size = number()
	}
}

func (x *xarArchive) addFile(f *xarFile) {
	names := []string{f.name}
	switch {
	case !f.data && f.dir:
		return
	case !f.data:
		x.add(contentKey{off: -1}, f.parent, names, nil)
		return
	}
	at := extent{off: x.heap + max(0, f.off), n: max(0, f.n)}
	method := strings.TrimPrefix(strings.TrimPrefix(f.encoding, "application/"), "x-")
	key := keyOf([]extent{at}, f.size)
	key.hash ^= hashOf(method)
	file := x.add(key, f.parent, names, func() io.Reader {
		in := newExtentReader(x.dev, []extent{at}, at.n)
		switch method {
		case "gzip":
			return &lazyZlib{in: in}
		case "bzip2":
			return &xarReader{bzip2.NewReader(in)}
		}
		return in
	})
	switch file.member.Method = method; method {
	case "octet-stream", "":
		file.member.Method = "stored"
	case "gzip", "bzip2":
	default:
		file.member.Err = fmt.Errorf("method %.80q: %w", method, ErrUnsupported)
	}
}

// lazyZlib opens its stream at the first read.
type lazyZlib struct {
	in io.Reader
	z  io.Reader
}

func (r *lazyZlib) Read(p []byte) (int, error) {
	if r.z == nil {
		z, err := zlib.NewReader(r.in)
		if err != nil {
			return 0, bodyError(err)
		}
		r.z = &xarReader{z}
	}
	return r.z.Read(p)
}

// xarReader puts a decoder's errors in their class.
type xarReader struct{ r io.Reader }

func (r *xarReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = bodyError(err)
	}
	return n, err
}
