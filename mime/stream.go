package mime

import "bytes"

// stream is a parse in one reading. Its multiparts stand on an explicit stack, so
// that a delimiter line can be held against all of them: the innermost that it
// fits ends all within it.
type stream struct {
	p      *parse
	w      *Walker
	parent *Entity // of the outermost entity here; nil for the message
	frames []frame // open multiparts, the outermost first

	index  frameIndex     // of the boundaries of frames
	label  string         // of this reading
	doubts [doubts]answer // how it takes doubtful lines
	fresh  bool           // a delimiter was the last thing that was seen

	late bool     // it was born within the line that the others are at
	todo []byte   // of that line, what it is to see
	back [][]byte // bytes to be read again before others, the last first

	state streamState
	head  headerReader
	cur   sink // takes the body, preamble or epilogue; nil discards
	bol   bool // the next body byte starts a line that nothing precedes
	lf    bool // an LF was seen in a header
	crlf  bool // a CRLF was seen in one

	// carry holds what was not passed on: a line end and what follows it, as far
	// as that may be a delimiter.
	carry  []byte
	hold   int  // longest line, in bytes, that is held until its end is seen
	skipLF bool // the last byte was a CR that ended a line; an LF belongs to it
}

type streamState uint8

const (
	inHeader    streamState = iota // lines go to head
	inBody                         // bytes go to cur
	inDelimiter                    // the rest of an overlong delimiter line is skipped
)

// multipart is an open multipart, shared by the streams that are within it.
type multipart struct {
	e       *Entity
	holders int
	parts   bool // one was seen
	closed  bool // its closing delimiter was seen
	digest  bool // parts are messages unless they say otherwise (RFC 2046 section 5.1.5)
}

// frame is one stream's view of an open multipart.
type frame struct {
	*multipart
	boundary []byte
	label    string    // of the boundary, if it is not what the message plainly says
	others   []variant // further readings of the boundary that no line has shown yet
	dashes   int       // with which the boundary begins
	hold     int       // longest line that may be its delimiter or one of those around it
	guess    bool      // no boundary was declared: the first line with "--" is it
	parts    int
	closed   bool
}

// maxBoundary bounds the bytes of a boundary that are compared. RFC 2046 allows
// 70 and no line of mail holds more than 998 (RFC 5322 section 2.1.1).
const maxBoundary = 1000

// delimiterSlack is the room for blanks and a closing "--" after a boundary.
const delimiterSlack = 128

func (s *stream) startHeader() {
	s.state = inHeader
	s.head.reset(s.w.limits.HeaderBytes)
}

func (s *stream) startBody(to sink) {
	s.state, s.cur, s.bol = inBody, to, true
}

// push opens a multipart whose body starts here, with its preamble.
func (s *stream) push(f frame) {
	f.holders = 1
	s.frames = append(s.frames, f)
	s.settle()
	if len(s.frames) == deepFrames {
		f.e.fault(&LimitError{Limit: "readings", Max: deepFrames})
	}
	s.startBody(s.around(f.e, "preamble", Preamble))
}

// settle makes hold fit the boundaries on the stack, after its top has changed.
func (s *stream) settle() {
	n := len(s.frames)
	if n == 0 {
		s.hold = 0
		return
	}
	f := &s.frames[n-1]
	f.dashes = len(f.boundary) - len(bytes.TrimLeft(f.boundary, "-"))
	longest := len(f.boundary)
	if f.guess {
		longest = maxBoundary
	}
	for _, o := range f.others {
		longest = max(longest, len(o.boundary))
	}
	f.hold = maxIndent + 2 + longest + delimiterSlack
	if n > 1 {
		f.hold = max(f.hold, s.frames[n-2].hold)
	}
	s.hold = f.hold
}

func (s *stream) around(e *Entity, name string, kind Kind) *surround {
	return &surround{w: s.w, e: &Entity{
		Path: below(e.Path, name), Kind: kind, Parent: e, Depth: e.Depth + 1,
		MediaType: "text/plain", Encoding: "7bit", Reading: s.reading(e),
		hidden: e.hidden, times: s.p.readings, cr: !s.lf,
	}}
}

// reading is the label of what stands in e, read as this stream does.
func (s *stream) reading(e *Entity) string {
	r := withLabel(e.Reading, s.label)
	for i := len(s.frames) - 1; i >= 0; i-- {
		if s.frames[i].e == e {
			return withLabel(r, s.frames[i].label)
		}
	}
	return r
}

// step takes some of p, or of what is to be read again before it, and returns
// what is left of p.
func (s *stream) step(p []byte) ([]byte, error) {
	if n := len(s.back); n > 0 {
		again := s.back[n-1]
		s.back = s.back[:n-1]
		rest, err := s.take(again)
		if len(rest) > 0 {
			// What take pushed stands before the rest.
			s.back = append(s.back, nil)
			copy(s.back[n:], s.back[n-1:])
			s.back[n-1] = rest
		}
		return p, err
	}
	return s.take(p)
}

// take takes bytes of p up to the end of a delimiter line or a header at most.
func (s *stream) take(p []byte) ([]byte, error) {
	if s.w.full {
		return nil, nil
	}
	if s.skipLF {
		s.skipLF = false
		if p[0] == '\n' {
			return p[1:], nil
		}
	}
	s.fresh = false
	switch s.state {
	case inHeader:
		return s.takeHeader(p)
	case inDelimiter:
		return s.skipLine(p), nil
	}
	return s.takeBody(p)
}

