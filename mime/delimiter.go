package mime

import (
	"bytes"
	"slices"
)

// delimiterKind is what a line is: bits.
type delimiterKind uint8

const (
	opening     delimiterKind = 1 << iota // a part follows
	closing                               // the multipart's closing delimiter
	noDelimiter delimiterKind = 0
)

// match is how a line fits the open multiparts.
type match struct {
	kind     delimiterKind
	frame    int
	boundary []byte
	variant  int          // index in the frame's others that it fits, or -1
	doubts   [doubts]bool // why it may be none
	also     [2]other     // other frames whose boundary the line begins with
}

// other is another multipart whose delimiter a line may be.
type other struct {
	kind  delimiterKind
	frame int
	doubt doubt
}

// match says which frame's delimiter a line is; line is what follows "--", as
// far as it is known. An exact match goes before a match of the beginning, so
// that of two boundaries one of which starts with the other the right one is
// found; among equals the innermost goes first.
func (s *stream) match(line []byte) match {
	line = line[:min(len(line), s.hold-2)] // what is seen if the line comes byte by byte
	trimmed := bytes.TrimRight(line, " \t\r")
	if m := s.exact(trimmed); m.kind != noDelimiter {
		line = line[:min(len(line), len(trimmed))]
		out, outAs := s.begins(line, m.frame-1, 0)
		in, inAs := s.begins(line, len(s.frames)-1, m.frame+1)
		m.also = [2]other{{outAs, out, outerDoubt}, {inAs, in, innerDoubt}}
		return m
	}
	if m := s.variant(trimmed); m.kind != noDelimiter {
		return m
	}
	if k, kind := s.begins(line, len(s.frames)-1, 0); k >= 0 {
		m := match{kind: kind, frame: k, boundary: s.frames[k].boundary, variant: -1}
		m.doubts[junkDoubt] = true
		return m
	}
	return s.adopt(trimmed)
}

// exact returns the innermost frame that the line fits.
func (s *stream) exact(trimmed []byte) match {
	if s.indexed() {
		return s.index.exact(s.frames, trimmed)
	}
	for k := len(s.frames) - 1; k >= 0; k-- {
		f := &s.frames[k]
		if f.guess {
			continue
		}
		if kind := fits(trimmed, f.boundary); kind != noDelimiter {
			return match{kind: kind, frame: k, boundary: f.boundary, variant: -1}
		}
	}
	return match{}
}

// variant returns the innermost frame that the line fits in another reading of its
// boundary.
func (s *stream) variant(trimmed []byte) match {
	if s.indexed() {
		return s.index.variant(s.frames, trimmed)
	}
	for k := len(s.frames) - 1; k >= 0; k-- {
		for i, v := range s.frames[k].others {
			if kind := fits(trimmed, v.boundary); kind != noDelimiter {
				return match{kind: kind, frame: k, boundary: v.boundary, variant: i}
			}
		}
	}
	return match{}
}

// fits compares a line without "--" and trailing blanks with a boundary.
func fits(line, boundary []byte) delimiterKind {
	rest, ok := bytes.CutPrefix(line, boundary)
	switch {
	case ok && len(rest) == 0:
		return opening
	case ok && string(rest) == "--":
		return closing
	}
	return noDelimiter
}

// begins returns the innermost frame, from the one at k outwards to the one at
// last, with whose boundary the line begins; -1 if there is none.
func (s *stream) begins(line []byte, k, last int) (int, delimiterKind) {
	if len(s.frames) >= deepFrames {
		return -1, noDelimiter
	}
	for ; k >= last; k-- {
		f := &s.frames[k]
		if f.guess || len(f.boundary) == 0 {
			continue
		}
		if rest, ok := bytes.CutPrefix(line, f.boundary); ok && len(rest) > 0 {
			if bytes.HasPrefix(rest, dashes) {
				return k, closing
			}
			return k, opening
		}
	}
	return -1, noDelimiter
}

// adopt takes the first line with "--" for the delimiter of an innermost
// multipart that declared none.
//
// QUIRK: RFC 2046 section 5.1.1 requires the parameter; worms of 2004 and cut
// headers lack it, and mail-parsers find the parts so.
func (s *stream) adopt(line []byte) match {
	k := len(s.frames) - 1
	if k < 0 || !s.frames[k].guess || len(line) == 0 || len(line) > maxBoundary {
		return match{}
	}
	if len(bytes.Trim(line, "-")) == 0 {
		return match{} // a rule of dashes
	}
	return match{kind: opening, frame: k, boundary: bytes.Clone(line), variant: -1}
}

// mayMatch reports whether a line that starts with start (after its "--") and is
// not complete may still turn out to be a delimiter.
func (s *stream) mayMatch(start []byte) bool {
	if s.indexed() {
		return true
	}
	for i := range s.frames {
		f := &s.frames[i]
		if f.guess || agree(start, f.boundary) {
			return true
		}
		if slices.ContainsFunc(f.others, func(v variant) bool { return agree(start, v.boundary) }) {
			return true
		}
	}
	return false
}

// agree reports whether one of a and b begins with the other.
func agree(a, b []byte) bool {
	n := min(len(a), len(b))
	return string(a[:n]) == string(b[:n])
}

var dashes = []byte("--")

// maxIndent is how many blanks are allowed before the dashes, in bytes.
const maxIndent = 16

// trimIndent removes as many blanks as may stand before a delimiter.
func trimIndent(line []byte) []byte {
	n := 0
	for n < len(line) && n < maxIndent && (line[n] == ' ' || line[n] == '\t') {
		n++
	}
	return line[n:]
}

// glued looks for a delimiter in the run of dashes from i to end, which does not
// begin a line. more says that it may be one whose end has not been seen.
//
// QUIRK: RFC 2046 section 5.1.1 has delimiters at the beginning of lines. Parsers
// that split at the string, as mikel/mail before its issue 379, see them anywhere.
func (s *stream) glued(b []byte, i, end int, last bool) (m match, at int, more bool) {
	if s.doubts[gluedDoubt] == text || len(s.frames) >= deepFrames {
		return match{}, 0, false
	}
	hold := -1
	for k := len(s.frames) - 1; k >= 0; k-- {
		f := &s.frames[k]
		at := end - f.dashes - 2
		if f.guess || len(f.boundary) == f.dashes || at < i || !agree(b[at+2:], f.boundary) {
			continue
		}
		line := b[at+2:]
		line = line[:min(len(line), s.hold-2)]
		if n := lineEnd(line); n >= 0 {
			line = line[:n]
		} else if !last && len(b)-at < s.hold {
			if hold < 0 || at < hold {
				hold = at
			}
			continue
		}
		if kind := fits(bytes.TrimRight(line, " \t"), f.boundary); kind != noDelimiter {
			m = match{kind: kind, frame: k, boundary: f.boundary, variant: -1}
			m.doubts[gluedDoubt] = true
			return m, at, false
		}
	}
	return match{}, hold, hold >= 0
}
