package smtprelay

import "bytes"

// content reads a message as a client sends it and gives it out as it is scanned
// and passed on: lines that end in CRLF and in nothing else, dots not stuffed.
//
// Only CRLF "." CRLF ends DATA. A bare LF is made a line end and a bare CR a
// space, as Postfix does (smtpd_forbid_bare_newline, cleanup_replace_stray_cr_lf):
// servers differ over whether those end a line, and with it over where a message
// ends; what comes out of here has none of them, so that nobody can. Dots that
// such a line begins with are taken for stuffed ones.
//
// The zero value reads from a message's begin.
type content struct {
	state contentState
	bdat  bool // the message comes in chunks (RFC 3030): no dots, no end
	bare  bool // a bare CR or LF was met
}

type contentState uint8

const (
	atLineStart contentState = iota // behind CRLF, and at the message's begin
	atBareStart                     // behind a bare LF
	inLine
	afterCR    // of which it is open what it is
	afterDot   // a dot at the line's start, behind CRLF: stuffed, or the end
	afterDotCR // and a CR behind it
	atEnd      // the final dot was read
)

// read appends to dst what comes out of src and returns how much of src it used:
// all of it, unless the message's end was met. It gives out at most twice what it
// takes, and two bytes.
func (c *content) read(dst, src []byte) ([]byte, int) {
	for i := 0; i < len(src); {
		if n := c.wholeLine(src[i:]); n > 0 {
			dst = append(dst, src[i:i+n]...)
			c.state = atLineStart
			i += n
			continue
		}
		if c.state == inLine {
			n := bytes.IndexAny(src[i:], "\r\n")
			if n < 0 {
				n = len(src) - i
			}
			dst = append(dst, src[i:i+n]...)
			if i += n; i == len(src) {
				break
			}
		}
		var again bool
		dst, again = c.step(dst, src[i])
		if !again {
			i++
		}
		if c.state == atEnd {
			return dst, i
		}
	}
	return dst, len(src)
}

// wholeLine returns the length of the line that p begins with, if it ends in p and
// is taken as it is: nearly every line of nearly every message.
func (c *content) wholeLine(p []byte) int {
	if c.state != inLine && (c.state != atLineStart || p[0] == '.' && !c.bdat) {
		return 0
	}
	// Within bounds, so that a message of bare CRs is not searched over and over.
	p = p[:min(len(p), 256)]
	n := bytes.IndexByte(p, '\n')
	if n < 1 || bytes.IndexByte(p[:n], '\r') != n-1 {
		return 0
	}
	return n + 1
}

// step takes one byte; again says that it has only settled what came before it,
// and that the byte is to be taken once more.
func (c *content) step(dst []byte, b byte) (_ []byte, again bool) {
	switch c.state {
	case afterCR:
		return c.behindCR(dst, b)
	case afterDot:
		if b == '\r' {
			c.state = afterDotCR
			return dst, false
		}
		c.state = inLine // the dot was a stuffed one
		return dst, true
	case afterDotCR:
		if b == '\n' {
			c.state = atEnd
			return dst, false
		}
		c.state = afterCR
		return dst, true
	}
	switch {
	case b == '\r':
		c.state = afterCR
	case b == '\n':
		c.bare = true
		c.state = atBareStart
		return append(dst, '\r', '\n'), false
	case b == '.' && c.state == atLineStart && !c.bdat:
		c.state = afterDot
	case b == '.' && c.state == atBareStart && !c.bdat:
		c.state = inLine // stuffed; it cannot be the end
	default:
		c.state = inLine
		return append(dst, b), false
	}
	return dst, false
}

func (c *content) behindCR(dst []byte, b byte) ([]byte, bool) {
	if b == '\n' {
		c.state = atLineStart
		return append(dst, '\r', '\n'), false
	}
	c.bare = true
	dst = append(dst, ' ')
	c.state = inLine
	return dst, true
}

// end appends what a message lacks that ended by its last chunk: the line's end.
func (c *content) end(dst []byte) []byte {
	if c.state == afterCR {
		c.bare = true
		c.state = inLine
		dst = append(dst, ' ')
	}
	if c.state == inLine {
		dst = append(dst, '\r', '\n')
	}
	c.state = atEnd
	return dst
}
