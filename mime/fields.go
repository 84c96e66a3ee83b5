package mime

import (
	"bytes"
	"slices"
)

// header is one entity's header, taken apart.
type header struct {
	all       [][]byte // the fields, as they stand
	types     []string // values of Content-Type, unfolded
	encodings []string // values of Content-Transfer-Encoding
	disps     []string // values of Content-Disposition
	descs     []string // values of Content-Description and others that clients show as a name
	anomalies []string
	cut       bool
	body      []byte // what stands after the fields if no blank line does

	// others are the header for clients that end it elsewhere, or see other fields
	// in it.
	others []otherHeader
}

// otherHeader is a header as some clients see it, with the beginning of the body
// if that stands in what others take for the header.
type otherHeader struct {
	header
	label string
	start []byte
}

// fields takes the header apart. first says that it is the message's own.
func (h *headerReader) fields(first bool, stop headerStop) header {
	all := bytes.Clone(h.buf[:min(h.start, len(h.buf))])
	var behind []byte
	if stop == byLine {
		all, behind = all[:min(h.last, len(all))], h.wholeLine()
	}
	var note Entity
	raw := all
	if h.lead {
		note.note(AnomalyLeadingBlank)
	}
	if first {
		raw = skipFront(raw, &note)
	}
	front := slices.Clone(note.Anomalies)
	p := fieldParser{mixed: h.crlf, lf: h.lf, note: &note, junkAt: -1, blankAt: -1}
	if cut := len(all) - len(raw); cut > 0 {
		p.front = all[max(0, cut-2):cut]
	}
	out := p.parse(raw)
	if len(raw) < len(all) && p.count == 0 { // a text that starts like mbox's line
		raw, p.front = all, nil
		p.junkAt, p.blankAt = -1, -1
		out = p.parse(raw)
	}
	cuts := headerCuts{raw: raw, end: len(raw), front: front, note: &note, blanks: h.blanks}
	if stop != byBlank {
		cuts.end = p.bodyAt(len(raw), front)
		out.body = slices.Concat(raw[cuts.end:], behind)
		if p.count == 0 {
			out.body = slices.Concat(h.blanks, out.body)
		}
	}
	end := cuts.end
	if out.cut = h.cut; h.cut {
		note.note(AnomalyHeaderCut)
	} else {
		h.cutOthers(&cuts, &p, all, first, stop)
	}
	if p.doubtful > 0 {
		strict := fieldParser{mixed: p.mixed, lf: p.lf, front: p.front, note: &Entity{}, strict: true, junkAt: -1, blankAt: -1}
		o := otherHeader{header: strict.parse(raw[:end]), label: "header=strict"}
		o.anomalies = note.Anomalies
		cuts.others = append(cuts.others, o)
	}
	out.others, out.anomalies = cuts.others, note.Anomalies
	return out
}

// bodyAt returns where the body starts in a header of n bytes that no blank line
// ended: at the first line that is no field. Then that line is no junk.
func (p *fieldParser) bodyAt(n int, front []string) int {
	if p.junkAt < 0 {
		return n
	}
	p.note.Anomalies = slices.DeleteFunc(p.note.Anomalies, func(a string) bool {
		return a == AnomalyJunkLine && !slices.Contains(front, a)
	})
	if p.junkAt > 0 {
		p.note.note(AnomalyNoHeaderEnd)
	}
	return p.junkAt
}

// cutOthers adds the headers that end early to some clients; all is the header with
// what stands in front of it.
func (h *headerReader) cutOthers(cuts *headerCuts, p *fieldParser, all []byte, first bool, stop headerStop) {
	front := len(all) - len(cuts.raw)
	if stop == byBlank {
		cuts.empty = []byte(h.end)
		cuts.at(p.junkAt, p.junkAt, "header=short", AnomalyJunkLine)
	}
	cuts.at(p.blankAt, p.blankEnd, "header=blank", AnomalyBlankLine)
	if h.twice > 0 {
		cuts.at(h.twice-front, h.twice-front+2, "header=cr", AnomalyDoubleCR)
	}
	if h.lead && first {
		cuts.raw, cuts.end = all, cuts.end+front
		cuts.at(0, 0, "header=none", AnomalyLeadingBlank)
	}
}

