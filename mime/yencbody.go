package mime

import (
	"bytes"
	"fmt"
)

var (
	errYEncPart = fmt.Errorf("mime: one part of a yEnc file: %w", ErrUnsupported)
	errNoBegin  = fmt.Errorf("mime: nothing begins in the encoded body: %w", ErrMalformed)
)

// yBody decodes a body whose transfer encoding is yEnc.
//
// QUIRK: "x-yencode" has no RFC. Thunderbird decodes it from the "=ybegin" line
// on, one file that is no part of several; what stands before is skipped.
type yBody struct {
	e     *Entity
	to    sink
	d     *yDecoder // nil outside a file
	ended bool      // a file did
	lines lines
}

func (b *yBody) write(p []byte) error { return b.lines.write(p, b.take) }

func (b *yBody) take(line []byte, p piece) error {
	if p.first && bytes.HasPrefix(line, yBegin) {
		return b.begin(line)
	}
	if b.d == nil {
		return nil
	}
	end, err := b.d.take(line, p)
	if end {
		b.d, b.ended = nil, true
	}
	return err
}

// begin starts a file: the part's, or after it another one.
func (b *yBody) begin(line []byte) error {
	d := &yDecoder{e: b.e, to: b.to, head: parseYBegin(line)}
	if b.ended || b.d != nil {
		if b.d != nil {
			b.e.note(AnomalyBadYEnc)
		}
		next, err := another(b.to, "yenc=next", begin{name: d.head.name})
		if err != nil {
			return err
		}
		if next != nil {
			b.e, b.to = next.e, next
			d.e, d.to = next.e, next
		}
	}
	d.head.addName(b.e)
	if d.head.part >= 0 {
		b.e.note(AnomalyYEncPart)
	}
	b.d = d
	return nil
}

func (b *yBody) snapshot(label string, tail []byte) error {
	c := yBody{e: new(Entity), ended: b.ended, lines: lines{line: bytes.Clone(b.lines.line), long: b.lines.long}}
	if b.d != nil {
		d := *b.d
		d.e = c.e
		c.d = &d
		d.to = yTail{&c}
	}
	return snapshotOf(&c, &c.to, b.to, label, tail)
}

// yTail is the sink of a decoder whose body's own is set later.
type yTail struct{ b *yBody }

func (t yTail) write(p []byte) error          { return t.b.to.write(p) }
func (t yTail) close() error                  { return nil }
func (t yTail) snapshot(string, []byte) error { return nil }

func (b *yBody) close() error {
	if err := b.lines.close(b.take); err != nil {
		return err
	}
	switch {
	case b.d != nil:
		b.e.note(AnomalyBadYEnc)
	case !b.ended:
		b.e.note(AnomalyBadYEnc)
		b.e.fault(errNoBegin)
	}
	return b.to.close()
}
