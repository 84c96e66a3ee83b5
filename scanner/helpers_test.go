package scanner

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// marker is what markerEngine finds: a private string, no malware.
const marker = "fivefifty-test-marker-5b1d"

// markerEngine finds the marker in an object's bytes.
type markerEngine struct{}

func (markerEngine) Name() string { return "marker" }

func (markerEngine) Inspect(_ context.Context, obj *Object) ([]Finding, error) {
	b, err := obj.Bytes()
	if err != nil {
		return nil, err
	}
	if bytes.Contains(b, []byte(marker)) {
		return []Finding{{Signature: "Test.Marker", Class: ClassMalicious}}, nil
	}
	return nil, nil
}

// engineFunc is an Engine made of a function.
type engineFunc func(context.Context, *Object) ([]Finding, error)

func (engineFunc) Name() string { return "func" }
func (f engineFunc) Inspect(ctx context.Context, obj *Object) ([]Finding, error) {
	return f(ctx, obj)
}

func newScanner(t testing.TB, cfg Config) *Scanner {
	t.Helper()
	if cfg.Engines == nil {
		cfg.Engines = []Engine{markerEngine{}}
	}
	cfg.TempDir = t.TempDir()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scanString(t testing.TB, s *Scanner, msg string) *Report {
	t.Helper()
	r, err := s.Scan(context.Background(), strings.NewReader(msg))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// part is one attachment of a test message.
type part struct {
	name string
	typ  string
	body []byte
}

func mail(parts ...part) string {
	var b strings.Builder
	b.WriteString("From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n")
	for _, p := range parts {
		typ := p.typ
		if typ == "" {
			typ = "application/octet-stream"
		}
		fmt.Fprintf(&b, "--=_b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=%q\r\n\r\n", typ, p.name)
		b.WriteString(wrap(base64.StdEncoding.EncodeToString(p.body)))
		b.WriteString("\r\n")
	}
	b.WriteString("--=_b--\r\n")
	return b.String()
}

func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}

func zipped(t testing.TB, files ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.typ == "stored" {
			h.Method = zip.Store
		}
		fw, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fw.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// object returns the report's object at path.
func object(t testing.TB, r *Report, path string) *Object {
	t.Helper()
	var paths []string
	for _, o := range r.Objects {
		if o.Path == path {
			return o
		}
		paths = append(paths, o.Path)
	}
	t.Fatalf("no object %q in %q", path, paths)
	return nil
}

func reasons(r *Report) map[Reason]int {
	m := map[Reason]int{}
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			m[u.Reason]++
		}
	}
	return m
}
