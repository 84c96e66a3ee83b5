package mime

import "slices"

// doubt is a reason for which clients disagree whether a line is a delimiter.
type doubt uint8

const (
	// junkDoubt: more than blanks follows the boundary. RFC 2046 section 5.1.1 has
	// such a line delimit, and mutt splits there; Thunderbird and Python's email
	// package want the whole line.
	junkDoubt doubt = iota
	// indentDoubt: blanks stand before the dashes.
	indentDoubt
	// crDoubt: a lone CR begins or ends the line, in mail that has LF too.
	// Thunderbird and Python's email package end lines there, others do not.
	crDoubt
	// outerDoubt: the line is a multipart's delimiter and begins with the boundary
	// of one around it. Clients that split from outside inwards, and compare the
	// beginning, end the inner one there.
	outerDoubt
	// innerDoubt: the same of one within it. Clients that ask the innermost first,
	// and compare the beginning, take it for the inner one's.
	innerDoubt
	// lfDoubt: a lone LF begins or ends the line, in mail whose header has CRLF.
	lfDoubt
	// gluedDoubt: the delimiter does not begin its line. Parsers that search for
	// the string split there.
	gluedDoubt
	doubts
)

// answer says how a stream takes a kind of doubtful line.
type answer uint8

const (
	undecided answer = iota // it branches
	delimits
	text
)

// doubtNames are the anomaly of a doubt and what its two readings are called.
var doubtNames = [doubts]struct{ anomaly, delimits, text string }{
	junkDoubt:   {AnomalyOddDelimiter, "delimiter=prefix", "delimiter=line"},
	indentDoubt: {AnomalyIndentedDelimiter, "delimiter=indented", "delimiter=column"},
	crDoubt:     {AnomalyCRDelimiter, "line-end=cr", "line-end=lf"},
	outerDoubt:  {AnomalyPrefixBoundary, "delimiter=outer", "delimiter=inner"},
	innerDoubt:  {AnomalyPrefixBoundary, "delimiter=innermost", "delimiter=whole"},
	lfDoubt:     {AnomalyLFDelimiter, "line-end=any", "line-end=crlf"},
	gluedDoubt:  {AnomalyGluedDelimiter, "delimiter=anywhere", "delimiter=start"},
}

// refuses reports whether the stream takes a line that fits for text.
func (s *stream) refuses(m match) bool {
	for d, in := range m.doubts {
		if in && s.doubts[d] == text {
			return true
		}
	}
	return false
}

// open returns the first doubt about a line that the stream has no answer to;
// doubts if there is none.
func (s *stream) open(m match) doubt {
	for d := range doubts {
		if m.doubts[d] && s.doubts[d] == undecided {
			return d
		}
	}
	return doubts
}

// answers gives the stream one answer to all doubts about a line.
func (s *stream) answers(m match) {
	for d := range doubts {
		if m.doubts[d] {
			s.doubts[d] = delimits
		}
	}
}

// meet handles a line of b, from start to end, that fits an open multipart.
func (s *stream) meet(b []byte, start, end int, m match) error {
	if !m.doubts[gluedDoubt] {
		start = trimLineEnd(b, start)
	}
	if err := s.pass(b[:start]); err != nil {
		return err
	}
	rest := b[start:end] // the line, and the line end before it
	e := s.frames[m.frame].e
	for d, in := range m.doubts {
		if in {
			e.note(doubtNames[d].anomaly)
		}
	}
	if m.variant >= 0 {
		return s.meetVariant(rest, m)
	}
	d := s.open(m)
	switch {
	case d == doubts:
	case !s.p.room(e):
		s.answers(m)
	case d == crDoubt || d == lfDoubt:
		return s.splitHere(rest, m, d)
	default:
		return s.goOnHere(rest, m, d)
	}
	if err := s.endCurrent(); err != nil {
		return err
	}
	for _, a := range m.also {
		if a.kind != noDelimiter && s.doubts[a.doubt] == undecided {
			s.meetOther(rest, m, a)
		}
	}
	s.start(rest, m)
	return nil
}

// start starts what follows a delimiter line.
func (s *stream) start(line []byte, m match) {
	s.carry = s.carry[:0]
	s.delimiter(m)
	switch line[len(line)-1] {
	case '\r':
		s.skipLF = true
	case '\n':
	default:
		s.state = inDelimiter
	}
}

// goOn takes a line for text, but for the line end that the next one may claim.
func (s *stream) goOn(line []byte) error {
	return s.keep(line, trimLineEnd(line, len(line)))
}

