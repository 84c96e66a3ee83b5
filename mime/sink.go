package mime

import (
	"bytes"
	"io"
)

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

// leaf hands the decoded bytes of its entity to the Handler's writer, and to those
// who look for more in it.
type leaf struct {
	w     *Walker
	e     *Entity
	out   io.Writer
	carve *carver // if the content is text
	find  *finder // likewise
	wide  sink    // takes text whose characters are not ASCII's

	head    []byte // the first bytes, until the character set is known
	sniffed bool
	count   int // of transcoded texts
}

// newLeaf begins e; nil when the message has no room for it.
func newLeaf(w *Walker, e *Entity, text bool) *leaf {
	out, ok := w.begin(e)
	if !ok {
		return nil
	}
	l := &leaf{w: w, e: e, out: out}
	if text {
		both := &struct { // one allocation
			c carver
			f finder
		}{carver{w: w, host: e}, finder{w: w, host: e}}
		l.carve, l.find = &both.c, &both.f
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
		if err := l.carve.write(p); err != nil {
			return err
		}
	}
	if l.find != nil {
		if err := l.find.write(p); err != nil {
			return err
		}
	}
	if !l.sniffed {
		if l.e.Size == int64(len(l.head)+len(p)) {
			return l.sniff(p, false)
		}
		l.sniffed = true // a reading that branched off within the body
	}
	if l.wide != nil {
		return l.wide.write(p)
	}
	return nil
}

// sniff looks whether the body is text in a character set whose text is not
// ASCII's, and begins an entity for what it is in UTF-8.
//
// QUIRK: RFC 2046 section 4.1.2 has the charset in the Content-Type. Windows
// writes UTF-16 and runs scripts in it whatever a mail calls them.
func (l *leaf) sniff(p []byte, last bool) error {
	if len(l.head) > 0 {
		p = append(l.head, p...)
	}
	if l.head = nil; needsMore(p) && !last {
		l.head = bytes.Clone(p)
		return nil
	}
	l.sniffed = true
	declared := wideName(l.e.Params["charset"])
	charset := sniffCharset(p)
	if charset == "" {
		charset = declared
	}
	if charset == "" {
		return nil
	}
	if declared == "" {
		l.e.note(AnomalyCharset)
	}
	e := derived(l.e, "text", &l.count)
	e.MediaType, e.Names, e.hidden = l.e.MediaType, l.e.Names, l.e.hidden
	e.Path = below(l.e.Path, charset)
	e.Params["charset"] = "utf-8"
	e.Reading = withLabel(e.Reading, "charset="+charset)
	to := newLeaf(l.w, e, true)
	if to == nil {
		return nil
	}
	to.sniffed = true
	l.wide = newTranscoder(charset, to)
	return l.wide.write(p)
}

func (l *leaf) close() error {
	if !l.sniffed && !l.w.full && l.e.Size == int64(len(l.head)) {
		if err := l.sniff(nil, true); err != nil {
			return err
		}
	}
	var err error
	if l.carve != nil {
		err = l.carve.close()
	}
	if l.find != nil && err == nil {
		err = l.find.close()
	}
	if l.wide != nil && err == nil {
		err = l.wide.close()
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
	if l.wide != nil {
		if err := l.wide.snapshot(label, nil); err != nil {
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
