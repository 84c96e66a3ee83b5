package ruleset

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// A folder of databases finds by body, by digest and by name, and leaves the twin
// alone.
func TestClamAV(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.ndb":  "Test.Body-1:0:*:6669766566696674\n",
		"b.hdb":  "5d41402abc4b2a76b9719d911017c592:5:Test.Hash-1\n", // hello
		"c.cdb":  "Test.Name-1:CL_TYPE_ZIP:*:\\.scr$:*:*:*:*:*:\n",
		"d.pwdb": "Test.Word;Engine:81-255;0;sesame\n",
		"e.fp":   "5d41402abc4b2a76b9719d911017c592:5:Harmless\n", // the same
		"f.ldb":  "Test.Lost-1;Engine:51-255,Target:3;0;6669766566696674\n",
		"g.txt":  "no database\n",
		"a.hdb":  "b1946ac92492d2347c6235b4d2611184:6:Test.Noisy-1\n", // hello and a line feed
		"z.ign2": "Test.Noisy-1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(Paths{ClamAV: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Warnings) != 1 || !slices.Equal(s.Passwords(), []string{"sesame"}) {
		t.Errorf("warnings %q, passwords %q", s.Warnings, s.Passwords())
	}
	want := "1 YARA rules, 2 hashes, 1 body signatures of ClamAV among the rules, 1 signatures of members of archives, 1 passwords, 1 signatures left out"
	if s.Summary() != want {
		t.Error(s.Summary())
	}
	scan, err := scanner.New(scanner.Config{Engines: s.Engines})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range [][2]string{{"a.txt", "hello"}, {"b.scr", "x"}, {"c.txt", "<<fivefift>>"}, {"d.scr.txt", "hello!"}, {"f.txt", "hello\n"}, {"e.txt", "fivefive"}} {
		w, _ := z.Create(m[0])
		w.Write([]byte(m[1]))
	}
	z.Close()
	report, err := scan.ScanFile(context.Background(), "t.zip", &b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for o, f := range report.Findings() {
		got = append(got, o.Path+" "+f.Signature+" "+f.Class.String())
	}
	if !slices.Equal(got, []string{"t.zip/a.txt Test.Hash-1 notice", "t.zip/a.txt Harmless allowed", "t.zip/b.scr Test.Name-1 malicious", "t.zip/c.txt Test.Body-1 malicious"}) {
		t.Errorf("%q", got)
	}
	if _, err := Load(Paths{ClamAV: []string{filepath.Join(dir, "missing")}}); err == nil {
		t.Error("a missing path: no error")
	}
}
