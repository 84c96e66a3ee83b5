package scanner

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
)

// TestExcerpt: a few lines of base64 in what a message says are no file, and have no end.
// What there is of it is examined, and an attachment must be whole.
func TestExcerpt(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(bytes.Repeat([]byte("The quick brown fox. "), 3))
	w.Write([]byte(marker))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := base64.StdEncoding.EncodeToString(b.Bytes())
	archived := base64.StdEncoding.EncodeToString(zipped(t, part{name: "a.txt", body: []byte(strings.Repeat("a b c d ", 9) + marker)}))
	head := "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain"
	s := newScanner(t, Config{})
	for _, c := range []struct {
		name, header, data string
		fault, found       bool
	}{
		{"gzip", head, packed[:84], false, true},
		{"zip", head, archived[:100], false, true},
		{"whole", head, packed, false, true},
		{"broken", head, packed[:40] + "AAAA" + packed[44:], true, false},
		{"attached", head + "; name=run.ps1", packed[:84], true, true},
		{"page", strings.Replace(head, "plain", "html", 1), packed[:84], true, true},
	} {
		r := scanString(t, s, c.header+"\r\n\r\nIt says {\"data\": \""+c.data+"\n[...]\"}\r\n")
		found := false
		for _, o := range r.Objects {
			found = found || len(o.Findings) > 0
		}
		if n := reasons(r); (len(n) > 0) != c.fault || found != c.found {
			t.Errorf("%s: found %v, %v", c.name, found, n)
		}
	}
}
