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
	d := detect(head, func(d *detection) bool { return d.junk <= d.fields/2 && d.fields > 0 })
	return d.message()
}

// Resembles reports whether a file that starts with head may be taken for a
// message by a client that is told to open it as one: it has a header with a
// field that only mail has, or two that mail has too. Other files have that as
// well, and Resembles says so where IsMessage does not: to walk them as messages
// beside what they are costs little and loses nothing.
func Resembles(head []byte) bool {
	d := detect(head, func(d *detection) bool { return d.junk <= d.fields+maxJunk })
	return d.known[fieldStrong] > 0 || d.known[fieldWeak] > 1 || d.mime
}

// maxJunk is how many lines that are no fields Resembles passes over.
const maxJunk = 8

// detect counts the fields of a header as long as goOn holds.
func detect(head []byte, goOn func(*detection) bool) (d detection) {
	head = head[:min(len(head), detectBytes)]
	head = bytes.TrimPrefix(head, utf8BOM)
	head = bytes.TrimLeft(head, "\r\n")
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
		if !goOn(&d) {
			return detection{}
		}
	}
	return d
}

// detection counts what a header holds.
type detection struct {
	fields, junk int
	known        [fieldStrong + 1]int
	author       int  // From, To, Cc, Subject, Date; written as mail does
	address      bool // one of them has an "@"
	mime         bool // Content-Type or Content-Disposition is there
}

func (d *detection) add(field []byte) {
	if !hasFieldName(field) {
		d.junk++
		return
	}
	d.fields++
	d.known[mailField(field)]++
	name, value, _ := bytes.Cut(field, []byte(":"))
	switch lower(string(bytes.TrimRight(name, " \t"))) {
	case "content-type", "content-disposition":
		d.mime = true
		if indexFold(string(value[:min(len(value), 200)]), "multipart/") >= 0 {
			d.known[fieldStrong]++ // but for forms in HTTP, only mail has that
		}
	}
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
