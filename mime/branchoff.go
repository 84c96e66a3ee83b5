package mime

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// brancher is a sink that another reading can branch off from, which has taken
// the same bytes up to here.
type brancher interface {
	// branch gives the sink of the other reading; nil if there can be none.
	branch(label string) sink
}

// branchOff branches a reading of e's body off from the sink that takes it; nil if
// there can be none. A body that is split into parts is read one way: the clients
// that decode a multipart before they split it (RFC 2045 section 6.4 forbids to
// encode one) are not those that the other readings are of, and what stands in a
// text by chance is in the text in each reading of it. e says so.
func branchOff(e *Entity, from sink, label string) sink {
	if b, ok := from.(brancher); ok {
		return b.branch(label)
	}
	e.note(AnomalyFoundOnce)
	return nil
}

func (l *leaf) branch(label string) sink {
	e, out, ok := l.w.branch(l.e, label)
	if !ok {
		return nil
	}
	c := &leaf{w: l.w, e: e, out: out}
	if l.carve != nil {
		c.carve = l.carve.branch(e, label)
	}
	if l.find != nil {
		c.find = l.find.branch(e, label)
	}
	c.head, c.sniffed, c.count = bytes.Clone(l.head), l.sniffed, l.count
	if l.wide != nil {
		e.fault(fmt.Errorf("mime: reading %q of text in another character set: %w", label, ErrUnsupported))
	}
	return c
}

// branch gives the finder of another reading of the text, whose entity is host.
func (f *finder) branch(host *Entity, label string) *finder {
	n := *f
	n.host = host
	n.line, n.block = bytes.Clone(f.line), bytes.Clone(f.block)
	if f.out == nil {
		return &n
	}
	if n.out = branchOff(host, f.out, label); n.out == nil {
		n.state = findNothing
	}
	return &n
}

// branch begins an entity whose body starts with all that of received so far; ok
// is false if the Handler can't do that, or the message has no room for it.
func (w *Walker) branch(of *Entity, label string) (e *Entity, out io.Writer, ok bool) {
	f, ok := w.h.(Forker)
	if !ok || w.full {
		return nil, nil, false
	}
	if w.entities >= w.limits.Entities {
		w.stop()
		return nil, nil, false
	}
	w.entities++
	c := *of
	e = &c
	e.Anomalies = slices.Clone(of.Anomalies)
	e.Names = slices.Clone(of.Names)
	e.Reading = withLabel(of.Reading, label)
	w.open = append(w.open, e)
	return e, f.Fork(of, e), true
}
