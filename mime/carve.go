package mime

import (
	"bytes"
	"strconv"
)

// carver looks for files and messages that stand inside a text: uuencode, and
// the original in a bounce that quotes it in plain text. What it finds becomes
// an entity below the text's own; the text itself is not changed.
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

	uu  *uuDecoder
	out *leaf // of the file or message that is being carved
}

type carveState uint8

const (
	inText    carveState = iota // looking for a start
	inBlock                     // gathering lines that may be a header
	inUU                        // within uuencode
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
			c.keep(p)
			return nil
		}
		line := p[:i]
		if len(c.line) > 0 {
			c.keep(line)
			line = c.line
		} else if i > carveLine {
			line, c.long = line[:carveLine], true
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

func (c *carver) keep(p []byte) {
	room := carveLine - len(c.line)
	if len(p) > room {
		p, c.long = p[:room], true
	}
	c.line = append(c.line, p...)
}

// endLine takes a complete line and the byte that ended it.
func (c *carver) endLine(line, end []byte) error {
	var err error
	switch c.state {
	case inText:
		err = c.textLine(line, end)
	case inBlock:
		err = c.blockLine(line, end)
	case inUU:
		err = c.uuLine(line, end)
	}
	c.line, c.long = c.line[:0], false
	return err
}

// textLine looks for a start.
func (c *carver) textLine(line, end []byte) error {
	if name, ok := uuBegin(line); ok {
		return c.beginUU(name)
	}
	start := c.open || !c.begun
	c.begun = true
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

// uuLine takes a line of a uuencoded file. A line that can't be data is skipped,
// but may start another file or a message.
func (c *carver) uuLine(line, end []byte) error {
	if isUUEnd(line) {
		c.open = true
		return c.endFile()
	}
	name, again := uuBegin(line)
	if again || c.open && !c.long && mailField(line) != fieldUnknown {
		c.uu.e.note(AnomalyBadUU)
		if err := c.endFile(); err != nil {
			return err
		}
		if again {
			return c.beginUU(name)
		}
		c.open = true
		return c.textLine(line, end)
	}
	c.open = opensBlock(line)
	if len(line) == 0 || c.uu.to == nil {
		return nil
	}
	_, err := c.uu.data(line)
	return err
}

func (c *carver) beginUU(name []byte) error {
	e := c.entity("application/octet-stream", "x-uuencode")
	raw := string(name)
	e.addName(Name{Value: decodeRaw(e, name), Raw: raw, Source: FromContent})
	if c.out = newLeaf(c.w, e, false); c.out == nil {
		return nil
	}
	c.state, c.open, c.begun = inUU, false, true
	c.uu = &uuDecoder{e: e, to: c.out}
	return nil
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

// endFile ends the file that is being carved.
func (c *carver) endFile() error {
	c.state = inText
	out := c.out
	c.out, c.uu = nil, nil
	return out.close()
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
	if c.out == nil {
		return nil
	}
	if c.state == inUU {
		c.uu.e.note(AnomalyBadUU)
	}
	return c.out.close()
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
