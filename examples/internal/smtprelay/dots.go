package smtprelay

import (
	"bufio"
	"bytes"
)

// dotWriter writes a message that has CRLF for line ends and no other CR or LF,
// with a dot before each line that begins with one (RFC 5321 section 4.5.2).
type dotWriter struct {
	w       *bufio.Writer
	midLine bool
}

// Write implements io.Writer.
func (d *dotWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if !d.midLine && rest[0] == '.' {
			d.w.WriteByte('.') // a bufio.Writer's errors are sticky
		}
		n := bytes.IndexByte(rest, '\n') + 1
		d.midLine = n == 0
		if n == 0 {
			n = len(rest)
		}
		if _, err := d.w.Write(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// end writes the final dot. The message ended with CRLF.
func (d *dotWriter) end() error {
	d.w.WriteString(".\r\n")
	return d.w.Flush()
}
