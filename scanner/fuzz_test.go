package scanner

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzScan scans arbitrary bytes: the report is complete, bounded, and does not
// depend on how the bytes come.
func FuzzScan(f *testing.F) {
	f.Add([]byte(mail(part{name: "a.txt", body: []byte(marker)})))
	f.Add([]byte(mail(part{name: "a.zip", body: zipped(f, part{name: "b", body: []byte(marker)})})))
	f.Add([]byte("Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\n"))
	f.Add([]byte("begin 644 a\n#86)C\n`\nend\n"))
	s := newScanner(f, Config{Limits: Limits{Objects: 100, Depth: 6, TotalBytes: 8 << 20, ObjectBytes: 4 << 20}})
	f.Fuzz(func(t *testing.T, msg []byte) {
		whole, err := s.Scan(context.Background(), strings.NewReader(string(msg)))
		if err != nil || whole.Verdict == VerdictUnknown || len(whole.Objects) > 101 {
			t.Fatalf("%v %v %d objects", err, whole.Verdict, len(whole.Objects))
		}
		for _, o := range whole.Objects {
			for _, u := range o.Unchecked {
				if u.Reason == ReasonEngine && strings.Contains(u.Detail, "panic") {
					t.Errorf("%s: %s", o.Path, u.Detail)
				}
			}
		}
		if _, err := json.Marshal(whole); err != nil {
			t.Fatal(err)
		}
		if len(msg) > 20_000 {
			return
		}
		bytewise, err := s.Scan(context.Background(), iotest.OneByteReader(strings.NewReader(string(msg))))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := contents(bytewise), contents(whole); !slices.Equal(got, want) && reasons(whole)[ReasonLimit] == 0 {
			t.Errorf("one byte a time:\n%q\nwhole:\n%q", got, want)
		}
	})
}

// contents says what a report's objects are, in no order: of two readings of one
// part, which one begins first depends on how the bytes come.
func contents(r *Report) []string {
	list := []string{r.Verdict.String()}
	for _, o := range r.Objects {
		list = append(list, fmt.Sprint(o.Type, o.Size, o.SHA256, o.Reading, len(o.Unchecked)))
	}
	slices.Sort(list)
	return list
}

// FuzzPlanted plants a known-bad leaf in a multipart and lets its siblings be
// anything: the verdict is never clean.
func FuzzPlanted(f *testing.F) {
	f.Add("Content-Type: text/plain", "hello", "")
	f.Add("Content-Type: multipart/mixed; boundary=\"=_b\"", "--=_b\r\n\r\nx\r\n--=_b--", "--=_b--")
	f.Add("Content-Type: message/rfc822", "Content-Type: multipart/mixed; boundary==_", "begin 644 x")
	f.Add("Content-Transfer-Encoding: base64", "AAAA=AAA", "\x00\xff--")
	s := newScanner(f, Config{})
	payload := mail(part{name: "bad", body: []byte(marker)})
	_, payload, _ = strings.Cut(payload, "\r\n\r\n")
	payload = strings.TrimSuffix(payload, "--=_b--\r\n")
	f.Fuzz(func(t *testing.T, header, body, after string) {
		var b strings.Builder
		b.WriteString("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\n")
		io.WriteString(&b, header+"\r\n\r\n"+body+"\r\n"+payload+after)
		r, err := s.Scan(context.Background(), strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == VerdictClean {
			t.Errorf("clean: %q", b.String())
		}
	})
}
