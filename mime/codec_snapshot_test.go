package mime

import (
	"bytes"
	"strings"
	"testing"
)

// TestCodecSnapshots puts a line that may be a delimiter into a body in each
// encoding: the client for which the part ends there gets what stands before it.
func TestCodecSnapshots(t *testing.T) {
	data := randomBytes(600)
	cutAt := func(s string) int { return strings.Index(s[len(s)/2:], "\n") + len(s)/2 }
	for enc, body := range map[string]string{
		"base64":           strings.ReplaceAll(string(base64Lines(data)), "\r", ""),
		"quoted-printable": strings.ReplaceAll(qpAll(string(data)), "=0", "=\n=0"),
		"x-uuencode":       "begin 644 a\n" + uuLines(data, uuChars),
		"xxencode":         "begin 644 a\n" + uuLines(data, xxChars),
		"x-yencode":        yFileOf("a", data),
		"binhex":           binHexOf("a", data, nil),
	} {
		at := cutAt(body)
		msg := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: " + enc +
			"\nContent-Type: a/b\n\n" + body[:at] + "\n--b junk\n" + body[at+1:] + "\n--b--\n"
		r := walkAll(t, msg, Limits{Readings: 64})
		short := 0
		for _, rec := range r.all {
			b := rec.body.Bytes()
			if strings.Contains(rec.e.Reading, "delimiter=prefix") && len(b) > 100 && len(b) < len(data) && bytes.HasPrefix(data, b) {
				short++
			}
		}
		if short == 0 {
			t.Errorf("%s: no reading ends at the line: %.3000s", enc, r)
		}
	}
}
