package mime

import "bytes"

// detectBytes is how much of a file IsMessage looks at.
const detectBytes = 64 << 10

// IsMessage reports whether a file that starts with head (64 KiB are enough) is a
// message: one with a header of mail's fields, an mbox "From " line, transport's
// fields or a byte order mark in front or not, with CRLF, LF or CR line ends.
//
// It asks for two fields that mail has, one of which hardly anything else has,
// or for three of the author's fields with an address; and the block that they
// stand in must be a header. Text, HTML, scripts, HTTP responses and YAML are not
// messages.
func IsMessage(head []byte) bool {
	head = head[:min(len(head), detectBytes)]
	head = bytes.TrimPrefix(head, utf8BOM)
	head = bytes.TrimLeft(head, "\r\n")
	var d detection
	for first := true; len(head) > 0; first = false {
		n := fieldLength(head)
		field := head[:n]
		head = head[n:]
		if first && (bytes.HasPrefix(field, mboxFrom) || bytes.HasPrefix(field, mboxQuoted)) {
			head = bytes.TrimLeft(head, "\r\n")
			continue
		}
		if field[0] == '\r' || field[0] == '\n' {
			break
		}
		d.add(field)
		if d.junk > d.fields/2 || d.fields == 0 {
			return false
		}
	}
	return d.message()
}

// detection counts what a header holds.
type detection struct {
	fields, junk int
	known        [fieldStrong + 1]int
	author       int  // From, To, Cc, Subject, Date; written as mail does
	address      bool // one of them has an "@"
}

func (d *detection) add(field []byte) {
	if !hasFieldName(field) {
		d.junk++
		return
	}
	d.fields++
	d.known[mailField(field)]++
	name, value, _ := bytes.Cut(field, []byte(":"))
	switch string(bytes.TrimRight(name, " \t")) {
	case "From", "To", "Cc", "Subject", "Date", "FROM", "TO", "SUBJECT", "DATE":
		d.author++
		d.address = d.address || bytes.IndexByte(value, '@') >= 0
	}
}

func (d *detection) message() bool {
	strong, all := d.known[fieldStrong], d.known[fieldStrong]+d.known[fieldWeak]
	return strong >= 1 && all >= 2 || d.author >= 3 && d.address
}
