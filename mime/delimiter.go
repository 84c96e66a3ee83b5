package mime

import "bytes"

// delimiterKind is what a line is: bits.
type delimiterKind uint8

const (
	opening     delimiterKind = 1 << iota // a part follows
	closing                               // the multipart's closing delimiter
	withJunk                              // more than blanks follows the boundary
	noDelimiter delimiterKind = 0
)

// match says which frame's delimiter a line is; line is what follows "--", as
// far as it is known. An exact match goes before a match of the beginning, so
// that of two boundaries one of which starts with the other the right one is
// found; among equals the innermost goes first.
//
// QUIRK: RFC 2046 section 5.1.1 has the boundary match the beginning of the line;
// trailing bytes are tolerated as it says, clients that want the whole line don't.
func (s *stream) match(line []byte) (int, delimiterKind) {
	if len(s.frames) == 0 {
		return 0, noDelimiter
	}
	line = line[:min(len(line), s.hold-2)] // what is seen if the line comes byte by byte
	trimmed := bytes.TrimRight(line, " \t")
	for k := len(s.frames) - 1; k >= 0; k-- {
		f := &s.frames[k]
		if f.guess {
			continue
		}
		if rest, ok := bytes.CutPrefix(trimmed, f.boundary); ok {
			if len(rest) == 0 {
				return k, opening
			}
			if string(rest) == "--" {
				return k, closing
			}
		}
	}
	for k := len(s.frames) - 1; k >= 0; k-- {
		f := &s.frames[k]
		if f.guess || len(f.boundary) == 0 {
			continue
		}
		if rest, ok := bytes.CutPrefix(line, f.boundary); ok {
			if bytes.HasPrefix(rest, dashes) {
				return k, closing | withJunk
			}
			return k, opening | withJunk
		}
	}
	return s.adopt(trimmed)
}

// adopt takes the first line with "--" for the delimiter of an innermost
// multipart that declared none.
//
// QUIRK: RFC 2046 section 5.1.1 requires the parameter; worms of 2004 and cut
// headers lack it, and mail-parsers find the parts so.
func (s *stream) adopt(line []byte) (int, delimiterKind) {
	k := len(s.frames) - 1
	if k < 0 || !s.frames[k].guess || len(line) == 0 || len(line) > maxBoundary {
		return 0, noDelimiter
	}
	if len(bytes.Trim(line, "-")) == 0 {
		return 0, noDelimiter // a rule of dashes
	}
	s.frames[k].guess = false
	s.frames[k].boundary = bytes.Clone(line)
	s.resize()
	return k, opening
}

// mayMatch reports whether a line that starts with start (after its "--") and is
// not complete may still turn out to be a delimiter.
func (s *stream) mayMatch(start []byte) bool {
	for i := range s.frames {
		f := &s.frames[i]
		n := min(len(start), len(f.boundary))
		if f.guess || bytes.Equal(start[:n], f.boundary[:n]) {
			return true
		}
	}
	return false
}
