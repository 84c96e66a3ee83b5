package mime

import "bytes"

// stream parses one run of bytes that holds one entity: the message, a multipart
// that was decoded before it is split, or one of several readings of a multipart.
// Its multiparts stand on an explicit stack, so that a delimiter line can be held
// against all of them: the innermost that it fits ends all within it.
type stream struct {
	w      *Walker
	parent *Entity // of the outermost entity here; nil for the message
	frames []frame // open multiparts, the outermost first

	readings int // in how many readings the bytes of this stream are read, with it

	state streamState
	head  headerReader
	cur   sink // takes the body, preamble or epilogue; nil discards
	bol   bool // the next body byte starts a line that nothing precedes

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

// frame is an open multipart.
type frame struct {
	e        *Entity
	boundary []byte
	guess    bool // no boundary was declared: the first line with "--" is it
	parts    int
	closed   bool // its closing delimiter was seen
	digest   bool // parts are messages unless they say otherwise (RFC 2046 section 5.1.5)
}

// maxBoundary bounds the bytes of a boundary that are compared. RFC 2046 allows
// 70 and no line of mail holds more than 998 (RFC 5322 section 2.1.1).
const maxBoundary = 1000

// delimiterSlack is the room for blanks and a closing "--" after a boundary.
const delimiterSlack = 128

func newStream(w *Walker, parent *Entity) *stream {
	return &stream{w: w, parent: parent, readings: 1}
}

func (s *stream) startHeader() {
	s.state = inHeader
	s.head.reset(s.w.limits.HeaderBytes)
}

func (s *stream) startBody(to sink) {
	s.state, s.cur, s.bol = inBody, to, true
}

// push opens a multipart whose body starts here, with its preamble.
func (s *stream) push(f frame) {
	f.boundary = bytes.TrimRight(f.boundary, " \t")
	if len(f.boundary) > maxBoundary {
		f.boundary = f.boundary[:maxBoundary]
	}
	s.frames = append(s.frames, f)
	s.resize()
	s.startBody(s.around(f.e, "preamble", Preamble))
}

// resize makes hold fit the boundaries on the stack.
func (s *stream) resize() {
	s.hold = 0
	for i := range s.frames {
		n := len(s.frames[i].boundary)
		if s.frames[i].guess {
			n = maxBoundary
		}
		s.hold = max(s.hold, 2+n+delimiterSlack)
	}
}

func (s *stream) around(e *Entity, name string, kind Kind) *surround {
	return &surround{w: s.w, e: &Entity{
		Path: below(e.Path, name), Kind: kind, Parent: e, Depth: e.Depth + 1,
		MediaType: "text/plain", Encoding: "7bit", Reading: e.Reading,
	}}
}

func (s *stream) write(p []byte) error {
	for len(p) > 0 {
		if s.w.full {
			return nil
		}
		if s.skipLF {
			s.skipLF = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		var err error
		switch s.state {
		case inHeader:
			p, err = s.writeHeader(p)
		case inDelimiter:
			p = s.skipLine(p)
		default:
			p, err = s.writeBody(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
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

// writeHeader feeds the header and returns what is left of p.
func (s *stream) writeHeader(p []byte) ([]byte, error) {
	for len(p) > 0 {
		n, event := s.head.feed(p)
		p = p[n:]
		switch event {
		case headerMore:
			continue
		case headerLine:
			line := s.head.line()
			if s.head.leadingJunk() {
				return p, s.endHeader(false)
			}
			if len(line) < 2 || line[0] != '-' || line[1] != '-' {
				continue
			}
			if k, kind := s.match(line[2:]); kind != noDelimiter {
				cr := s.head.endedByCR()
				s.head.dropLine()
				if err := s.endHeader(false); err != nil {
					return nil, err
				}
				if err := s.finish(); err != nil {
					return nil, err
				}
				s.skipLF = cr
				return p, s.delimiter(k, kind)
			}
		case headerEnd:
			if s.ownHeader() && s.head.skipLeading() {
				continue
			}
			if err := s.endHeader(true); err != nil {
				return nil, err
			}
			s.skipLF = s.head.endedByCR()
			return p, nil
		}
	}
	return p, nil
}

// ownHeader reports whether the header is the message's own.
func (s *stream) ownHeader() bool { return s.parent == nil && len(s.frames) == 0 }

// endHeader begins the entity that the header describes. If no blank line ended
// the header, what stands after its last field is the body.
func (s *stream) endHeader(blank bool) error {
	fields := s.head.fields(s.ownHeader(), blank)
	if err := s.openEntity(fields); err != nil {
		return err
	}
	if len(fields.body) == 0 {
		return nil
	}
	s.skipLF = false
	return s.write(fields.body)
}

// writeBody passes p on, through carry where bytes are held back, and returns
// what follows a delimiter.
func (s *stream) writeBody(p []byte) ([]byte, error) {
	if len(s.frames) == 0 {
		return nil, s.pass(p)
	}
	for len(s.carry) > 0 && len(p) > 0 {
		had := len(s.carry)
		take := min(len(p), s.hold+2)
		s.carry = append(s.carry, p[:take]...)
		n, found, err := s.scan(s.carry, false)
		if err != nil {
			return nil, err
		}
		switch {
		case n >= had:
			p = p[n-had:]
			s.carry = s.carry[:0]
		default:
			p = p[take:]
			s.carry = append(s.carry[:0], s.carry[n:]...)
		}
		if found {
			return p, nil
		}
	}
	if len(p) == 0 {
		return nil, nil
	}
	n, found, err := s.scan(p, false)
	if err != nil || found {
		return p[n:], err
	}
	s.carry = append(s.carry[:0], p[n:]...)
	return nil, nil
}

// scan passes on the body bytes of b up to a delimiter line, handles that line,
// and returns how many bytes of b are done with. Without a delimiter it leaves
// the end of b, if a delimiter may start there and the body goes on.
func (s *stream) scan(b []byte, last bool) (n int, found bool, err error) {
	from := 0
	for {
		i := bytes.Index(b[from:], dashes)
		if i < 0 {
			break
		}
		i += from
		from = i + 1
		if i == 0 && !s.bol || i > 0 && b[i-1] != '\n' && b[i-1] != '\r' {
			from = i + 2
			for from < len(b) && b[from] == '-' {
				from++
			}
			// A run of dashes within a line is passed at once; the last one may
			// not start anything, as it is not at the start of a line.
			continue
		}
		line, end := b[i+2:], lineEnd(b[i:])
		switch {
		case end >= 0:
			line, end = b[i+2:i+end], i+end
		case !last && len(b)-i < s.hold:
			if !s.mayMatch(line) {
				continue
			}
			return s.passTo(b, trimLineEnd(b, i))
		}
		k, kind := s.match(line)
		if kind == noDelimiter {
			continue
		}
		if err := s.pass(b[:trimLineEnd(b, i)]); err != nil {
			return 0, false, err
		}
		if err := s.delimiter(k, kind); err != nil {
			return 0, false, err
		}
		if end < 0 {
			s.skipRest()
			return len(b), true, nil
		}
		s.skipLF = b[end] == '\r'
		return end + 1, true, nil
	}
	if last {
		return len(b), false, s.pass(b)
	}
	keep := len(b)
	if b[keep-1] == '-' && (keep > 1 && (b[keep-2] == '\n' || b[keep-2] == '\r') || keep == 1 && s.bol) {
		keep--
	}
	return s.passTo(b, trimLineEnd(b, keep))
}

var dashes = []byte("--")

// skipRest is called after a delimiter whose line has not ended yet.
func (s *stream) skipRest() { s.state = inDelimiter }

func (s *stream) passTo(b []byte, n int) (int, bool, error) {
	return n, false, s.pass(b[:n])
}

func (s *stream) pass(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	s.bol = false
	if s.cur == nil {
		return nil
	}
	return s.cur.write(p)
}

// delimiter ends what the delimiter of frame k ends and starts what follows.
func (s *stream) delimiter(k int, kind delimiterKind) error {
	if err := s.endCurrent(); err != nil {
		return err
	}
	s.popTo(k + 1)
	f := &s.frames[k]
	if kind&withJunk != 0 {
		f.e.note(AnomalyOddDelimiter)
	}
	if kind&closing != 0 {
		f.closed = true
		s.startBody(s.around(f.e, "epilogue", Epilogue))
		s.bol = true
		return nil
	}
	if f.closed {
		f.e.note(AnomalyAfterClose)
	}
	f.parts++
	s.startHeader()
	return nil
}

// endCurrent closes the body that is open.
func (s *stream) endCurrent() error {
	s.carry = s.carry[:0]
	cur := s.cur
	s.cur = nil
	if cur == nil {
		return nil
	}
	return cur.close()
}

// popTo ends the multiparts above the first n.
func (s *stream) popTo(n int) {
	for len(s.frames) > n {
		f := s.frames[len(s.frames)-1]
		if !f.closed {
			f.e.note(AnomalyUnclosed)
		}
		if f.parts == 0 {
			f.e.note(AnomalyEmptyMultipart)
		}
		s.frames = s.frames[:len(s.frames)-1]
		s.w.end(f.e)
	}
	s.resize()
}

// close ends the stream where the input ends.
func (s *stream) close() error {
	if s.w.full {
		return nil
	}
	if err := s.finish(); err != nil {
		return err
	}
	if err := s.endCurrent(); err != nil {
		return err
	}
	s.popTo(0)
	return nil
}

// finish passes on all that is held, as nothing follows it.
func (s *stream) finish() error {
	s.endDelimiter()
	if s.state == inHeader {
		if err := s.closeHeader(); err != nil {
			return err
		}
	}
	if s.state == inBody && len(s.carry) > 0 {
		return s.closeBody()
	}
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

// closeHeader ends a header that the input cuts off. A delimiter may be its
// last line, and then another header starts.
func (s *stream) closeHeader() error {
	if s.head.finish() {
		if line := s.head.line(); bytes.HasPrefix(line, dashes) {
			if k, kind := s.match(line[2:]); kind != noDelimiter {
				s.head.dropLine()
				if err := s.endHeader(false); err != nil {
					return err
				}
				if err := s.finish(); err != nil {
					return err
				}
				if err := s.delimiter(k, kind); err != nil || s.state != inHeader {
					return err
				}
			}
		}
	}
	return s.endHeader(s.head.blank)
}

// closeBody handles the carry at the end of the input: it may end in a
// delimiter line that no line end follows.
func (s *stream) closeBody() error {
	b := append([]byte(nil), s.carry...)
	s.carry = s.carry[:0]
	_, found, err := s.scan(b, true)
	if err != nil || !found {
		return err
	}
	s.endDelimiter()
	if s.state == inHeader {
		return s.endHeader(false)
	}
	return nil
}

// lineEnd returns the index of the first CR or LF in p, or -1. It searches in
// growing windows: looking for one of the two through all of p, for each line
// that the other ends, would cost the square of p.
func lineEnd(p []byte) int {
	off := 0
	for window := 128; off < len(p); window *= 2 {
		w := p[off:min(len(p), off+window)]
		i := bytes.IndexByte(w, '\n')
		if i >= 0 {
			w = w[:i]
		}
		if j := bytes.IndexByte(w, '\r'); j >= 0 {
			return off + j
		}
		if i >= 0 {
			return off + i
		}
		off += len(w)
	}
	return -1
}

// trimLineEnd returns n less the line end that stands before b[n].
func trimLineEnd(b []byte, n int) int {
	if n > 0 && b[n-1] == '\n' {
		n--
		if n > 0 && b[n-1] == '\r' {
			n--
		}
	} else if n > 0 && b[n-1] == '\r' {
		n--
	}
	return n
}

// below is the path of something below path.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
