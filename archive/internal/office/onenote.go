package office

import (
	"bytes"
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/saferead"
)

// Identifiers in a OneNote file, as they are stored.
const (
	oneSection  = "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3" // [MS-ONESTORE] section 2.3.1
	oneContents = "\xA1\x2F\xFF\x43\xD9\xEF\x76\x4C\x9E\xE2\x10\xEA\x57\x22\x76\x5F"
	oneBlob     = "\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC" // section 2.6.13
	onePackage  = "\x2F\xE9\x8D\x63\xD4\xA6\xC1\x4B\x9A\x36\xB3\xFC\x25\x11\xA5\xB7" // section 2.8.1
	oneBlobEnd  = "\x22\xA7\xFB\x71\x79\x0F\x0B\x4A\xBB\x13\x89\x92\x56\x42\x6B\x24"
)

// oneFormat is the offset of the identifier of how a file is laid out, in bytes.
const oneFormat = 48

// oneFile walks a OneNote section for the files and pictures in it. They are found
// by the identifier that precedes each, and not by the lists that refer to them.
type oneFile struct {
	level.Steps
	src    io.ReaderAt
	size   int64
	limits level.Limits
	blobs  *input.Search
	number int
}

// One is how a OneNote section is found and opened.
var One = &level.Format{Name: "one", Detect: detectOne, Open: openOne}

func detectOne(p *level.Probe) bool { return isOne(p.Head) }

func isOne(head []byte) bool {
	return bytes.HasPrefix(head, []byte(oneSection)) || bytes.HasPrefix(head, []byte(oneContents))
}

func openOne(src io.ReaderAt, size int64, l level.Limits) (level.Walker, error) {
	head, err := saferead.UpTo(src, 0, 16, size, 16)
	if err != nil {
		return nil, err
	}
	if !isOne(head) {
		return nil, level.ErrFormat
	}
	o := &oneFile{src: src, size: size, limits: l, blobs: input.NewSearch(src, size, oneBlob)}
	o.Then(o.packaging, o.blob(int64(len(head))))
	return o, nil
}

// packaging says what a file from SharePoint is: its content is not laid out as in a
// file that OneNote itself wrote, but in the pieces of a protocol ([MS-FSSHTTPB]).
func (o *oneFile) packaging() error {
	id, err := saferead.UpTo(o.src, oneFormat, 16, o.size, 16)
	if err != nil {
		return err
	}
	if string(id) == onePackage {
		m := &level.Member{Size: -1, Err: fmt.Errorf("packaged for SharePoint: %w", level.ErrUnsupported)}
		level.AddName(m, "package", o.limits.NameBytes)
		o.Yield(m, nil)
	}
	return nil
}

// blob yields the next file at or behind from.
func (o *oneFile) blob(from int64) level.Step {
	return func() error {
		at, err := o.blobs.Next(from)
		if at < 0 || err != nil {
			return err
		}
		f := input.NewFields(o.src, o.size)
		f.Off = at + int64(len(oneBlob))
		n := int64(f.U64())
		f.Skip(12)
		if f.Err != nil || f.Short {
			return f.Err
		}
		o.number++
		m := &level.Member{Method: "stored", Size: n}
		level.AddName(m, fmt.Sprintf("file%d", o.number), o.limits.NameBytes)
		next := at + int64(len(oneBlob))
		if n < 0 || n > f.Left() {
			level.Note(m, anomaly.Truncated)
			n = f.Left()
		} else if end := f.Off + n; o.ends(end) {
			next = end
		}
		o.Then(o.blob(next))
		if n > 0 {
			o.Yield(m, saferead.Section(o.src, f.Off, n, o.size))
		}
		return nil
	}
}

// ends says whether the mark of a blob's end is there, behind padding to 8 bytes.
func (o *oneFile) ends(at int64) bool {
	b, err := saferead.UpTo(o.src, at, 8+16, o.size, 8+16)
	return err == nil && bytes.Contains(b, []byte(oneBlobEnd))
}
