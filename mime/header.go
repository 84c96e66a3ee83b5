package mime

import (
	"bytes"
	"slices"

	"github.com/emersion/go-message"
)

// headerReader gathers the lines of one header. A line ends at CRLF, LF or CR.
//
// QUIRK: RFC 5322 section 2.2 allows CRLF only. LF comes from Unix tools, CR from
// old Macintosh ones, CRCRLF from programs that convert line ends twice; a CRCRLF
// is one line end here, since taking it for two would end the header.
type headerReader struct {
	buf   []byte // the header as far as it is kept, with its line ends
	start int    // where the current line starts in buf
	last  int    // where the line before ended, for line
	lastE int
	max   int
	cut   bool // the header passed max: further lines are only looked at
	blank bool // the blank line was seen
	any   bool // a line that is not blank was seen
	lead  bool // blank lines stood in front of the first line
	cr    crState
	lf    bool // an LF was seen
}

type crState uint8

const (
	noCR  crState = iota // the last byte did not end a line, or was an LF
	oneCR                // a CR ended a line; an LF would belong to it
	twoCR                // a CR followed that; an LF makes it CRCRLF, else it is a blank line
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
	*h = headerReader{buf: h.buf[:0], max: limit}
}

// feed takes bytes of p until something happens.
func (h *headerReader) feed(p []byte) (n int, event headerEvent) {
	for n < len(p) {
		c := p[n]
		switch {
		case h.cr == twoCR:
			h.cr = noCR
			if c == '\n' {
				h.cr = noCR
				n++
				continue
			}
			h.blank = true
			return n, headerEnd
		case h.cr == oneCR && c == '\n':
			h.cr, h.lf = noCR, true
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
	if c == '\r' {
		h.cr = oneCR
	} else {
		h.lf = true
	}
	if len(h.buf) == h.start {
		h.blank = true
		return headerEnd
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
	h.lead, h.blank = true, false
	return true
}

// leadingJunk reports whether the line that was met is the first one, stands
// after blank lines and is no field: then the header was empty.
func (h *headerReader) leadingJunk() bool {
	if !h.lead || h.last != 0 {
		return false
	}
	var note Entity
	line := h.line()
	_, _, ok := splitField(line, &note)
	return !ok && !bytes.HasPrefix(line, mboxFrom) && !bytes.HasPrefix(line, utf8BOM)
}

// clone returns a copy for a stream that ends the header here.
func (h *headerReader) clone() headerReader {
	c := *h
	c.buf = bytes.Clone(h.buf)
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
	if h.cr == twoCR {
		h.blank = true
	}
	if len(h.buf) == h.start || h.cut && h.lastE > h.start {
		return false
	}
	h.last, h.lastE = h.start, len(h.buf)
	h.start = len(h.buf)
	return true
}

// header is one entity's header, taken apart.
type header struct {
	message   message.Header
	types     []string // values of Content-Type, unfolded
	encodings []string // values of Content-Transfer-Encoding
	disps     []string // values of Content-Disposition
	descs     []string // values of Content-Description
	anomalies []string
	cut       bool
	body      []byte // what stands after the fields if no blank line does

	// early is the header for a client that ends it at the first line that is no
	// field, and earlyBody what that client takes for the start of the body; nil
	// where there is no such line.
	early     *header
	earlyBody []byte
}

// fields takes the header apart. first says that it is the message's own.
func (h *headerReader) fields(first bool, stop headerStop) header {
	raw := bytes.Clone(h.buf[:min(h.start, len(h.buf))])
	var behind []byte
	if stop == byLine {
		raw, behind = raw[:min(h.last, len(raw))], h.wholeLine()
	}
	var note Entity
	if h.lead {
		note.note(AnomalyLeadingBlank)
	}
	if first {
		raw = skipFront(raw, &note)
	}
	if h.cut {
		note.note(AnomalyHeaderCut)
	}
	front := slices.Clone(note.Anomalies)
	out, junkAt := parseFields(raw, &note)
	out.cut = h.cut
	switch {
	case stop != byBlank && junkAt >= 0:
		out.body = append(raw[junkAt:], behind...)
		note.Anomalies = front
		if junkAt > 0 {
			note.note(AnomalyNoHeaderEnd)
		}
	case stop != byBlank:
		out.body = behind
	case junkAt > 0 && !h.cut:
		early, _ := parseFields(raw[:junkAt], &Entity{})
		early.anomalies = append(front, AnomalyNoHeaderEnd)
		out.early, out.earlyBody = &early, append(raw[junkAt:len(raw):len(raw)], raw[trimLineEnd(raw, len(raw)):]...) // the blank line, as the others end
	}
	out.anomalies = note.Anomalies
	return out
}

// parseFields splits raw into fields; junkAt is where the first line stands that
// is none, or -1.
func parseFields(raw []byte, note *Entity) (out header, junkAt int) {
	var all [][]byte
	junkAt = -1
	for off := 0; off < len(raw); {
		n := fieldLength(raw[off:])
		name, value, ok := splitField(raw[off:off+n], note)
		if ok {
			all = append(all, value.raw)
			out.keep(name, value.text)
		} else {
			note.note(AnomalyJunkLine)
			if junkAt < 0 {
				junkAt = off
			}
		}
		off += n
	}
	for i := len(all) - 1; i >= 0; i-- {
		out.message.AddRaw(all[i])
	}
	return out, junkAt
}

// skipFront removes what stands in front of a message's first field.
func skipFront(raw []byte, note *Entity) []byte {
	if r, ok := bytes.CutPrefix(raw, utf8BOM); ok {
		note.note(AnomalyBOM)
		raw = r
	}
	if bytes.HasPrefix(raw, mboxFrom) || bytes.HasPrefix(raw, mboxQuoted) {
		note.note(AnomalyMboxLine)
		i := lineEnd(raw)
		if i < 0 {
			return nil
		}
		raw = raw[i+1:]
		if raw1, ok := bytes.CutPrefix(raw, []byte("\n")); ok {
			raw = raw1
		}
	}
	return raw
}

var (
	utf8BOM    = []byte("\xef\xbb\xbf")
	mboxFrom   = []byte("From ")
	mboxQuoted = []byte(">From ")
)

// fieldLength returns the length of the first line of raw with its folds and
// its line end.
func fieldLength(raw []byte) int {
	n := 0
	for {
		i := lineEnd(raw[n:])
		if i < 0 {
			return len(raw)
		}
		n += i + 1
		if raw[n-1] == '\r' && n < len(raw) && raw[n] == '\n' {
			n++
		}
		if n >= len(raw) || raw[n] != ' ' && raw[n] != '\t' {
			return n
		}
	}
}

// fieldValue is a field as it stands, and its unfolded value.
type fieldValue struct {
	raw  []byte
	text []byte
}

// splitField splits a field at its colon; ok is false if it is none.
func splitField(field []byte, note *Entity) (name string, v fieldValue, ok bool) {
	trimmed := field
	if c := field[0]; c == ' ' || c == '\t' {
		trimmed = bytes.TrimLeft(field, " \t")
	}
	colon := bytes.IndexByte(trimmed, ':')
	if colon < 1 || colon > maxFieldName {
		return "", v, false
	}
	n := bytes.TrimRight(trimmed[:colon], " \t")
	for _, c := range n {
		// QUIRK: RFC 5322 section 2.2 allows printable ASCII in names; 8-bit
		// bytes are let through, as no client ends the header at them.
		if c <= ' ' || c == 127 {
			return "", v, false
		}
	}
	if len(n) == 0 {
		return "", v, false
	}
	if len(trimmed) != len(field) {
		note.note(AnomalyLeadingFold)
	}
	if len(n) != colon {
		note.note(AnomalyBlankBeforeColon)
	}
	return string(n), fieldValue{raw: trimmed, text: trimmed[colon+1:]}, true
}

// maxFieldName bounds a field's name, in bytes: no line holds more than 998 (RFC
// 5322 section 2.1.1).
const maxFieldName = 998

// keep stores the values of the fields that are read eagerly.
func (h *header) keep(name string, value []byte) {
	if len(name) < len("content-type") || !equalFold(name[:8], "content-") {
		return
	}
	var to *[]string
	switch lower(name[8:]) {
	case "type":
		to = &h.types
	case "transfer-encoding":
		to = &h.encodings
	case "disposition":
		to = &h.disps
	case "description":
		to = &h.descs
	default:
		return
	}
	*to = append(*to, unfold(value))
}

// unfold removes line ends and the blanks around the value (RFC 5322 section
// 2.2.3).
func unfold(v []byte) string {
	v = bytes.Trim(v, " \t\r\n")
	if lineEnd(v) < 0 {
		return string(v)
	}
	out := make([]byte, 0, len(v))
	for _, c := range v {
		if c != '\r' && c != '\n' {
			out = append(out, c)
		}
	}
	return string(out)
}
