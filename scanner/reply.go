package scanner

import "strconv"

// Reply is the SMTP reply that a report asks for (RFC 5321 section 4.2, RFC
// 3463). For an accepted message it is 250 2.0.0.
type Reply struct {
	Code     int    `json:"code"`
	Enhanced string `json:"enhanced"` // "5.7.1"; its class is that of Code
	Text     string `json:"text"`     // one line, printable ASCII, at most 512 octets with codes and CRLF
}

// String returns the reply line without CRLF.
func (r Reply) String() string {
	return strconv.Itoa(r.Code) + " " + r.Enhanced + " " + r.Text
}
