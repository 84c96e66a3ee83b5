package mime

import (
	"bytes"
	"strconv"
)

// carver looks for files and messages that stand inside a text: what carvefile.go
// knows, and the original in a bounce that quotes it in plain text. What it finds
// becomes an entity below the text's own; the text itself is not changed.
type carver struct {
	w     *Walker
	host  *Entity
	state carveState
	open  bool // a header block may start at the next line
	begun bool // the first line was seen
	count int  // entities carved

	line []byte // the current line, if it came in pieces
	long bool   // it is longer than what is kept of it
	cr   bool   // the last line ended in CR; an LF belongs to it

	block  []byte // lines that may be the header of a message
	known  int    // its fields that mail has
	strong bool   // and one that hardly anything else has

	file  extractor // of the file that is being carved
	quote []byte    // stood before the file's first line, and is cut off all
	out   *leaf     // of the message that is being carved
}

type carveState uint8

const (
	inText    carveState = iota // looking for a start
	inBlock                     // gathering lines that may be a header
	inFile                      // within a file
	inMessage                   // within a message, which runs to the end
)

const (
	carveLine  = 4 << 10  // bytes kept of a line
	carveBlock = 16 << 10 // bytes of a header block within which it must show that it is mail's
)

func (c *carver) write(p []byte) error {
	for len(p) > 0 && !c.w.full {
		if c.state == inMessage {
			return c.out.write(p)
		}
		if c.cr {
			c.cr = false
			if p[0] == '\n' {
				if c.state == inBlock {
					c.block = append(c.block, '\n')
				}
				p = p[1:]
				continue
			}
		}
		i := lineEnd(p)
		if i < 0 {
			return c.keep(p)
		}
		line := p[:i]
		if len(c.line) > 0 || c.long || i > carveLine {
			if err := c.keep(line); err != nil {
				return err
			}
			line = c.line
		}
		c.cr = p[i] == '\r'
		err := c.endLine(line, p[i:i+1])
		p = p[i+1:]
		if err != nil {
			return err
		}
	}
	return nil
}

// keep keeps a piece of a line, as far as there is room for. A file gets what is
// beyond that.
func (c *carver) keep(p []byte) error {
	n := min(len(p), carveLine-len(c.line))
	c.line = append(c.line, p[:n]...)
	p = p[n:]
	if len(p) == 0 {
		return nil
	}
	if !c.long {
		c.long = true
		if c.state == inFile {
			if err := c.fileLine(c.line, piece{first: true}); err != nil {
				return err
			}
		}
	}
	if c.state != inFile {
		return nil
	}
	return c.fileLine(p, piece{})
}

// endLine takes a complete line, or as much as is kept of it, and the byte that
// ended it.
func (c *carver) endLine(line, end []byte) error {
	var err error
	switch c.state {
	case inText:
		err = c.textLine(line, end)
	case inBlock:
		err = c.blockLine(line, end)
	case inFile:
		if c.long {
			err = c.fileLine(nil, piece{last: true})
		} else {
			err = c.fileLine(line, piece{first: true, last: true, end: end})
		}
	}
	c.line, c.long = c.line[:0], false
	return err
}

// textLine looks for a start.
func (c *carver) textLine(line, end []byte) error {
	start := c.open || !c.begun
	c.begun = true
	if len(line) > 0 && mayStartFile[line[0]] {
		if begun, err := c.startFile(line); begun || err != nil {
			return err
		}
	}
	if start && !c.long && mailField(line) != fieldUnknown {
		c.state, c.known, c.strong = inBlock, 0, false
		c.block = c.block[:0]
		return c.blockLine(line, end)
	}
	c.open = opensBlock(line)
	return nil
}

// opensBlock reports whether a header block may follow the line: it is blank, a
// rule ("-----Original message-----") or mbox's "From ".
func opensBlock(line []byte) bool {
	if len(line) > 0 && !mayOpen[line[0]] {
		return false // most lines of text
	}
	line = bytes.Trim(line, " \t>")
	if len(line) == 0 || bytes.HasPrefix(line, mboxFrom) {
		return true
	}
	switch line[0] {
	case '-', '=', '_', '*', '#', '~', '+':
		return len(line) > 2 && line[1] == line[0] && line[2] == line[0]
	}
	return false
}

// mayOpen says which bytes start a line after which a header block may stand.
var mayOpen = [256]bool{' ': true, '\t': true, '>': true, 'F': true, '-': true, '=': true, '_': true, '*': true, '#': true, '~': true, '+': true}

// blockLine takes a line of what may be a header.
func (c *carver) blockLine(line, end []byte) error {
	if c.long || len(c.block)+len(line) > carveBlock {
		c.state, c.open = inText, false
		return nil
	}
	if len(line) == 0 || line[0] != ' ' && line[0] != '\t' && !hasFieldName(line) {
		c.state, c.open = inText, false
		return c.textLine(line, end)
	}
	c.block = append(append(c.block, line...), end...)
	switch mailField(line) {
	case fieldStrong:
		c.strong = true
		c.known++
	case fieldWeak:
		c.known++
	}
	if c.known < 2 || !c.strong {
		return nil
	}
	return c.beginMessage()
}

