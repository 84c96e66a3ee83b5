package office

import (
	"bytes"
	"io"
	"strings"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// ole1Head is how much of an object is looked at to find where its data begins,
// in bytes. The texts before it have limits of their own in every reader.
const ole1Head = 8 << 10

// ole1Least is what an object has at least, in bytes: six numbers, and texts that are
// empty.
const ole1Least = 24

// ole1 is the head of an object in the form of OLE 1.0 ([MS-OLEDS] section 2.2.5).
type ole1 struct {
	class string
	at    int64 // offset of the data
	size  int64 // declared
}

// parseOLE1 reads an object's head.
func parseOLE1(head []byte) (o ole1, ok bool) {
	f := input.NewFields(bytes.NewReader(head), int64(len(head)))
	f.Skip(4) // the version, which is the program's own business
	kind := f.U32()
	o.class = string(bytes.TrimRight(f.Some(int64(f.U32()), ole1Head), "\x00"))
	f.Skip(int64(f.U32())) // topic
	f.Skip(int64(f.U32())) // item
	o.size = int64(f.U32())
	o.at = f.Off
	return o, !f.Short && kind == 2
}

// ole1Object yields what an object of OLE 1.0 carries: a packaged file, a compound
// file, or some program's data. open returns the object's bytes, from the start
// each time.
func ole1Object(s *level.Steps, open func() io.Reader, name, reading string, maxName int) error {
	head, err := io.ReadAll(io.LimitReader(open(), ole1Head)) // most have less
	if err != nil && err != io.ErrUnexpectedEOF {
		return level.BodyError(err)
	}
	if len(head) < ole1Least {
		return nil
	}
	yield := func(from, size int64, names ...string) *level.Member {
		m := &level.Member{Method: "hex", Size: -1, Reading: reading}
		for _, name := range names {
			if name != "" {
				level.AddName(m, name, maxName)
			}
		}
		body := io.Reader(&skipBody{r: open(), skip: from})
		if size >= 0 {
			m.Size = size
			body = &declaredBody{r: body, left: size, m: m}
		}
		s.Yield(m, body)
		return m
	}
	o, ok := parseOLE1(head)
	switch {
	case ok && strings.EqualFold(o.class, "package"):
		data := head[o.at:]
		p, isPackage := parsePackage(input.NewFields(bytes.NewReader(data), int64(len(data))), maxName)
		if isPackage {
			yield(o.at+p.at, p.size, p.names...)
			if o.at+o.size >= o.at+p.at+p.size {
				return nil
			}
		}
		yield(o.at, -1, name)
	case ok && o.at < int64(len(head)):
		// The declared size is not asked: Word reads a compound file to its own end.
		yield(o.at, -1, name)
	default:
		// QUIRK: [MS-OLEDS] section 2.2 puts a head before all. Where it is damaged, a
		// compound file behind it is still found.
		yield(max(0, int64(bytes.Index(head, []byte(cfb.CfbMagic)))), -1, name)
	}
	return nil
}

// skipBody leaves out the first bytes of a reader.
type skipBody struct {
	r    io.Reader
	skip int64
}

func (b *skipBody) Read(p []byte) (int, error) {
	if b.skip > 0 {
		_, err := io.CopyN(io.Discard, b.r, b.skip)
		if b.skip = 0; err != nil && err != io.EOF {
			return 0, level.BodyError(err)
		}
	}
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = level.BodyError(err)
	}
	return n, err
}

// declaredBody ends a body at its declared size, and notes if there is less.
type declaredBody struct {
	r    io.Reader
	left int64
	m    *level.Member
}

func (b *declaredBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		level.Note(b.m, anomaly.Truncated)
	}
	return n, err
}
