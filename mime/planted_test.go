package mime

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzPlanted plants a payload in a well-formed part of a multipart and puts
// arbitrary bytes into the headers and bodies of its siblings: the payload is
// always given, unless a limit says that not all was read.
func FuzzPlanted(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte("Content-Type: text/plain"), []byte(s), []byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "\n", "\r\n")), []byte("x"), []byte(""))
	}
	for i, v := range vectors() {
		if i%3 == 0 {
			head, body, _ := bytes.Cut(v.message(harmless), []byte("\r\n\r\n"))
			if len(head)+len(body) < 4096 {
				f.Add(head, body, v.message(harmless)[:min(512, len(v.message(harmless)))])
			}
		}
	}
	f.Fuzz(func(t *testing.T, head, body, other []byte) {
		if len(head)+len(body)+len(other) > 4<<10 {
			return
		}
		const delimiter = "--=_fivefifty.planted.boundary=="
		if bytes.Contains(head, []byte(delimiter[2:])) || bytes.Contains(body, []byte(delimiter[2:])) || bytes.Contains(other, []byte(delimiter[2:])) {
			return // then the planted part may be another's
		}
		for _, eol := range []string{"\r\n", "\n"} {
			var b bytes.Buffer
			line := func(parts ...string) {
				for _, p := range parts {
					b.WriteString(p)
				}
				b.WriteString(eol)
			}
			line("Subject: x")
			line("Content-Type: multipart/mixed; boundary=\"", delimiter[2:], "\"")
			line()
			line(string(other))
			line(delimiter)
			line(string(head))
			line()
			line(string(body))
			line(delimiter)
			line("Content-Type: application/octet-stream; name=a.bin")
			line("Content-Transfer-Encoding: base64")
			line()
			line(b64(marker))
			line(delimiter)
			line(string(head))
			line()
			line(string(body))
			line(delimiter, "--")
			line(string(other))
			r := walkPieces(t, b.Bytes(), max(1, b.Len()), Limits{})
			found, limited := false, false
			for _, rec := range r.all {
				found = found || rec.body.String() == marker
				limited = limited || rec.e.Fault != nil
			}
			if !found && !limited {
				t.Fatalf("lost in\n%q\n%s", b.Bytes(), r)
			}
		}
	})
}