// fileLine gives the file that is being carved a piece of a line. Another file or
// a message may begin there, whether this one was complete or not.
func (c *carver) fileLine(line []byte, p piece) error {
	open, text := c.open, line
	if p.first {
		if _, rest := cutQuote(line); open && mailField(line) != fieldUnknown || startsFile(rest) {
			return c.leaveFile(text, p)
		}
		line = c.unquote(line)
		c.open = opensBlock(line)
	}
	end, err := c.file.take(line, p)
	if err != nil {
		return err
	}
	switch end {
	case fileEnds:
		c.open = true
		return c.endFile(false)
	case fileEnded:
		c.open = open
		return c.leaveFile(text, p)
	}
	return nil
}

// leaveFile ends the file before a line, which it takes for text.
func (c *carver) leaveFile(line []byte, p piece) error {
	open := c.open
	if err := c.endFile(true); err != nil {
		return err
	}
	c.open = open
	return c.textLine(line, p.end)
}

// endFile ends the file that is being carved; cut says that its own end was not
// seen.
func (c *carver) endFile(cut bool) error {
	c.state = inText
	f := c.file
	c.file, c.quote = nil, nil
	return f.close(cut)
}

func (c *carver) beginMessage() error {
	e := c.entity("message/rfc822", "7bit")
	if c.out = newLeaf(c.w, e, false); c.out == nil {
		return nil
	}
	c.state = inMessage
	block := c.block
	c.block = nil
	return c.out.write(block)
}

func (c *carver) entity(mediaType, encoding string) *Entity {
	c.count++
	return &Entity{
		Path: below(c.host.Path, strconv.Itoa(c.count)), Kind: Carved,
		Parent: c.host, Depth: c.host.Depth + 1, Reading: c.host.Reading,
		MediaType: mediaType, Params: map[string]string{}, Encoding: encoding,
	}
}

func (c *carver) close() error {
	if len(c.line) > 0 && !c.w.full {
		if err := c.endLine(c.line, nil); err != nil {
			return err
		}
	}
	if c.file != nil {
		return c.endFile(true)
	}
	if c.out == nil {
		return nil
	}
	return c.out.close()
}

// snapshot ends what is being carved for the client to which the text ends here.
func (c *carver) snapshot(label string) error {
	if c.file != nil {
		return c.file.snapshot(label)
	}
	if c.out != nil {
		return c.out.snapshot(label, nil)
	}
	return nil
}

// fieldStrength says how much a field tells that it stands in mail.
type fieldStrength uint8

const (
	fieldUnknown fieldStrength = iota
	fieldWeak                  // quoted replies, forms and other protocols have it too
	fieldStrong                // transport or MIME wrote it
)

// mailFields are the fields (IANA's registry of message headers) by which a
// header is known for one of mail.
var mailFields = map[string]fieldStrength{
	"from": fieldWeak, "to": fieldWeak, "cc": fieldWeak, "subject": fieldWeak, "date": fieldWeak,
	"reply-to": fieldWeak, "sender": fieldWeak, "bcc": fieldWeak, "organization": fieldWeak,
	"content-type": fieldWeak, "content-disposition": fieldWeak, "content-language": fieldWeak,
	"user-agent": fieldWeak, "importance": fieldWeak, "priority": fieldWeak,
	"received": fieldStrong, "return-path": fieldStrong, "message-id": fieldStrong,
	"mime-version": fieldStrong, "content-transfer-encoding": fieldStrong, "delivered-to": fieldStrong,
	"x-envelope-from": fieldStrong, "x-envelope-to": fieldStrong, "x-original-to": fieldStrong,
	"envelope-to": fieldStrong, "in-reply-to": fieldStrong, "references": fieldStrong,
	"dkim-signature": fieldStrong, "arc-seal": fieldStrong, "arc-message-signature": fieldStrong,
	"arc-authentication-results": fieldStrong, "authentication-results": fieldStrong,
	"received-spf": fieldStrong, "domainkey-signature": fieldStrong, "x-mailer": fieldStrong,
	"x-mimeole": fieldStrong, "x-priority": fieldStrong, "x-msmail-priority": fieldStrong,
	"thread-index": fieldStrong, "thread-topic": fieldStrong, "list-unsubscribe": fieldStrong,
	"list-id": fieldStrong, "x-spam-status": fieldStrong, "x-received": fieldStrong,
	"resent-from": fieldStrong, "resent-to": fieldStrong, "resent-date": fieldStrong,
	"disposition-notification-to": fieldStrong, "errors-to": fieldStrong, "status": fieldWeak,
	"x-originating-ip": fieldStrong, "x-mozilla-status": fieldStrong, "x-account-key": fieldStrong,
}

// mailField looks a line up in mailFields.
func mailField(line []byte) fieldStrength {
	i := bytes.IndexByte(line[:min(len(line), 40)], ':')
	if i < 2 {
		return fieldUnknown
	}
	return mailFields[lower(string(bytes.TrimRight(line[:i], " \t")))]
}

// hasFieldName reports whether a line starts with a field's name and a colon.
func hasFieldName(line []byte) bool {
	i := bytes.IndexByte(line, ':')
	if i < 1 || i > maxFieldName {
		return false
	}
	for _, c := range bytes.TrimRight(line[:i], " \t") {
		if c <= ' ' || c >= 127 {
			return false
		}
	}
	return true
}
