package scanner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestNestedPayloadIsFound(t *testing.T) {
	s := newScanner(t, Config{})
	inner := zipped(t, part{name: "run.txt", body: []byte("x" + marker)})
	outer := zipped(t, part{name: "inner.zip", body: inner})
	fwd := mail(part{name: "outer.zip", typ: "application/zip", body: outer})
	plain := "From: a@example.org\r\nSubject: fwd\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n" + fwd

	tests := []struct{ name, msg, path string }{
		{"attachment", mail(part{name: "a.bin", body: []byte(marker)}), "1/a.bin"},
		{"body", "Subject: x\n\n" + marker + "\n", "1"},
		{"zip in zip", fwd, "1/outer.zip/inner.zip/run.txt"},
		{"forwarded", plain, "1/1/outer.zip/inner.zip/run.txt"},
		{"forwarded as base64", mail(part{name: "f.eml", typ: "message/rfc822", body: []byte(fwd)}), "1/f.eml/1/outer.zip/inner.zip/run.txt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scanString(t, s, tt.msg)
			if r.Verdict != VerdictMalicious || r.Disposition != Reject {
				t.Fatalf("verdict %v, disposition %v", r.Verdict, r.Disposition)
			}
			if got := r.Reply.String(); got != "550 5.7.1 E-mail message contained a virus." {
				t.Errorf("reply %q", got)
			}
			if o := object(t, r, tt.path); len(o.Findings) != 1 || o.Findings[0].Engine != "marker" {
				t.Errorf("findings %+v", o.Findings)
			}
		})
	}
}

func TestCleanMail(t *testing.T) {
	s := newScanner(t, Config{})
	msg := mail(part{name: "a.txt", typ: "text/plain", body: []byte("hello")},
		part{name: "b.zip", typ: "application/zip", body: zipped(t, part{name: "c.txt", body: []byte("hello")})})
	r := scanString(t, s, msg)
	if r.Verdict != VerdictClean || r.Reply.Code != 250 || r.Disposition != Accept {
		t.Fatalf("%v %v %v %+v", r.Verdict, r.Disposition, r.Reply, reasons(r))
	}
	if len(r.Objects) != 4 || r.Objects[0].Size != int64(len(msg)) {
		t.Errorf("%d objects, size %d", len(r.Objects), r.Objects[0].Size)
	}
}

