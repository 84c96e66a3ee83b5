package scanner

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// messageTar is a tar of multipart messages, each with an attachment.
func messageTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 7 {
		body := strings.ReplaceAll(mail(part{name: "a.txt", body: []byte(strings.Repeat("harmless ", 200))}), "=_b", fmt.Sprintf("=_b%d", i))
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("Sent/%d.eml", i), Mode: 0o600, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// longCalendar is an event with an attachment that nobody folded.
func longCalendar() []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nORGANIZER:mailto:a@example.org\r\nComments: none\r\nSUMMARY: x\r\nSender: y\r\nSubject: z\r\n" +
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("harmless", 40<<10))) +
		"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

// TestKeepsPromise: an archive or a calendar under a name of its own is no message, even if
// lines of it could be a header's. Under a name that leads a client to open it as a
// message it is one.
func TestKeepsPromise(t *testing.T) {
	s := newScanner(t, Config{})
	for _, c := range []struct {
		name string
		body []byte
		mail bool
	}{
		{"mails.tar", messageTar(t), false},
		{"mails.eml", messageTar(t), true},
		{"mails", messageTar(t), true},
		{"event.ics", longCalendar(), false},
		{"event.eml", longCalendar(), true},
	} {
		r, err := s.ScanFile(context.Background(), c.name, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(reasons(r)); (n > 0) != c.mail {
			t.Errorf("%s: %v", c.name, reasons(r))
		}
	}
}
