package smtprelay

import (
	"bufio"
	"errors"
)

// errBareNewline is a message that has a dot behind a line end other than CRLF.
var errBareNewline = errors.New("dot behind a bare CR or LF")

// dotWriter writes a message's bytes as they are, with a dot before each line
// that begins with one (RFC 5321 section 4.5.2). textproto's DotWriter is not
// used because it turns each LF into CRLF, and signatures (DKIM) and digests
// must survive.
//
// A dot behind a bare LF or CR is refused: servers exist that take such a line
// end for one, and with it the dot for the end of the message or for a stuffed
// one, so that they would see a message that was not the one examined.
type dotWriter struct {
	w     *bufio.Writer
	state dotState
}

type dotState uint8

const (
	atLineStart dotState = iota // behind CRLF, and at the message's begin
	inLine
	afterCR    // one CR: CRLF if LF follows
	afterCRs   // two or more: LF now makes no clean CRLF
	afterBreak // behind a bare LF
)

// Write implements io.Writer.
func (d *dotWriter) Write(p []byte) (int, error) {
	begin := 0
	for i, c := range p {
		switch c {
		case '.':
			if d.state == atLineStart {
				d.w.Write(p[begin:i])
				d.w.WriteByte('.')
				begin = i
			} else if d.state != inLine {
				return begin, errBareNewline
			}
			d.state = inLine
		case '\r':
			if d.state == afterCR || d.state == afterCRs {
				d.state = afterCRs
			} else {
				d.state = afterCR
			}
		case '\n':
			if d.state == afterCR {
				d.state = atLineStart
			} else {
				d.state = afterBreak
			}
		default:
			d.state = inLine
		}
	}
	_, err := d.w.Write(p[begin:]) // a bufio.Writer's errors are sticky
	return len(p), err
}

// end writes the final dot, on a line of its own: a message that came by BDAT
// need not end with CRLF, and gets one. A CR at the very end would blur it.
func (d *dotWriter) end() error {
	switch d.state {
	case atLineStart:
	case inLine, afterBreak:
		d.w.WriteString("\r\n")
	default:
		return errBareNewline
	}
	d.w.WriteString(".\r\n")
	return d.w.Flush()
}
