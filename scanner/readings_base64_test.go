package scanner

import (
	"encoding/base64"
	"testing"
)

// TestBase64InReadings: a file in base64 is found also where a body is read in several
// ways, none of which decodes base64.
func TestBase64InReadings(t *testing.T) {
	s := newScanner(t, Config{})
	enc := base64.StdEncoding.EncodeToString(zipped(t, part{name: "run.txt", body: []byte("x" + marker)}))
	for _, fields := range []string{
		"Content-Transfer-Encoding: 7bit\r\n",
		"Content-Transfer-Encoding: quoted-printable\r\nContent-Transfer-Encoding: 7bit\r\n",
		"Content-Transfer-Encoding: x-uuencode\r\nContent-Transfer-Encoding: 8bit\r\n",
	} {
		r := scanString(t, s, "From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.b64\r\n"+fields+"\r\n"+enc+"\r\n")
		if r.Verdict != VerdictMalicious {
			t.Errorf("%q: verdict %v, %+v", fields, r.Verdict, reasons(r))
		}
	}
}
