package xar

import (
	"bytes"
	"compress/bzip2"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// maxList bounds an archive's table of contents, which is XML.
const maxList = 16 << 20

var magic = []byte("xar!")

// Format is how a xar archive is found and opened.
var Format = &level.Format{Name: "xar", Detect: detect, Open: open}

func detect(p *level.Probe) bool {
	return bytes.HasPrefix(p.Head, magic) && len(p.Head) >= 28 && p.Head[4] == 0 && p.Head[5] >= 28
}

// open reads a xar archive, as Apple's installer packages are (the format is
// described in the wiki of the xar project).
func open(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	dev := device.New(src, size)
	var h [28]byte
	if got := dev.Read(h[:], 0); !bytes.HasPrefix(got, magic) {
		return nil, device.FirstError(dev.Err, level.ErrFormat)
	}
	head, n := int64(h[4])<<8|int64(h[5]), device.OffsetOf(device.BE64(h[:], 8))
	c := device.NewCatalog(dev, l)
	z, err := zlib.NewReader(dev.Part(head, min(n, size)).Reader())
	if err != nil {
		return nil, device.FirstError(dev.Err, fmt.Errorf("table of contents: %w", level.BodyError(err)))
	}
	defer z.Close()
	list, err := input.ReadUpTo(z, maxList)
	if err != nil {
		c.Fail(fmt.Errorf("table of contents: %w", level.BodyError(err)))
	}
	x := archive{Catalog: c, heap: head + min(n, size)}
	x.readList(list)
	return c, nil
}

type archive struct {
	*device.Catalog
	heap int64 // offset that places count from
}

// file is a file element. Its name can stand behind its contents, so that a
// folder's node is made first and named later.
type file struct {
	device.Folder
	dir      bool
	data     bool // it has a data element
	off, n   int64
	size     int64
	encoding string
}

// readList goes through the table of contents. Files within files are in folders.
func (x *archive) readList(list []byte) {
	in := &tokens{r: bytes.NewReader(list)}
	d := xml.NewDecoder(in)
	d.Strict = false
	var open []*file  // the file elements that are open
	var path []string // the elements that are open in the innermost of them
	var text strings.Builder
	var all []*file
	for x.Over == nil {
		in.left = maxToken
		token, err := d.RawToken()
		if errors.Is(err, errToken) {
			x.Fail(fmt.Errorf("table of contents: %w: %w", err, level.ErrLimit))
		}
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			text.Reset()
			if t.Name.Local == "file" && x.Room("") {
				f := &file{off: -1}
				if len(open) > 0 {
					f.Parent = &open[len(open)-1].Folder
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
			if text.Len() < device.MaxFolderBytes {
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

// maxToken bounds one element's head or one text, in bytes: the attributes of an element
// take many times the memory of their names.
const maxToken = 1 << 20

// tokens is what a decoder of XML reads from, which then has no buffer of its own.
type tokens struct {
	r    *bytes.Reader
	left int // bytes of the present token
}

func (t *tokens) ReadByte() (byte, error) {
	if t.left--; t.left < 0 {
		return 0, errToken
	}
	return t.r.ReadByte()
}

func (t *tokens) Read(p []byte) (int, error) {
	b, err := t.ReadByte()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

var errToken = errors.New("an element without an end")

func styleOf(t xml.StartElement) string {
	for _, a := range t.Attr {
		if a.Name.Local == "style" {
			return a.Value
		}
	}
	return ""
}

// set takes the text of an element, by its name and its parent's.
func (f *file) set(path, text string) {
	number := func() int64 {
		n, err := strconv.ParseInt(text, 10, 62)
		if err != nil || n < 0 {
			return -1
		}
		return n
	}
	switch path {
	case "name":
		f.Name = device.PlainName(text)
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

func (x *archive) addFile(f *file) {
	names := []string{f.Name}
	switch {
	case !f.data && f.dir:
		return
	case !f.data:
		x.Add(device.Key{Off: -1}, f.Parent, names, nil)
		return
	}
	at := device.Extent{Off: x.heap + max(0, f.off), N: max(0, f.n)}
	method := strings.TrimPrefix(strings.TrimPrefix(f.encoding, "application/"), "x-")
	key := device.KeyOf([]device.Extent{at}, f.size)
	key.Hash ^= device.HashOf(method)
	file := x.Add(key, f.Parent, names, func() io.Reader {
		in := device.NewExtentReader(x.Dev, []device.Extent{at}, at.N)
		switch method {
		case "gzip":
			return &lazyZlib{in: in}
		case "bzip2":
			return &reader{bzip2.NewReader(in)}
		}
		return in
	})
	switch file.Member.Method = method; method {
	case "octet-stream", "":
		file.Member.Method = "stored"
	case "gzip", "bzip2":
	default:
		file.Member.Err = fmt.Errorf("method %.80q: %w", method, level.ErrUnsupported)
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
			return 0, level.BodyError(err)
		}
		r.z = &reader{z}
	}
	return r.z.Read(p)
}

// reader puts a decoder's errors in their class.
type reader struct{ r io.Reader }

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = level.BodyError(err)
	}
	return n, err
}
