package mime

import "io"

// sink takes the bytes of one body, in one reading or in several. The bytes are
// valid until write returns.
type sink interface {
	write(p []byte) error
	close() error

	// snapshot gives what was written so far, and tail, as an entity of its own:
	// the body as it is to a client for which it ends here.
	snapshot(label string, tail []byte) error
}

// fanOut feeds every reading of a body.
type fanOut []sink

func (f fanOut) write(p []byte) error {
	for _, s := range f {
		if err := s.write(p); err != nil {
			return err
		}
	}
	return nil
}

func (f fanOut) close() error {
	for _, s := range f {
		if err := s.close(); err != nil {
			return err
		}
	}
	return nil
}

func (f fanOut) snapshot(label string, tail []byte) error {
	for _, s := range f {
		if err := s.snapshot(label, tail); err != nil {
			return err
		}
	}
	return nil
}

// leaf hands the decoded bytes of its entity to the Handler's writer, and to a
// carver if the content is text.
type leaf struct {
	w     *Walker
	e     *Entity
	out   io.Writer
	carve *carver
}

// newLeaf begins e; nil when the message has no room for it.
func newLeaf(w *Walker, e *Entity, text bool) *leaf {
	out, ok := w.begin(e)
	if !ok {
		return nil
	}
	l := &leaf{w: w, e: e, out: out}
	if text {
		l.carve = &carver{w: w, host: e}
	}
	return l
}

func (l *leaf) write(p []byte) error {
	if l.w.full || len(p) == 0 {
		return nil
	}
	l.e.Size += int64(len(p))
	if l.out != nil {
		if n, err := l.out.Write(p); err != nil {
			return err
		} else if n != len(p) {
			return io.ErrShortWrite
		}
	}
	if l.carve != nil {
		return l.carve.write(p)
	}
	return nil
}

func (l *leaf) close() error {
	var err error
	if l.carve != nil {
		err = l.carve.close()
	}
	l.w.end(l.e)
	return err
}

func (l *leaf) snapshot(label string, tail []byte) error {
	if l.carve != nil {
		if err := l.carve.snapshot(label); err != nil {
			return err
		}
	}
	return l.w.fork(l.e, label, tail)
}

// surround is the text around the parts of a multipart. It becomes an entity
// with its first byte that is not blank; blanks before that are left out.
type surround struct {
	w    *Walker
	e    *Entity
	leaf *leaf
}

func (s *surround) write(p []byte) error {
	if s.leaf == nil {
		for len(p) > 0 && isBlank(p[0]) {
			p = p[1:]
		}
		if len(p) == 0 {
			return nil
		}
		if s.leaf = newLeaf(s.w, s.e, true); s.leaf == nil {
			return nil
		}
	}
	return s.leaf.write(p)
}

func (s *surround) close() error {
	if s.leaf == nil {
		return nil
	}
	return s.leaf.close()
}

// snapshot gives nothing: what stands around the parts is in the longer reading.
func (s *surround) snapshot(string, []byte) error { return nil }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
