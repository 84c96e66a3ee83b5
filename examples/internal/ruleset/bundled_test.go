package ruleset

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// testFile is EICAR's, assembled so that nothing takes this source for it.
var testFile = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + strings.Join([]string{"EICAR", "STANDARD", "ANTIVIRUS", "TEST", "FILE!$H+H*"}, "-")

const (
	lnk      = "L\x00\x00\x00\x01\x14\x02\x00"
	ole      = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	onenote  = "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d"
	blobGUID = "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
)

func wide(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

// Each rule finds what it is for, and leaves its twin alone.
func TestBundled(t *testing.T) {
	s, err := Load(Paths{Bundled: true})
	if err != nil || len(s.Warnings) > 0 {
		t.Fatal(err, s.Warnings)
	}
	defer s.Close()
	scan, err := scanner.New(scanner.Config{Engines: s.Engines})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"eicar", testFile, []string{"EICAR-Test-File", "EICAR_Test_File"}},
		{"eicar with LF", testFile + "\n", []string{"EICAR-Test-File", "EICAR_Test_File"}},
		{"eicar in a text", "read about " + testFile, nil},
		{"script", "var x = new ActiveXObject('MSXML2.XMLHTTP'), s = new ActiveXObject('ADODB.Stream');\ns.SaveToFile(f); new ActiveXObject('WScript.Shell').Run(f)", []string{"Script_Download_And_Run"}},
		{"script that only fetches", "var x = new ActiveXObject('MSXML2.XMLHTTP'); x.open('GET', u)", nil},
		{"shortcut", lnk + wide("C:\\Windows\\System32\\cmd.exe /c start"), []string{"Shortcut_Runs_Interpreter"}},
		{"shortcut to a document", lnk + wide("C:\\Users\\a\\letter.docx"), nil},
		{"rtf", `{\rtf1 {\object\objdata 0105000002000000` + "0b0000004571756174696f6e2e3300}}", []string{"RTF_Equation_Object"}},
		{"rtf with a picture", `{\rtf1 {\object\objdata 01050000020000000700000050427275736800}}`, nil},
		{"onenote", onenote + blobGUID + "@echo off", []string{"OneNote_Embedded_Script"}},
		{"onenote with an image", onenote + blobGUID + "\x89PNG", nil},
		{"smuggling", "<html><script>var b=new Blob([Uint8Array.from(atob(d))]);a.href=URL.createObjectURL(b);a.download='x.iso';a.click()</script>", []string{"HTML_Smuggling"}},
		{"page with a script", "<html><script>document.title='x'.replace('x','y')</script>", nil},
		{"macro", ole + "Attribut\x00e VB_Name AutoOpen WScript.Shell", []string{"Macro_Runs_At_Open"}},
		{"macro that calculates", ole + "Attribut\x00e VB_Name Workbook_Open Cells(1,1)", nil},
	} {
		mail := "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString([]byte(c.body)) + "\r\n"
		report, err := scan.Scan(context.Background(), strings.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range report.Findings() {
			got = append(got, f.Signature)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := file("a.yar", "rule a { condition: true }\nrule b { condition: nonsense }\n")
	hashes := file("b.hdb", "44d88612fea8a8f36de82e1278abb02f:68:T\nnot a hash\n")
	s, err := Load(Paths{Rules: []string{rules}, Hashes: []string{hashes}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Engines) != 2 || len(s.Warnings) != 2 || s.Summary() != "1 YARA rules, 1 hashes" {
		t.Errorf("%d engines, warnings %q, %s", len(s.Engines), s.Warnings, s.Summary())
	}
	missing := filepath.Join(dir, "missing")
	for _, p := range []Paths{{Rules: []string{missing}}, {Hashes: []string{missing}}} {
		if _, err := Load(p); err == nil {
			t.Errorf("%v: no error", p)
		}
	}
	if s, err := Load(Paths{}); err != nil || s.Summary() != "no rules and no hashes" || s.Close() != nil {
		t.Error(err, s)
	}
}
