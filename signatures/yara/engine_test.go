//go:build cgo

package yara

import (
	"context"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// eicar is the EICAR test file, put together here so that no file of this tree
// is one.
var eicar = strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR`, `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`}, "-")

const eicarRule = `
rule EICAR_Test_File : test {
	meta:
		description = "EICAR test file"
		score = 80
	strings:
		$a = "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
	condition:
		$a
}
`

// newEngine makes an engine of one text, which must be without fault.
func newEngine(t testing.TB, text string) *Engine {
	t.Helper()
	return configured(t, Config{Sources: []Source{{Name: "test.yar", Text: text}}})
}

func configured(t testing.TB, cfg Config) *Engine {
	t.Helper()
	e, warnings, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Error(w)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// file is one attachment of a test message.
type file struct {
	name string
	body string
}

func mail(files ...file) string {
	var b strings.Builder
	b.WriteString("From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=\"=_b\"\r\n")
	for _, f := range files {
		fmt.Fprintf(&b, "\r\n--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"+
			"Content-Disposition: attachment; filename=%q\r\n\r\n%s\r\n", f.name, base64.StdEncoding.EncodeToString([]byte(f.body)))
	}
	return b.String() + "\r\n--=_b--\r\n"
}

func scan(t testing.TB, ctx context.Context, e scanner.Engine, message string) *scanner.Report {
	t.Helper()
	s, err := scanner.New(scanner.Config{Engines: []scanner.Engine{e}, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Scan(ctx, strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScanMail(t *testing.T) {
	e := newEngine(t, eicarRule)
	r := scan(t, context.Background(), e, mail(file{"note.txt", "hello"}, file{"eicar.com", eicar}))
	if r.Verdict != scanner.VerdictMalicious {
		t.Fatalf("verdict %v", r.Verdict)
	}
	if got, want := r.Reply.String(), "550 5.7.1 E-mail message contained a virus."; got != want {
		t.Errorf("reply %q, want %q", got, want)
	}
	for _, o := range r.Objects {
		if o.Name() != "eicar.com" {
			continue
		}
		want := scanner.Finding{Engine: "yara", Signature: "EICAR_Test_File", Class: scanner.ClassMalicious, Score: 80,
			Namespace: "test.yar", Source: "test.yar:2", Description: "EICAR test file", Detail: "tags test",
			Matches: []scanner.Match{{Name: "$a", Offset: 0x22, Length: 34}}}
		if len(o.Findings) != 1 || !reflect.DeepEqual(o.Findings[0], want) {
			t.Errorf("findings %+v, want %+v", o.Findings, want)
		}
	}
}