// One path: the bytes' way in must not change the report.
func TestPushEqualsPull(t *testing.T) {
	s := newScanner(t, Config{})
	msg := mail(part{name: "a.zip", body: zipped(t, part{name: "c.txt", body: []byte(marker)})},
		part{name: "b.txt", body: bytes.Repeat([]byte("line\r\n"), 30_000)})
	want := plainJSON(t, scanString(t, s, msg))

	r, err := s.Scan(context.Background(), iotest.OneByteReader(strings.NewReader(msg)))
	if err != nil {
		t.Fatal(err)
	}
	if got := plainJSON(t, r); got != want {
		t.Errorf("one byte a time:\n%s\nwhole:\n%s", got, want)
	}
	w := s.NewWriter(context.Background())
	defer w.Close()
	rng := rand.New(rand.NewSource(1))
	for rest := msg; rest != ""; {
		n := min(len(rest), 1+rng.Intn(100_000))
		if _, err := io.WriteString(w, rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if r, err = w.Report(); err != nil {
		t.Fatal(err)
	}
	if got := plainJSON(t, r); got != want {
		t.Errorf("pushed:\n%s\nwhole:\n%s", got, want)
	}
}

// plainJSON is a report without what differs from scan to scan.
func plainJSON(t *testing.T, r *Report) string {
	t.Helper()
	c := *r
	c.Reference, c.Stats.Duration = "", 0
	b, err := json.MarshalIndent(&c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReportJSONRoundTrip(t *testing.T) {
	s := newScanner(t, Config{})
	r := scanString(t, s, mail(part{name: "a.txt", body: []byte(marker)}))
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"schema":1`, `"verdict":"malicious"`, `"disposition":"reject"`, `"code":550`,
		`"enhanced":"5.7.1"`, `"path":"1/a.txt"`, `"names":["a.txt"]`, `"declared":"application/octet-stream"`,
		`"sha256":"`, `"engine":"marker"`, `"signature":"Test.Marker"`, `"class":"malicious"`, `"stats":{`} {
		if !bytes.Contains(b, []byte(key)) {
			t.Errorf("no %s in %s", key, b)
		}
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if back.Verdict != r.Verdict || back.Objects[1].SHA256.String() != r.Objects[1].SHA256.String() {
		t.Error("the report did not survive the round trip")
	}
}

func TestTruncatedIsNeverClean(t *testing.T) {
	s := newScanner(t, Config{})
	msg := mail(part{name: "a.txt", body: []byte("hello")})
	broken := errors.New("line broke")
	r, err := s.Scan(context.Background(), io.MultiReader(strings.NewReader(msg), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if r.Verdict != VerdictUnchecked || r.Disposition != Defer || r.Reply.Code != 451 {
		t.Errorf("%v %v %v", r.Verdict, r.Disposition, r.Reply)
	}
}

func TestCancelledIsNeverClean(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := newScanner(t, Config{Engines: []Engine{engineFunc(func(context.Context, *Object) ([]Finding, error) {
		cancel()
		return nil, nil
	})}})
	r, err := s.Scan(ctx, strings.NewReader(mail(part{name: "a", body: []byte("a")}, part{name: "b", body: []byte("b")})))
	if !errors.Is(err, context.Canceled) || r.Verdict == VerdictClean {
		t.Errorf("error %v, verdict %v", err, r.Verdict)
	}
}

func TestAbandonedWriter(t *testing.T) {
	s := newScanner(t, Config{})
	w := s.NewWriter(context.Background())
	io.WriteString(w, "Subject: x\r\n\r\nhello")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := w.Report()
	if err == nil || r == nil || r.Verdict == VerdictClean {
		t.Errorf("report %+v, error %v", r, err)
	}
}

func TestPanicCostsOneObject(t *testing.T) {
	s := newScanner(t, Config{Engines: []Engine{
		engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
			if o.Name() == "bad" {
				panic("boom")
			}
			return nil, nil
		}), markerEngine{}}})
	r := scanString(t, s, mail(part{name: "bad", body: []byte("x")}, part{name: "next", body: []byte(marker)}))
	if r.Verdict != VerdictMalicious {
		t.Errorf("verdict %v: the scan did not go on", r.Verdict)
	}
	if u := object(t, r, "1/bad").Unchecked; len(u) != 1 || u[0].Reason != ReasonEngine {
		t.Errorf("unchecked %+v", u)
	}
}

func TestScanFile(t *testing.T) {
	s := newScanner(t, Config{})
	z := zipped(t, part{name: "c.txt", body: []byte(marker)})
	tests := []struct{ name, content, path string }{
		{"dir/x.zip", string(z), "x.zip/c.txt"},
		{"-", string(z), "-/c.txt"},
		{"m", "From a@example.org Tue Nov 24 10:00:00 2026\n" + mail(part{name: "x.zip", body: z}), "1/x.zip/c.txt"},
		{"m", "X-Envelope-From: <a@example.org>\nX-Envelope-To: b@example.org\n" + mail(part{name: "x.zip", body: z}), "1/x.zip/c.txt"},
	}
	for _, tt := range tests {
		r, err := s.ScanFile(context.Background(), tt.name, strings.NewReader(tt.content))
		if err != nil || r.Verdict != VerdictMalicious || r.File != tt.name {
			t.Errorf("%s: %v %v %q", tt.name, err, r.Verdict, r.File)
			continue
		}
		object(t, r, tt.path)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Engines: []Engine{markerEngine{}}, TempDir: dir, Limits: Limits{MemoryBytes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	r := scanString(t, s, mail(part{name: "a.zip", body: zipped(t, part{name: "c.txt", body: []byte(marker)})}))
	if r.Verdict != VerdictMalicious || r.Stats.SpooledBytes == 0 {
		t.Errorf("verdict %v, spooled %d", r.Verdict, r.Stats.SpooledBytes)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors open before, %d after", before, after)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return len(list)
}

func TestObjectIsReleased(t *testing.T) {
	var kept *Object
	s := newScanner(t, Config{Engines: []Engine{engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
		kept = o
		return nil, nil
	})}})
	scanString(t, s, "Subject: x\r\n\r\nhello")
	if _, err := kept.Bytes(); !errors.Is(err, ErrReleased) {
		t.Errorf("error %v", err)
	}
}

func TestRawNames(t *testing.T) {
	msg := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Disposition: attachment; filename==?utf-8?Q?=C3=A9.exe?=\r\n\r\nx\r\n" +
		"--b\r\nContent-Disposition: attachment; filename=\"\xe9.exe\"\r\n\r\ny\r\n" +
		"--b\r\nContent-Disposition: attachment; filename=plain.exe\r\n\r\nz\r\n--b--\r\n"
	r := scanString(t, newScanner(t, Config{}), msg)
	var got []string
	for _, o := range r.Objects[1:] {
		got = append(got, strings.Join(o.Names, "|")+" "+strings.Join(o.RawNames, "|"))
	}
	want := []string{"é.exe =?utf-8?Q?=C3=A9.exe?=", `é.exe \xe9.exe`, "plain.exe "}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}
