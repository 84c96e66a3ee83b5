package mime

import "bytes"

// takeBody passes p on, through carry where bytes are held back, and returns
// what follows a delimiter.
func (s *stream) takeBody(p []byte) ([]byte, error) {
	if len(s.frames) == 0 {
		return nil, s.pass(p)
	}
	had := len(s.carry)
	if had == 0 {
		n, err := s.scan(p, false)
		return p[n:], err
	}
	b := append(s.carry, p[:min(len(p), s.hold+2)]...)
	s.carry = b[:0]
	n, err := s.scan(b, false)
	return p[n-had:], err
}

// scan passes on the body bytes of b up to a delimiter line, handles that line,
// and returns how many bytes of b are done with. Without a delimiter that is all
// of b, of which the end goes to carry if a delimiter may start there and the
// body goes on.
func (s *stream) scan(b []byte, last bool) (n int, err error) {
	from := 0
	for {
		i := bytes.Index(b[from:], dashes)
		if i < 0 {
			break
		}
		i += from
		from = i + 1
		start, ok := s.lineStart(b, i)
		if !ok {
			// A run of dashes within a line is passed at once; the last one may
			// not start anything, as it is not at the start of a line.
			from = i + 2
			for from < len(b) && b[from] == '-' {
				from++
			}
			m, at, more := s.glued(b, i, from, last)
			switch {
			case more:
				return len(b), s.keep(b, at)
			case m.kind != noDelimiter:
				end := len(b)
				if n := lineEnd(b[at:]); n >= 0 {
					end = at + n + 1
				}
				return end, s.meet(b, at, end, m)
			}
			continue
		}
		line, end := b[i+2:], s.lineEnd(b[i:])
		if end >= 0 {
			line, end = b[i+2:i+end], i+end
		}
		if !last && (end < 0 && len(b)-start < s.hold || end == len(b)-1 && b[end] == '\r' && s.doubtsCR()) {
			if !s.mayMatch(line) {
				continue
			}
			return len(b), s.keep(b, trimLineEnd(b, start))
		}
		m := s.match(line)
		if m.kind == noDelimiter {
			continue
		}
		m.doubts[indentDoubt] = start < i
		m.doubts[crDoubt] = s.doubtsCR() && (start > 0 && b[start-1] == '\r' ||
			end >= 0 && b[end] == '\r' && (end+1 == len(b) || b[end+1] != '\n'))
		m.doubts[lfDoubt] = s.doubtsLF(b, start, end)
		if s.refuses(m) {
			continue
		}
		if end < 0 {
			return len(b), s.meet(b, start, len(b), m)
		}
		return end + 1, s.meet(b, start, end+1, m)
	}
	if last {
		return len(b), s.pass(b)
	}
	return len(b), s.keep(b, s.heldFrom(b))
}

// lineStart returns where the line starts in which dashes stand at b[i]; ok is
// false if more than blanks stands before them.
func (s *stream) lineStart(b []byte, i int) (start int, ok bool) {
	for start = i; start > 0 && i-start < maxIndent && (b[start-1] == ' ' || b[start-1] == '\t'); {
		start--
	}
	if start == 0 {
		return 0, s.bol
	}
	c := b[start-1]
	return start, c == '\n' || c == '\r' && s.doubts[crDoubt] != text
}

// lineEnd is lineEnd for this stream.
func (s *stream) lineEnd(p []byte) int {
	if s.doubts[crDoubt] == text {
		return bytes.IndexByte(p, '\n')
	}
	return lineEnd(p)
}

// doubtsLF reports whether a lone LF begins or ends the line from start to end, in
// mail that has CRLF in a header or on the other side of the line.
func (s *stream) doubtsLF(b []byte, start, end int) bool {
	lone, whole := false, s.crlf
	for _, i := range [...]int{start - 1, end} {
		if i >= 0 && b[i] == '\n' {
			lone, whole = lone || loneLF(b, i), whole || !loneLF(b, i)
		} else if i >= 0 && i == end && i+1 < len(b) && b[i+1] == '\n' {
			whole = true // end is where the line end begins
		}
	}
	return lone && whole
}

// loneLF reports whether an LF without a CR stands at b[i].
func loneLF(b []byte, i int) bool { return b[i] == '\n' && (i == 0 || b[i-1] != '\r') }

// doubtsCR reports whether it matters that a CR stands alone: not in mail that
// has nothing else.
func (s *stream) doubtsCR() bool { return s.lf && s.doubts[crDoubt] != text }

// heldFrom returns from where on the end of b may be the start of a delimiter,
// its line end before it included.
func (s *stream) heldFrom(b []byte) int {
	i := len(b)
	if i > 0 && b[i-1] == '-' {
		i--
	}
	if start, ok := s.lineStart(b, i); ok {
		return trimLineEnd(b, start)
	}
	if i < len(b) && s.doubts[gluedDoubt] != text {
		return i
	}
	if c := b[len(b)-1]; c == '\r' || c == '\n' {
		return trimLineEnd(b, len(b))
	}
	return len(b)
}

// keep passes on b up to n, and holds the rest.
func (s *stream) keep(b []byte, n int) error {
	err := s.pass(b[:n])
	s.carry = append(s.carry[:0], b[n:]...)
	return err
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

// maxPath bounds a path, in bytes: deeper, only its end is kept.
const maxPath = 512

// below is the path of something below path.
func below(path, name string) string {
	if path == "" {
		return name
	}
	if len(path) > maxPath {
		path = "…" + path[len(path)-maxPath/2:]
	}
	return path + "." + name
}
