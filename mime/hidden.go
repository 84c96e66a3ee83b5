package mime

import (
	"bytes"
	"strconv"
)

// finder looks for entities in a text that has no structure to those who read it
// by the rules: parts between delimiters (in front of a multipart, behind it, in a
// bounce that lost the original's header), a part's header with its body, and
// whole messages each of whose lines is indented or quoted.
//
// QUIRK: RFC 2046 section 5.1.1 has nothing to read there. mailparser, emailjs and
// ruby-mail read parts in preamble and epilogue; people open what a bounce quotes.
type finder struct {
	w     *Walker
	host  *Entity
	state findState
	count int

	line   []byte // the current line, if it came in pieces
	long   bool   // it is longer than what is kept of it
	within bool   // the rest of a line that starts nothing comes next
	mid    bool   // the rest of a quoted line comes next
	cr     bool   // the last piece ended in CR; an LF belongs to it

	kind   findKind
	block  []byte // lines that may be the beginning of an entity, unquoted
	prefix []byte // of quoted lines
	name   []byte // the boundary, if the block starts with a delimiter
	known  int    // fields of the block that mail has
	strong bool   // one of them is hardly anything else's

	out sink // takes what was found
}

type findState uint8

const (
	findNothing findState = iota // looking for a start
	findBlock                    // gathering lines
	findRest                     // what was found goes to the end
	findQuoted                   // what was found goes as far as lines are quoted
)

type findKind uint8

const (
	findParts  findKind = iota // a delimiter, then a part's header
	findEntity                 // a part's header
	findQuote                  // either, or a message, behind a prefix
)

// maxHidden bounds how often a text in a text is looked through: each of its bytes
// is looked at that often.
const maxHidden = 3

// mayStart says which bytes start a line that may start something.
var mayStart = [256]bool{'-': true, '>': true, '|': true, ' ': true, '\t': true, 'C': true, 'c': true}

