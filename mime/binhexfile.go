package mime

import (
	"bytes"
	"strings"
)

// kept is a sink that something else closes.
type kept struct{ sink }

func (kept) close() error { return nil }

// addBinHexName adds the name that a BinHex file gives itself.
func addBinHexName(e *Entity, name []byte) {
	if len(name) > 0 {
		e.addName(Name{Value: decodeRaw(e, bytes.Clone(name)), Raw: string(name), Source: FromContent})
	}
}

// binHexFile extracts a BinHex file from a text: each of its forks that is not
// empty is an entity.
type binHexFile struct{ d *binHexDecoder }

func newBinHexFile(c *carver) *binHexFile {
	return &binHexFile{&binHexDecoder{e: c.host, fork: func(resource bool, name []byte) (*Entity, sink) {
		return newFork(c.w, c.entity("application/octet-stream", "mac-binhex40"), name)
	}}}
}

func newFork(w *Walker, e *Entity, name []byte) (*Entity, sink) {
	addBinHexName(e, name)
	if l := newLeaf(w, e, false); l != nil {
		return e, l
	}
	return nil, nil
}

func (f *binHexFile) take(line []byte, p piece) (extent, error) {
	if end, err := f.d.line(line, p); end || err != nil {
		return fileEnds, err
	}
	return fileGoesOn, nil
}

func (f *binHexFile) close(bool) error {
	if f.d.state == binHexStart || f.d.state == binHexEnded {
		return nil // a text that only speaks of BinHex
	}
	return f.d.end()
}

func (f *binHexFile) snapshot(label string) error {
	if f.d.to == nil {
		return nil
	}
	return f.d.to.snapshot(label, bytes.Clone(f.d.buf))
}

func (f *binHexFile) branch(label string) extractor {
	d := *f.d
	d.buf = bytes.Clone(d.buf)
	if d.to != nil {
		to, ok := branchOff(d.toE, d.to, label).(*leaf)
		if !ok {
			return nil
		}
		d.toE, d.to = to.e, to
	}
	return &binHexFile{&d}
}

// binHexBody decodes a body whose transfer encoding is BinHex: its data fork is
// the body, its resource fork stands in it.
//
// QUIRK: RFC 1741 section 4 has BinHex as a content type. As a transfer encoding
// it has no RFC; Apple Mail and MIME::Tools decode it. The line in front may be
// missing.
type binHexBody struct {
	w     *Walker
	e     *Entity
	to    sink
	d     *binHexDecoder
	lines lines
}

func newBinHexBody(w *Walker, e *Entity, to sink) *binHexBody {
	b := &binHexBody{w: w, e: e, to: to}
	b.d = &binHexDecoder{e: e, fork: b.fork}
	return b
}

func (b *binHexBody) fork(resource bool, name []byte) (*Entity, sink) {
	if !resource {
		addBinHexName(b.e, name)
		return b.e, kept{b.to}
	}
	if b.w == nil { // a copy that is to end
		return nil, nil
	}
	return newFork(b.w, &Entity{
		Path: below(b.e.Path, "resource"), Kind: Carved, Parent: b.e, Depth: b.e.Depth + 1, Reading: b.e.Reading,
		MediaType: "application/octet-stream", Params: map[string]string{}, Encoding: b.e.Encoding,
	}, name)
}

func (b *binHexBody) write(p []byte) error { return b.lines.write(p, b.take) }

func (b *binHexBody) take(line []byte, p piece) error {
	if b.d.state == binHexEnded {
		if !p.first || !isBinHexMark(line) {
			return nil
		}
		next, err := another(b.to, "binhex=next", begin{})
		if err != nil {
			return err
		}
		if next != nil {
			b.e, b.to = next.e, next
		}
		b.d = &binHexDecoder{e: b.e, fork: b.fork}
		return nil
	}
	_, err := b.d.line(line, p)
	return err
}

func (b *binHexBody) snapshot(label string, tail []byte) error {
	c := binHexBody{e: new(Entity), lines: lines{line: bytes.Clone(b.lines.line), long: b.lines.long}}
	d := *b.d
	d.e, d.toE, d.fork, d.buf = c.e, nil, c.fork, bytes.Clone(d.buf)
	var end tailOf
	c.to, c.d = &end, &d
	if _, data := d.to.(kept); data {
		d.to = kept{&end}
	} else {
		d.to = nil
	}
	if err := c.write(tail); err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	return b.to.snapshot(label, end.b)
}

func (b *binHexBody) close() error {
	if err := b.lines.close(b.take); err != nil {
		return err
	}
	switch b.d.state {
	case binHexEnded:
	case binHexStart:
		b.e.note(AnomalyBadBinHex)
		b.e.fault(errNoBegin)
	default:
		if err := b.d.end(); err != nil {
			return err
		}
	}
	return b.to.close()
}

// isBinHexType reports whether a body of this type is BinHex (RFC 1741).
func isBinHexType(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "mac-binhex40")
}
