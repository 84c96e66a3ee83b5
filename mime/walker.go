package mime

import (
	"bytes"
	"errors"
	"io"
)

// Walker splits the message that is written to it. It is not safe for
// concurrent use; its Handler is called from within Write and Close.
type Walker struct {
	h      Handler
	limits Limits

	top      fanOut // the message as it stands, and transcoded if it is in UTF-16
	front    []byte // its first bytes, until that is known
	begun    bool
	smuggled smuggler
	root     *Entity // the message's own entity, in its first reading
	open     []*Entity
	entities int
	yenc     yJoins
	full     bool // Limits.Entities was met: nothing more is examined
	closed   bool
	err      error // sticky: from a Handler's writer, or errClosed
}

var errClosed = errors.New("mime: write to a closed Walker")

// NewWalker returns a Walker that reports to h. It fails for negative limits.
func NewWalker(h Handler, l Limits) (*Walker, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Walker{h: h, limits: l}
	w.smuggled.w = w
	return w, nil
}

// Write takes the next piece of the message. The only errors are those of the
// Handler's writers, and a write after Close: broken mail is no error.
func (w *Walker) Write(p []byte) (int, error) {
	if w.closed {
		return 0, errClosed
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.full {
		return len(p), nil
	}
	if err := w.take(p); err != nil {
		w.err = err
		return 0, err
	}
	return len(p), nil
}

// take takes bytes of the message.
func (w *Walker) take(p []byte) error {
	if !w.begun {
		if len(w.front) > 0 {
			p = append(w.front, p...)
		}
		if w.front = nil; needsMore(p) {
			w.front = bytes.Clone(p)
			return nil
		}
		w.start(p)
	}
	if err := w.top.write(p); err != nil {
		return err
	}
	return w.smuggled.write(p)
}

// start begins to read the message that begins with head.
//
// QUIRK: RFC 5322 section 2.1 has a message in ASCII. Editors save files of messages
// in UTF-16.
func (w *Walker) start(head []byte) {
	w.begun = true
	charset := sniffCharset(head)
	plain := newParse(w, nil, 1)
	plain.main().startHeader()
	if charset == "" {
		w.top = fanOut{plain}
		return
	}
	plain.readings = 2
	wide := newParse(w, nil, 2)
	wide.label, wide.anomaly = "charset="+charset, AnomalyWideMessage
	wide.main().startHeader()
	w.top = fanOut{newTranscoder(charset, wide), plain}
}

// Close says that the message is complete: whatever is open ends, the innermost
// first. Further calls return what the first returned.
func (w *Walker) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil {
		w.err = w.finish()
	}
	for len(w.open) > 0 {
		w.end(w.open[len(w.open)-1])
	}
	return w.err
}

func (w *Walker) finish() error {
	if !w.begun && !w.full {
		w.start(w.front)
		if err := w.top.write(w.front); err != nil {
			return err
		}
	}
	if err := w.top.close(); err != nil {
		return err
	}
	return w.smuggled.close()
}

// Walk writes all of r to a new Walker and closes it. An error of r is returned
// after all open entities have ended.
func Walk(r io.Reader, h Handler, l Limits) error {
	w, err := NewWalker(h, l)
	if err != nil {
		return err
	}
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	var readErr error
	for readErr == nil {
		var n int
		n, readErr = r.Read(buf[:])
		if _, err := w.Write(buf[:n]); err != nil {
			readErr = err
		}
	}
	closeErr := w.Close()
	if readErr != io.EOF {
		return readErr
	}
	return closeErr
}

// begin reports e and returns the Handler's writer; ok is false when the
// message has no room for another entity, and then nothing was reported.
func (w *Walker) begin(e *Entity) (out io.Writer, ok bool) {
	if w.full {
		return nil, false
	}
	if w.entities >= w.limits.Entities {
		w.stop()
		return nil, false
	}
	w.entities++
	if w.root == nil {
		w.root = e
	}
	w.open = append(w.open, e)
	return w.h.Begin(e), true
}

// fork gives what of received so far, and tail, as an entity of its own, if the
// Handler can do that. Carved entities are not repeated for it.
func (w *Walker) fork(of *Entity, label string, tail []byte) error {
	e, out, ok := w.branch(of, label)
	if !ok {
		return nil
	}
	e.Size += int64(len(tail))
	var err error
	if out != nil && len(tail) > 0 {
		_, err = out.Write(tail)
	}
	w.end(e)
	return err
}

// stop ends the examination: the message entity bears the fault, and so does
// every open body that will miss bytes.
func (w *Walker) stop() {
	w.full = true
	err := &LimitError{Limit: "entities", Max: int64(w.limits.Entities)}
	w.root.fault(err)
	for _, e := range w.open {
		if e.Kind != Multipart {
			e.fault(err)
		}
	}
}

// end reports the end of e, once.
func (w *Walker) end(e *Entity) {
	for i := len(w.open) - 1; i >= 0; i-- {
		if w.open[i] == e {
			w.open = append(w.open[:i], w.open[i+1:]...)
			w.h.End(e)
			return
		}
	}
}