// goOnHere takes the line for text and branches off a stream that does not.
func (s *stream) goOnHere(line []byte, m match, d doubt) error {
	names := doubtNames[d]
	born := s.branch(names.delimits)
	born.answers(m)
	born.start(line, m)
	s.doubts[d], s.label = text, names.text
	if s.cur != nil {
		if err := s.cur.snapshot(names.delimits, nil); err != nil {
			return err
		}
	}
	return s.goOn(line)
}

// splitHere takes the line for a delimiter and branches off a stream that does
// not.
func (s *stream) splitHere(line []byte, m match, d doubt) error {
	names := doubtNames[d]
	born := s.branch(names.text)
	born.doubts[d] = text
	born.state, born.cur = inBody, s.cur
	s.cur = nil
	s.answers(m)
	s.label = names.delimits
	if born.cur != nil {
		if err := born.cur.snapshot(names.delimits, nil); err != nil {
			return err
		}
	}
	s.start(line, m)
	return born.goOn(line)
}

// meetOther branches off a stream for which the delimiter is that of another
// multipart, whose boundary it begins with.
func (s *stream) meetOther(line []byte, m match, a other) {
	e := s.frames[a.frame].e
	e.note(AnomalyPrefixBoundary)
	if !s.p.room(e) {
		s.doubts[a.doubt] = text
		return
	}
	names := doubtNames[a.doubt]
	born := s.branch(names.delimits)
	born.doubts[a.doubt], born.doubts[junkDoubt] = delimits, delimits
	born.start(line, match{kind: a.kind, frame: a.frame, boundary: s.frames[a.frame].boundary})
	s.doubts[a.doubt], s.label = text, names.text
}

// meetVariant handles a line that fits another reading of a multipart's boundary
// than the one that was tried. If no line has shown any, it is the one; else a
// stream branches off that reads the multipart so from here on.
func (s *stream) meetVariant(line []byte, m match) error {
	f := &s.frames[m.frame]
	s.index.cut(m.frame)
	if f.parts == 0 && !f.closed {
		v := f.others[m.variant]
		f.others = slices.Clone(f.others)
		f.others[m.variant] = variant{f.boundary, f.label}
		f.label = v.label
		f.e.note(AnomalyBoundaryVariant)
		if err := s.endCurrent(); err != nil {
			return err
		}
		s.start(line, m)
		return nil
	}
	s.branchVariant(line, m)
	return s.goOn(line)
}

// branchVariant branches off a stream that reads a multipart by another boundary,
// from here on.
func (s *stream) branchVariant(line []byte, m match) {
	s.index.cut(m.frame)
	f := &s.frames[m.frame]
	v := f.others[m.variant]
	f.others = slices.Delete(slices.Clone(f.others), m.variant, m.variant+1)
	f.e.note(AnomalyBoundaryVariant)
	if !s.p.room(f.e) {
		return
	}
	born := s.branch("")
	b := &born.frames[m.frame]
	b.others, b.label, b.parts, b.closed = nil, v.label, 0, false
	born.start(line, m)
}

// room reports whether another reading of this run of bytes may begin; if not, e
// bears the fault.
func (p *parse) room(e *Entity) bool {
	if (len(p.streams)+1)*p.readings <= p.w.limits.Readings && len(p.main().frames) < deepFrames {
		return true
	}
	e.fault(&LimitError{Limit: "readings", Max: int64(p.w.limits.Readings)})
	return false
}

// branch adds a stream that stands where s stands, and has no body open.
func (s *stream) branch(label string) *stream {
	born := *s
	born.frames = slices.Clone(s.frames)
	for i := range born.frames {
		born.frames[i].holders++
	}
	born.carry, born.cur, born.back = nil, nil, nil
	born.head, born.index = headerReader{}, frameIndex{}
	born.label = withLabel(s.label, label)
	s.p.streams = append(s.p.streams, &born)
	return &born
}

// meets reports whether s and o, which came here on different ways, will go on
// alike.
func (s *stream) meets(o *stream) bool {
	if !s.fresh || !o.fresh || s.state != o.state || s.skipLF != o.skipLF || len(s.frames) != len(o.frames) {
		return false
	}
	return slices.EqualFunc(s.frames, o.frames, func(a, b frame) bool {
		return a.multipart == b.multipart && a.closed == b.closed && a.label == b.label && string(a.boundary) == string(b.boundary)
	})
}

// drop ends a stream whose way another one goes on.
func (s *stream) drop() {
	for i := range s.frames {
		s.frames[i].holders--
	}
}
