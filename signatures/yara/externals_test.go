//go:build cgo

package yara

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// inspectFunc is an engine that lets a test call an engine itself.
type inspectFunc func(context.Context, *scanner.Object)

func (inspectFunc) Name() string { return "test" }
func (f inspectFunc) Inspect(ctx context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	f(ctx, obj)
	return nil, nil
}

// withObject calls f with an object of that name and body.
func withObject(t testing.TB, name, body string, f func(context.Context, *scanner.Object)) {
	t.Helper()
	met := false
	s, err := scanner.New(scanner.Config{TempDir: t.TempDir(), Engines: []scanner.Engine{
		inspectFunc(func(ctx context.Context, obj *scanner.Object) {
			if !met { // the first is the file itself
				met = true
				f(ctx, obj)
			}
		})}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ScanFile(context.Background(), name, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if !met {
		t.Fatal("no object")
	}
}

// signatures returns the signatures of findings.
func signatures(findings []scanner.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Signature)
	}
	return list
}

// Each external has the value documented in the package comment.
func TestExternals(t *testing.T) {
	const body = "MZ not quite"
	sum := md5.Sum([]byte(body))
	want := map[string]string{
		"filename":       "Invoice.PDF.exe ",
		"filepath":       "1.2/invoice.zip/docs/Invoice.PDF.exe ",
		"extension":      ".exe",
		"filetype":       "EXE",
		"owner":          "",
		"md5":            hex.EncodeToString(sum[:]),
		"mail_path":      "1.2/invoice.zip/docs/Invoice.PDF.exe ",
		"mail_names":     "docs/Invoice.PDF.exe ",
		"mail_declared":  "application/octet-stream",
		"mail_detected":  "pe",
		"mail_reading":   "relaxed",
		"mail_anomalies": "double-extension bidi-override",
		"mail_container": "zip",
		"mail_from":      "<a@example.org>",
		"mail_to":        "<b@example.org> <c@example.org>",
		"mail_client":    "192.0.2.1",
		"mail_helo":      "client.example.org",
		"mail_direction": "in",
	}
	env := &scanner.Envelope{ClientAddr: "192.0.2.1", HELO: "client.example.org", Sender: "<a@example.org>",
		Recipients: []string{"<b@example.org>", "<c@example.org>"}, Direction: "in", QueueID: "q"}
	var text strings.Builder
	for i := range externals {
		name := externals[i].name
		v, ok := want[name]
		if !ok {
			t.Errorf("no value for %s", name)
		}
		fmt.Fprintf(&text, "rule %s_ { condition: %s == %q }\n", name, name, v)
	}
	e := configured(t, Config{MaxMatches: 100, Sources: []Source{{Text: text.String()}}})
	withObject(t, "x", body, func(ctx context.Context, obj *scanner.Object) {
		obj.Path, obj.Names = want["mail_path"], []string{want["mail_names"]}
		obj.Member = &scanner.Member{Container: want["mail_container"]}
		obj.Declared, obj.Type, obj.Reading = want["mail_declared"], want["mail_detected"], want["mail_reading"]
		obj.Anomalies = strings.Fields(want["mail_anomalies"])
		found, err := e.Inspect(scanner.WithEnvelope(ctx, env), obj)
		if err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if !slices.Contains(signatures(found), name+"_") {
				t.Errorf("%s is not %q", name, want[name])
			}
		}
	})
}

func TestNoEnvelopeNoName(t *testing.T) {
	var text strings.Builder
	for _, name := range []string{"filename", "extension", "owner", "mail_names", "mail_from", "mail_to", "mail_direction"} {
		fmt.Fprintf(&text, "rule %s_ { condition: %s == \"\" }\n", name, name)
	}
	e := newEngine(t, text.String())
	withObject(t, "x", "body", func(ctx context.Context, obj *scanner.Object) {
		obj.Names = nil
		found, err := e.Inspect(ctx, obj)
		if err != nil || len(found) != 7 {
			t.Errorf("%v, %v", signatures(found), err)
		}
	})
}

func TestExtension(t *testing.T) {
	for name, want := range map[string]string{
		"":               "",
		"a":              "",
		"a.EXE":          ".exe",
		"a.exe . .":      ".exe",
		"a.pdf.Js":       ".js",
		`c:\x.d\file`:    "",
		"x.d/file.Tar":   ".tar",
		"a.exe\x00":      ".exe",
		".htaccess":      ".htaccess",
		"a.sc\u00A0":     ".sc",
		"a.\u202Efdp.js": ".js",
	} {
		if got := extension(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestFileType(t *testing.T) {
	for typ, want := range map[string]string{"pe": "EXE", "zip": "ZIP", "pdf": "PDF", "docx": "Office", "doc": "OLE", "rtf": "RTF", "gif": "GIF", "data": "UNKNOWN"} {
		if got := fileType(typ); got != want {
			t.Errorf("%s: %q, want %q", typ, got, want)
		}
	}
}

// An object with several names is scanned under each, and matches once.
func TestNames(t *testing.T) {
	e := newEngine(t, `
rule always { strings: $a = "body" condition: $a }
rule first { condition: filename == "first.txt" }
rule second { condition: extension == ".exe" and filepath == "1/2/second.exe" }
rule third { condition: filename == "third.js" }
rule short { condition: filename == "cut.exe" }
rule same { condition: filename contains "t" }
`)
	withObject(t, "x", "body", func(ctx context.Context, obj *scanner.Object) {
		obj.Path = "1/2/first.txt"
		obj.Names = []string{"first.txt", "second.exe", "first.txt", `a\third.js`, "cut.exe\x00.txt"}
		found, err := e.Inspect(ctx, obj)
		if err != nil {
			t.Fatal(err)
		}
		got := signatures(found)
		slices.Sort(got)
		if want := []string{"always", "first", "same", "second", "short", "third"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestNamesInMail(t *testing.T) {
	e := newEngine(t, "rule js { condition: extension == \".js\" }")
	r := scan(t, context.Background(), e, "MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.js\r\n"+
		"Content-Disposition: attachment; filename=a.txt\r\n\r\nbody\r\n")
	if r.Verdict != scanner.VerdictMalicious {
		t.Errorf("verdict %v", r.Verdict)
	}
}

func TestTooManyNames(t *testing.T) {
	e := newEngine(t, "rule r { condition: filename == \"n0\" }")
	plain := newEngine(t, "rule r { condition: mail_names contains \"n0\" }")
	withObject(t, "x", "body", func(ctx context.Context, obj *scanner.Object) {
		obj.Names = nil
		for i := range maxScans {
			obj.Names = append(obj.Names, fmt.Sprint("n", i))
		}
		if found, err := e.Inspect(ctx, obj); err != nil || len(found) != 1 {
			t.Errorf("at the limit: %v, %v", found, err)
		}
		obj.Names = append(obj.Names, "one more")
		if found, err := e.Inspect(ctx, obj); err == nil || len(found) != 1 {
			t.Errorf("above the limit: %v, %v", found, err)
		}
		if found, err := plain.Inspect(ctx, obj); err != nil || len(found) != 1 {
			t.Errorf("without rules by name: %v, %v", found, err)
		}
	})
}
