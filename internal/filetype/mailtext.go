package filetype

import "bytes"

// known are the header fields of which a message has at least two within its first lines (RFC 5322 section 3.6,
// RFC 2045, and what mail systems add).
var known = map[string]bool{
	"received": true, "return-path": true, "from": true, "to": true, "cc": true, "subject": true, "date": true, "message-id": true,
	"mime-version": true, "content-type": true, "content-transfer-encoding": true, "delivered-to": true, "reply-to": true, "sender": true,
	"dkim-signature": true, "authentication-results": true, "arc-seal": true, "x-mailer": true, "user-agent": true, "in-reply-to": true,
	"references": true, "list-id": true, "x-originating-ip": true, "envelope-to": true, "x-original-to": true, "content-disposition": true,
	"received-spf": true, "x-sender": true, "bcc": true, "x-priority": true, "thread-index": true, "list-unsubscribe": true, "snapshot-content-location": true,
}

// mail recognises a message by its header, a mailbox by the line that precedes it, and a message of Apple Mail by its
// length. t is in lower case.
func mail(t []byte) kind {
	if has(t, 0, "from ") {
		l := line(t)
		if len(l) < len(t) && bytes.IndexByte(l, ':') >= 0 && fields(bytes.TrimLeft(t[len(l):], "\r\n")) >= 2 {
			return kMbox
		}
		return none
	}
	if fields(t) >= 2 {
		return kEML
	}
	if length := bytes.TrimRight(line(t), " "); len(length) > 0 && len(length) <= 12 && len(bytes.Trim(length, "0123456789")) == 0 &&
		fields(bytes.TrimPrefix(bytes.TrimPrefix(t[len(line(t)):], []byte("\r")), []byte("\n"))) >= 2 {
		return kEMLX
	}
	return none
}

// fields counts the known header fields from the first line on; a line that is neither a field nor its
// continuation ends the header.
func fields(t []byte) (count int) {
	for n := 0; n < 64 && len(t) > 0; n++ {
		l := line(t)
		t = t[len(l):]
		if has(t, 0, "\r\n") {
			t = t[2:]
		} else if len(t) > 0 {
			t = t[1:]
		}
		if len(l) == 0 {
			return count
		}
		if n > 0 && (l[0] == ' ' || l[0] == '\t') {
			continue
		}
		colon := bytes.IndexByte(l, ':')
		if colon < 1 || colon > 76 || bytes.IndexByte(bytes.TrimRight(l[:colon], " \t"), ' ') >= 0 {
			return count
		}
		if known[string(bytes.TrimRight(l[:colon], " \t"))] {
			count++
		}
	}
	return count
}
