package mime

import "slices"

// parse takes one run of bytes apart, the message or a multipart that was decoded
// before it is split, in every reading of its structure. Mostly that is one
// stream. Where clients differ on whether a line is a delimiter, the stream
// branches: one goes on each way, in step, line by line, until they stand at the
// same place again and one of them can go. So a doubt costs no more than what
// lies between it and the next delimiter that all agree on.
type parse struct {
	w        *Walker
	parent   *Entity // of the outermost entity here; nil for the message
	readings int     // in how many readings the bytes are read already
	label    string  // of the reading that all of it is, where it has no parent
	anomaly  string  // that the outermost entity bears, where it has no parent
	streams  []*stream
}

func newParse(w *Walker, parent *Entity, readings int) *parse {
	p := &parse{w: w, parent: parent, readings: readings}
	p.streams = []*stream{{p: p, w: w, parent: parent}}
	return p
}

// main is the stream that reads as most clients do.
func (p *parse) main() *stream { return p.streams[0] }

func (p *parse) write(b []byte) error {
	for len(b) > 0 {
		n := len(b)
		if len(p.streams) > 1 {
			n = p.stride(b)
		}
		rest, err := p.feed(b[:n])
		if err != nil {
			return err
		}
		b = b[n-len(rest):]
		p.merge()
	}
	return nil
}

// feed gives b to every stream and returns what is left of it when a lone stream
// has branched.
func (p *parse) feed(b []byte) (rest []byte, err error) {
	lone := len(p.streams) == 1
	for i := 0; i < len(p.streams); i++ {
		s := p.streams[i]
		b := b
		if s.late {
			s.late, b, s.todo = false, s.todo, nil
		}
		for len(b) > 0 || len(s.back) > 0 {
			had := len(p.streams)
			if b, err = s.step(b); err != nil {
				return nil, err
			}
			if len(p.streams) == had {
				continue
			}
			for _, born := range p.streams[had:] {
				born.late, born.todo = !lone, b
				born.back = slices.Concat(s.back, born.back)
			}
			if lone {
				return b, nil
			}
		}
	}
	return nil, nil
}

// stride is how much of b the streams take before they are compared: a line, or
// nothing but what they have to read again.
func (p *parse) stride(b []byte) int {
	for _, s := range p.streams {
		if len(s.back) > 0 {
			return 0
		}
	}
	return lineLength(b)
}

// merge lets go of streams that stand where another one stands.
func (p *parse) merge() {
	had := len(p.streams)
	for i := 0; i < len(p.streams)-1; i++ {
		for k := len(p.streams) - 1; k > i; k-- {
			if p.streams[k].meets(p.streams[i]) {
				p.streams[k].drop()
				p.streams = append(p.streams[:k], p.streams[k+1:]...)
			}
		}
	}
	if had > 1 && len(p.streams) == 1 {
		p.streams[0].doubts, p.streams[0].label = [doubts]answer{}, ""
	}
}

func (p *parse) close() error {
	for i := 0; i < len(p.streams) && !p.w.full; i++ {
		if err := p.streams[i].close(); err != nil {
			return err
		}
	}
	return nil
}

func (p *parse) snapshot(label string, tail []byte) error {
	for _, s := range p.streams {
		if s.cur == nil {
			continue
		}
		if err := s.cur.snapshot(label, slices.Concat(s.carry, tail)); err != nil {
			return err
		}
	}
	return nil
}

// lineLength returns the length of the first line of b with its end, or of all
// of b.
func lineLength(b []byte) int {
	i := lineEnd(b)
	switch {
	case i < 0:
		return len(b)
	case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
		return i + 2
	}
	return i + 1
}