// headerCuts collects the headers that end early.
//
// QUIRK: RFC 5322 section 2.2. Thunderbird and Outlook skip a line that is no
// field, mutt and Python's email package take it for the body's first; a line of
// blanks is a fold or the end; CRCRLF is one line end or two.
type headerCuts struct {
	raw    []byte
	end    int      // of what most take for the header
	empty  []byte   // the line that ends it, if one does
	front  []string // anomalies of what stands in front
	note   *Entity
	blanks []byte // blank lines in front of the header, behind the first one
	others []otherHeader
}

// at adds the header that ends at an offset, with its body's offset, if that is
// within the header at all.
func (c *headerCuts) at(end, body int, label, anomaly string) {
	if end < 0 || end >= c.end {
		return
	}
	c.note.note(anomaly)
	p := fieldParser{note: &Entity{}, junkAt: -1, blankAt: -1}
	o := otherHeader{header: p.parse(c.raw[:end]), label: label}
	o.start = slices.Concat(c.raw[min(body, c.end):c.end], c.empty)
	o.anomalies = slices.Clone(c.front)
	if !slices.Contains(o.anomalies, anomaly) {
		o.anomalies = append(o.anomalies, anomaly)
	}
	if label == "header=none" {
		o.start = slices.Concat(c.blanks, o.start)
	}
	if label == "header=short" {
		o.anomalies = append(o.anomalies, AnomalyNoHeaderEnd)
	}
	c.others = append(c.others, o)
}

// fieldParser splits a header into fields.
type fieldParser struct {
	mixed  bool // a lone LF is odd, as the header has CRLF
	lf     bool // a lone CR is odd, as the header has LF
	strict bool // fields that some clients do not see are left out
	note   *Entity
	front  []byte // up to two bytes before the header, which end a line

	junkAt            int // where the first line stands that is no field, or -1
	blankAt, blankEnd int // where the first line of blanks stands, or -1, and where it ends
	doubtful          int // fields of interest that some clients do not see
	count             int // fields
}

func (p *fieldParser) parse(raw []byte) (out header) {
	for off := 0; off < len(raw); {
		n, fold := p.fieldLength(raw, off)
		f, ok := splitField(raw[off : off+n])
		if !ok {
			if fold > 0 {
				n = fold // the line that is folded to it may be a field
			}
			if p.junkAt < 0 && p.blankAt != off {
				p.junkAt = off
			}
			if p.blankAt != off {
				p.note.note(AnomalyJunkLine)
			}
			off += n
			continue
		}
		if p.hidden(raw, off) {
			f.odd = AnomalyHiddenField
		}
		off += n
		to := out.of(f.name)
		if f.odd != "" {
			p.note.note(f.odd)
			if to != nil {
				p.doubtful++
			}
			if p.strict {
				continue
			}
		}
		out.all = append(out.all, f.raw)
		p.count++
		if to != nil {
			*to = append(*to, unfold(f.text))
		}
	}
	return out
}

// hidden reports whether a lone CR or LF stands before a field, in a header that
// ends its lines otherwise.
func (p *fieldParser) hidden(raw []byte, off int) bool {
	front := p.front
	if off > 0 {
		front = raw[max(0, off-2):off]
	}
	switch n := len(front); {
	case n == 0:
		return false
	case front[n-1] == '\r':
		return p.lf
	}
	return p.mixed && !bytes.Equal(front, crlfBytes)
}

// fieldLength returns the length of the line at off with its folds and its line
// end, and that of the line alone if there are folds.
func (p *fieldParser) fieldLength(raw []byte, off int) (n, fold int) {
	for {
		i := lineEnd(raw[off+n:])
		if i < 0 {
			i = len(raw) - off - n
		}
		if c := raw[off+n]; (c == ' ' || c == '\t') && p.blankAt < 0 && len(bytes.Trim(raw[off+n:off+n+i], " \t")) == 0 {
			p.blankAt, p.blankEnd = off+n, min(len(raw), off+n+i+1)
			if p.blankEnd < len(raw) && raw[p.blankEnd-1] == '\r' && raw[p.blankEnd] == '\n' {
				p.blankEnd++
			}
		}
		n += i + 1
		if off+n < len(raw) && raw[off+n-1] == '\r' {
			n += restOfLineEnd(raw[off+n:])
		}
		if off+n >= len(raw) {
			return len(raw) - off, fold
		}
		if raw[off+n] != ' ' && raw[off+n] != '\t' {
			return n, fold
		}
		if fold == 0 {
			fold = n
		}
	}
}

