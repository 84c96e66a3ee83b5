package mime

import "bytes"

// headerReader gathers the lines of one header. A line ends at CRLF, LF or CR.
//
// QUIRK: RFC 5322 section 2.2 allows CRLF only. LF comes from Unix tools, CR from
// old Macintosh ones, CRCRLF from programs that convert line ends twice; a CRCRLF
// is one line end here, since taking it for two would end the header.
type headerReader struct {
	buf    []byte // the header as far as it is kept, with its line ends
	start  int    // where the current line starts in buf
	last   int    // where the line before ended, for line
	lastE  int
	max    int
	cut    bool   // the header passed max: further lines are only looked at
	blank  bool   // the blank line was seen
	end    string // its line end
	any    bool   // a line that is not blank was seen
	lead   bool   // blank lines stood in front of the first line
	blanks []byte // those behind the first one
	cr     crState
	lf     bool // an LF was seen
	crlf   bool // a CRLF was seen
	twice  int  // where the CRLF of the first CRCRLF stands in buf; 0 if there was none
}

type crState uint8

const (
	noCR    crState = iota // the last byte did not end a line, or was an LF
	oneCR                  // a CR ended a line; an LF would belong to it
	twoCR                  // a CR followed that; an LF makes it CRCRLF, else it is a blank line
	blankCR                // a CR ended a blank line; an LF would belong to it
)

type headerEvent uint8

const (
	headerMore headerEvent = iota // p is used up
	headerLine                    // a line is complete
	headerEnd                     // the blank line is complete
)

// keptLine is how much of a line past the limit is kept to see whether it is a
// delimiter.
const keptLine = 2 + maxBoundary + delimiterSlack

func (h *headerReader) reset(limit int) {
	*h = headerReader{buf: h.buf[:0], blanks: h.blanks[:0], max: limit}
}

// feed takes bytes of p until something happens.
func (h *headerReader) feed(p []byte) (n int, event headerEvent) {
	for n < len(p) {
		c := p[n]
		switch {
		case h.cr == twoCR:
			h.cr = noCR
			if c == '\n' {
				if !h.cut {
					if h.twice == 0 {
						h.twice = len(h.buf)
					}
					h.buf = append(h.buf, "\r\n"...)
					h.start = len(h.buf)
				}
				n++
				continue
			}
			h.blank, h.end = true, "\r"
			return n, headerEnd
		case h.cr == blankCR:
			h.cr, h.blank, h.end = noCR, true, "\r"
			if c == '\n' {
				h.end = "\r\n"
				n++
			}
			return n, headerEnd
		case h.cr == oneCR && c == '\n':
			h.cr, h.lf, h.crlf = noCR, true, true
			n++
			if !h.cut {
				h.buf = append(h.buf, c)
				h.start = len(h.buf)
			}
			continue
		case h.cr == oneCR && c == '\r':
			h.cr = twoCR
			n++
			continue
		}
		h.cr = noCR
		i := lineEnd(p[n:])
		if i < 0 {
			h.add(p[n:])
			return len(p), headerMore
		}
		h.add(p[n : n+i])
		n += i + 1
		if event = h.endLine(p[n-1]); event != headerMore {
			return n, event
		}
	}
	return n, headerMore
}

// endLine ends the current line with the byte c.
func (h *headerReader) endLine(c byte) headerEvent {
	if c == '\n' {
		h.lf = true
	}
	if len(h.buf) == h.start {
		if c == '\r' {
			h.cr = blankCR
			return headerMore
		}
		h.blank, h.end = true, "\n"
		return headerEnd
	}
	if c == '\r' {
		h.cr = oneCR
	}
	h.any = true
	h.last, h.lastE = h.start, len(h.buf)
	if h.cut {
		return headerLine
	}
	h.buf = append(h.buf, c)
	h.start = len(h.buf)
	return headerLine
}

// add appends bytes of the current line, within the limit.
func (h *headerReader) add(p []byte) {
	if h.cut && h.lastE > h.start { // the line before was only looked at
		h.buf = h.buf[:h.start]
		h.lastE = 0
	}
	if !h.cut && len(p) > 0 && len(h.buf)+len(p) > h.max {
		h.cut = true
		if room := h.max - len(h.buf); room > 0 {
			h.buf = append(h.buf, p[:room]...)
			p = p[room:]
		}
	}
	if h.cut {
		p = p[:max(0, min(len(p), keptLine-(len(h.buf)-h.start)))]
	}
	h.buf = append(h.buf, p...)
}

// skipLeading reports whether the blank line that was met stands in front of the
// header; then the header goes on.
//
// QUIRK: RFC 5322 section 2.1 has no room for blank lines there; mailers that
// write one all the same have their fields read by Thunderbird.
func (h *headerReader) skipLeading() bool {
	if h.any {
		return false
	}
	if h.lead && len(h.blanks) < maxBlanks {
		h.blanks = append(h.blanks, h.end...)
	}
	h.lead, h.blank = true, false
	return true
}

// maxBlanks bounds what is kept of blank lines in front of a header, in bytes.
const maxBlanks = 1 << 10

// leadingJunk reports whether the line that was met is the first one, stands
// after blank lines and is no field: then the header was empty.
func (h *headerReader) leadingJunk() bool {
	if !h.lead || h.last != 0 {
		return false
	}
	line := h.line()
	_, ok := splitField(line)
	return !ok && !mboxLine(line) && !bytes.HasPrefix(line, utf8BOM)
}

// clone returns a copy for a stream that ends the header here.
func (h *headerReader) clone() headerReader {
	c := *h
	c.buf, c.blanks = bytes.Clone(h.buf), bytes.Clone(h.blanks)
	return c
}

// wholeLine is line with the byte that ended it.
func (h *headerReader) wholeLine() []byte {
	end := byte('\n')
	if h.endedByCR() {
		end = '\r'
	}
	return append(bytes.Clone(h.line()), end)
}

// line is the line that the last headerLine told of, without its end.
func (h *headerReader) line() []byte { return h.buf[h.last:h.lastE] }

func (h *headerReader) endedByCR() bool { return h.cr == oneCR }

// finish ends the last line where the input ends, and reports whether there was
// one that no line end had ended.
func (h *headerReader) finish() bool {
	if h.cr == twoCR || h.cr == blankCR {
		h.blank, h.end = true, "\r"
	}
	if len(h.buf) == h.start || h.cut && h.lastE > h.start {
		return false
	}
	h.last, h.lastE = h.start, len(h.buf)
	h.start = len(h.buf)
	return true
}