func (f *finder) write(p []byte) error {
	for len(p) > 0 && !f.w.full {
		switch {
		case f.state == findRest:
			return f.out.write(p)
		case f.cr && p[0] == '\n':
			f.cr = false
			if err := f.lateLF(p[:1]); err != nil {
				return err
			}
			p = p[1:]
			continue
		case f.state == findNothing && len(f.line) == 0:
			if p = f.skip(p); len(p) == 0 {
				return nil
			}
		}
		f.cr = false
		n := f.lineEnd(p) + 1
		if n == 0 {
			return f.keep(p)
		}
		if p[n-1] == '\r' {
			if n < len(p) && p[n] == '\n' {
				n++
			}
			f.cr = n == len(p)
		}
		if err := f.piece(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// piece takes the last piece of a line.
func (f *finder) piece(p []byte) error {
	if f.mid {
		f.mid = false
		return f.out.write(p)
	}
	line := p
	if len(f.line) > 0 {
		if err := f.keep(p); err != nil || f.mid {
			f.mid = false
			return err
		}
		line = f.line
	} else if len(p) > carveLine {
		f.long = true
	}
	err := f.take(line)
	f.line, f.long = f.line[:0], false
	return err
}

// lateLF takes the LF of a CRLF that came in two pieces.
func (f *finder) lateLF(lf []byte) error {
	switch f.state {
	case findBlock:
		f.block = append(f.block, '\n')
	case findQuoted:
		return f.out.write(lf)
	}
	return nil
}

// lineEnd returns where the first line of p ends, or -1. Lone CRs end lines only
// in mail that has no LF.
func (f *finder) lineEnd(p []byte) int {
	if f.host.cr {
		return lineEnd(p)
	}
	return bytes.IndexByte(p, '\n')
}

// skip drops lines that start nothing.
func (f *finder) skip(p []byte) []byte {
	for len(p) > 0 && (f.within || !mayStart[p[0]]) {
		i := f.lineEnd(p)
		f.within = i < 0
		p = p[i+1:]
		if i < 0 {
			return nil
		}
	}
	return p
}

// keep keeps a piece of a line. What is longer than carveLine starts nothing; of
// a quoted message it is handed on at once.
func (f *finder) keep(p []byte) error {
	if f.mid {
		return f.out.write(p)
	}
	if len(f.line)+len(p) <= carveLine {
		f.line = append(f.line, p...)
		return nil
	}
	f.long = true
	if f.state != findQuoted {
		return nil
	}
	line := append(f.line, p...)
	f.line = f.line[:0]
	if err := f.take(line); err != nil {
		return err
	}
	f.long, f.mid = false, f.state == findQuoted
	f.within = !f.mid
	return nil
}

// take takes a complete line with its end.
func (f *finder) take(line []byte) error {
	switch f.state {
	case findBlock:
		return f.more(line)
	case findQuoted:
		if rest, ok := f.unquote(line); ok {
			return f.out.write(rest)
		}
		out := f.out
		f.state, f.out = findNothing, nil
		if err := out.close(); err != nil {
			return err
		}
	}
	return f.begin(line)
}

// begin looks whether a line starts a block.
func (f *finder) begin(line []byte) error {
	f.state = findNothing
	if f.long || len(line) == 0 || !mayStart[line[0]] {
		return nil
	}
	f.block, f.name, f.prefix = f.block[:0], nil, nil
	f.known, f.strong = 0, false
	body := line[:trimLineEnd(line, len(line))]
	switch {
	case line[0] == '-':
		f.kind, f.name = findParts, delimiterName(body)
		if f.name == nil {
			return nil
		}
	case line[0]|0x20 == 'c':
		f.kind = findEntity
		if !f.field(body) || f.known == 0 {
			return nil
		}
	default:
		n := len(line) - len(bytes.TrimLeft(line, ">| \t"))
		rest := body[min(n, len(body)):]
		if n > maxIndent || len(rest) == 0 {
			return nil
		}
		f.kind, f.prefix = findQuote, bytes.Clone(line[:n])
		if f.name = delimiterName(rest); f.name == nil && (!f.field(rest) || f.known == 0) {
			return nil
		}
		line = line[n:]
	}
	f.state = findBlock
	f.block = append(f.block, line...)
	return f.decide()
}

// delimiterName returns the boundary of what may be a delimiter, nil if it is
// none.
func delimiterName(line []byte) []byte {
	name, ok := bytes.CutPrefix(line, dashes)
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || len(name) > maxBoundary || len(bytes.Trim(name, "-")) == 0 || bytes.HasSuffix(name, dashes) {
		return nil
	}
	return bytes.Clone(name)
}

// field takes a line of a header; ok is false if it is none.
func (f *finder) field(line []byte) (ok bool) {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return len(f.block) > 0
	}
	if !hasFieldName(line) {
		return false
	}
	switch mailField(line) {
	case fieldStrong:
		f.strong = true
		f.known++
	case fieldWeak:
		f.known++
	default:
		return true
	}
	if name := line[:min(len(line), 8)]; f.kind != findQuote && !equalFold(string(name), "content-") {
		f.known-- // parts have no other fields
	}
	return true
}

// more takes another line of a block.
func (f *finder) more(line []byte) error {
	whole := line
	if f.kind == findQuote {
		rest, ok := f.unquote(line)
		if !ok {
			return f.begin(whole)
		}
		line = rest
	}
	body := line[:trimLineEnd(line, len(line))]
	if f.long || len(f.block)+len(line) > carveBlock {
		f.state = findNothing
		return nil
	}
	if len(bytes.TrimRight(body, " \t")) == 0 {
		f.block = append(f.block, line...)
		return f.end()
	}
	if !f.field(body) {
		return f.begin(whole)
	}
	f.block = append(f.block, line...)
	return f.decide()
}

// decide starts what the block shows already: a quoted message need not show its
// whole header.
func (f *finder) decide() error {
	if f.kind == findQuote && f.known >= 2 && f.strong {
		return f.found()
	}
	return nil
}

// end takes the end of a block's header.
func (f *finder) end() error {
	if f.known == 0 || f.kind == findEntity && !f.strong || f.kind == findQuote && f.name == nil {
		f.state = findNothing
		return nil
	}
	return f.found()
}

// unquote removes the prefix of quoted lines; ok is false where it is missing. A
// prefix of blanks is missing on blank lines, and the last blank of a quote often.
func (f *finder) unquote(line []byte) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(line, f.prefix); ok {
		return rest, true
	}
	short := bytes.TrimRight(f.prefix, " \t")
	body := line[:trimLineEnd(line, len(line))]
	if bytes.Equal(bytes.TrimRight(body, " \t"), short) {
		return line[len(body):], true
	}
	return nil, false
}

// found begins what the block is.
func (f *finder) found() error {
	f.state = findNothing
	if f.host.hidden >= maxHidden {
		f.host.fault(&LimitError{Limit: "readings", Max: maxHidden})
		return nil
	}
	e := derived(f.host, "text", &f.count)
	var out sink
	switch f.kind {
	case findParts:
		f.host.note(AnomalyHiddenMultipart)
		out = f.parts(e)
	case findEntity:
		f.host.note(AnomalyHiddenEntity)
		e.MediaType = "message/rfc822"
		e.Reading = withLabel(e.Reading, "hidden=entity")
		out = leafSink(newLeaf(f.w, e, false))
	case findQuote:
		f.host.note(AnomalyQuotedMessage)
		e.Reading = withLabel(e.Reading, "hidden=unquoted")
		out = leafSink(newLeaf(f.w, e, true))
	}
	if out == nil {
		return nil
	}
	f.out, f.state = out, findRest
	if f.kind == findQuote {
		f.state = findQuoted
	}
	block := f.block
	f.block = nil
	return out.write(block)
}

// leafSink is l as a sink, nil if there is none.
func leafSink(l *leaf) sink {
	if l == nil {
		return nil
	}
	return l
}

// parts begins a multipart whose boundary only its delimiters say.
func (f *finder) parts(e *Entity) sink {
	e.Kind, e.MediaType = Multipart, "multipart/mixed"
	e.Reading = withLabel(e.Reading, "hidden=multipart")
	if e.Depth >= f.w.limits.Depth {
		f.host.fault(&LimitError{Limit: "depth", Max: int64(f.w.limits.Depth)})
		return nil
	}
	if _, ok := f.w.begin(e); !ok {
		return nil
	}
	sub := newParse(f.w, e, max(1, f.host.times))
	sub.main().push(frame{multipart: &multipart{e: e}, boundary: f.name})
	return sub
}

// derived is an entity that was found in the text of another one.
func derived(host *Entity, name string, count *int) *Entity {
	*count++
	path := below(host.Path, name)
	if *count > 1 {
		path += strconv.Itoa(*count)
	}
	return &Entity{
		Path: path, Kind: Carved, Parent: host, Depth: host.Depth + 1, Reading: host.Reading,
		MediaType: "text/plain", Params: map[string]string{}, Encoding: "7bit",
		hidden: host.hidden + 1, times: host.times, cr: host.cr,
	}
}

func (f *finder) close() error {
	if len(f.line) > 0 && !f.w.full {
		if err := f.take(f.line); err != nil {
			return err
		}
	}
	if f.state == findBlock && f.kind == findParts && f.known > 0 && !f.w.full {
		if err := f.found(); err != nil {
			return err
		}
	}
	if f.out == nil {
		return nil
	}
	return f.out.close()
}

// snapshot gives nothing: what was found goes on in the longer reading.
func (f *finder) snapshot(string, []byte) error { return nil }