// restOfLineEnd returns how many bytes of p belong to a line end that began with a
// CR before it: those of CRLF or CRCRLF.
func restOfLineEnd(p []byte) int {
	switch {
	case p[0] == '\n':
		return 1
	case len(p) > 1 && p[0] == '\r' && p[1] == '\n':
		return 2
	}
	return 0
}

// skipFront removes what stands in front of a message's first field.
func skipFront(raw []byte, note *Entity) []byte {
	if r, ok := bytes.CutPrefix(raw, utf8BOM); ok {
		note.note(AnomalyBOM)
		if mboxLine(r) {
			raw = r
		}
	}
	if mboxLine(raw) {
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

// mboxLine reports whether line starts as mbox's separator does (RFC 4155), quoted
// or indented by what it went through.
func mboxLine(line []byte) bool {
	line = bytes.TrimLeft(line[:min(len(line), 16)], "> \t")
	return bytes.HasPrefix(line, mboxFrom)
}

var (
	utf8BOM    = []byte("\xef\xbb\xbf")
	mboxFrom   = []byte("From ")
	mboxQuoted = []byte(">From ")
	crlfBytes  = []byte("\r\n")
)

// fieldLength returns the length of the first line of raw with its folds and
// its line end.
func fieldLength(raw []byte) int {
	p := fieldParser{blankAt: 0} // lines of blanks do not matter
	n, _ := p.fieldLength(raw, 0)
	return n
}

// field is one field of a header.
type field struct {
	name string // without what does not belong there
	raw  []byte // as it stands
	text []byte // its value, folded
	odd  string // the anomaly for which some clients do not see it, or ""
}

// splitField splits a field at its colon; ok is false if it is none.
func splitField(line []byte) (f field, ok bool) {
	trimmed := line
	if c := line[0]; c == ' ' || c == '\t' {
		trimmed = bytes.TrimLeft(line, " \t")
		f.odd = AnomalyLeadingFold
	}
	colon := bytes.IndexByte(trimmed, ':')
	if colon < 1 || colon > maxFieldName {
		return field{}, false
	}
	name := bytes.TrimRight(trimmed[:colon], " \t")
	if len(name) == 0 {
		return field{}, false
	}
	if len(name) != colon {
		f.odd = AnomalyBlankBeforeColon
	}
	for _, c := range name {
		// QUIRK: RFC 5322 section 2.2 allows printable ASCII in names; 8-bit
		// bytes are let through, as no client ends the header at them.
		if c <= ' ' || c == 127 || c == '(' || c == utf8BOM[0] {
			f.odd = AnomalyOddFieldName
			if name, ok = cleanName(name); !ok {
				return field{}, false
			}
			break
		}
	}
	f.name, f.raw, f.text = string(name), trimmed, trimmed[colon+1:]
	return f, true
}

// cleanName removes from a field's name what does not belong there; ok is false
// if blanks or line ends stand in what is left, as in a line of text.
func cleanName(name []byte) (clean []byte, ok bool) {
	clean = bytes.Trim(bytes.TrimPrefix(name, utf8BOM), " \t")
	clean = slices.DeleteFunc(bytes.Clone(clean), func(c byte) bool {
		return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 127
	})
	if i := bytes.IndexByte(clean, '('); i > 0 && bytes.IndexByte(clean[i:], ')') > 0 {
		clean = []byte(withoutComments(string(clean)))
	}
	clean = bytes.Trim(clean, " \t")
	return clean, len(clean) > 0 && !bytes.ContainsAny(clean, " \t\r\n")
}

// maxFieldName bounds a field's name, in bytes: no line holds more than 998 (RFC
// 5322 section 2.1.1).
const maxFieldName = 998

// of returns where the values of a field that is read eagerly are kept; nil for
// others.
func (h *header) of(name string) *[]string {
	if len(name) < len("content-type") || name[0]|0x20 != 'c' && name[0]|0x20 != 'x' {
		return nil
	}
	switch lower(name) {
	case "content-type":
		return &h.types
	case "content-transfer-encoding":
		return &h.encodings
	case "content-disposition":
		return &h.disps
	case "content-description", "content-name", "x-sun-data-name":
		// QUIRK: no RFC. Thunderbird takes Content-Name and X-Sun-Data-Name for
		// the name where there is no other.
		return &h.descs
	case "x-sun-encoding-info":
		// QUIRK: no RFC. Sun's mailtool named the encoding here; Thunderbird
		// decodes it.
		return &h.encodings
	}
	return nil
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