// skipLine drops p up to the end of the line.
func (s *stream) skipLine(p []byte) []byte {
	i := lineEnd(p)
	if i < 0 {
		return nil
	}
	s.skipLF = p[i] == '\r'
	s.endDelimiter()
	return p[i+1:]
}

// takeHeader feeds the header and returns what is left of p.
func (s *stream) takeHeader(p []byte) ([]byte, error) {
	for len(p) > 0 {
		n, event := s.head.feed(p)
		p = p[n:]
		switch event {
		case headerLine:
			if s.head.leadingJunk() {
				return p, s.endHeader(byLine)
			}
			if met, err := s.meetInHeader(); met || err != nil {
				return p, err
			}
		case headerEnd:
			if s.ownHeader() && s.head.skipLeading() {
				continue
			}
			return p, s.endHeader(byBlank)
		}
	}
	return nil, nil
}

// meetInHeader looks whether the header's last line is a delimiter; met says that
// it is one to this stream or another.
func (s *stream) meetInHeader() (met bool, err error) {
	line := s.head.line()
	trimmed := trimIndent(line)
	if len(s.frames) == 0 || !bytes.HasPrefix(trimmed, dashes) {
		return false, nil
	}
	m := s.match(trimmed[2:])
	m.doubts[indentDoubt] = len(trimmed) < len(line)
	if m.kind == noDelimiter || s.refuses(m) {
		return false, nil
	}
	if m.variant >= 0 {
		s.branchVariant(s.head.wholeLine(), m)
		return true, nil
	}
	d := s.open(m)
	if d == doubts || !s.p.room(s.frames[m.frame].e) {
		s.answers(m)
		return true, s.endHeader(byLine)
	}
	born := s.branch(doubtNames[d].delimits)
	born.answers(m)
	born.head = s.head.clone()
	s.doubts[d], s.label = text, doubtNames[d].text
	return true, born.endHeader(byLine)
}

// ownHeader reports whether the header is the message's own.
func (s *stream) ownHeader() bool { return s.parent == nil && len(s.frames) == 0 }

// headerStop says what ended a header.
type headerStop uint8

const (
	byBlank headerStop = iota // the blank line
	byLine                    // its last line, which is no part of it
	byEnd                     // the end of the input
)

// endHeader begins the entity that the header describes. If no blank line ended
// the header, what stands after its last field is the body.
func (s *stream) endHeader(stop headerStop) error {
	fields := s.head.fields(s.ownHeader(), stop)
	s.lf, s.crlf = s.lf || s.head.lf, s.crlf || s.head.crlf
	if len(fields.body) > 0 {
		s.back = append(s.back, fields.body)
	}
	return s.openEntity(fields)
}

// delimiter starts what follows a delimiter of frame k.
func (s *stream) delimiter(m match) {
	s.popTo(m.frame + 1)
	f := &s.frames[m.frame]
	if f.guess || m.variant >= 0 || !bytes.Equal(f.boundary, m.boundary) {
		s.index.cut(m.frame)
		f.boundary, f.guess = m.boundary, false
		s.settle()
	}
	s.fresh = true
	if m.kind&closing != 0 {
		f.closed, f.multipart.closed = true, true
		s.startBody(s.around(f.e, "epilogue", Epilogue))
		return
	}
	if f.closed {
		f.e.note(AnomalyAfterClose)
	}
	f.parts++
	f.multipart.parts = true
	s.startHeader()
}

// endCurrent closes the body that is open.
func (s *stream) endCurrent() error {
	cur := s.cur
	s.cur = nil
	if cur == nil {
		return nil
	}
	return cur.close()
}

// popTo leaves the multiparts above the first n; those that no other stream is in
// end.
func (s *stream) popTo(n int) {
	for len(s.frames) > n {
		m := s.frames[len(s.frames)-1].multipart
		s.frames = s.frames[:len(s.frames)-1]
		if m.holders--; m.holders > 0 {
			continue
		}
		if !m.closed {
			m.e.note(AnomalyUnclosed)
		}
		if !m.parts {
			m.e.note(AnomalyEmptyMultipart)
		}
		s.w.end(m.e)
	}
	s.index.cut(len(s.frames))
	s.settle()
}

// close ends the stream where the input ends: whatever is held is passed on, and
// may hold a last delimiter.
func (s *stream) close() error {
	for !s.w.full {
		s.endDelimiter()
		switch {
		case len(s.back) > 0:
			if _, err := s.step(nil); err != nil {
				return err
			}
			continue
		case s.state == inHeader:
			if s.head.finish() {
				if met, err := s.meetInHeader(); err != nil {
					return err
				} else if met && s.state != inHeader {
					continue
				}
			}
			stop := byEnd
			if s.head.blank {
				stop = byBlank
			}
			if err := s.endHeader(stop); err != nil {
				return err
			}
			continue
		case s.state == inBody && len(s.carry) > 0:
			b := bytes.Clone(s.carry)
			s.carry = s.carry[:0]
			if _, err := s.scan(b, true); err != nil {
				return err
			}
			continue
		}
		break
	}
	if s.w.full {
		return nil
	}
	if err := s.endCurrent(); err != nil {
		return err
	}
	s.popTo(0)
	return nil
}

// endDelimiter ends the line of a delimiter.
func (s *stream) endDelimiter() {
	if s.state == inDelimiter {
		s.state = inHeader
		if s.cur != nil {
			s.state = inBody
		}
	}
}
