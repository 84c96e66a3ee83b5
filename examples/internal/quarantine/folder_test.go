package quarantine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

func keep(t *testing.T, f *Folder, ref, text string) error {
	t.Helper()
	d := f.Draft()
	defer d.Discard()
	d.Write([]byte(text))
	return d.Keep(&scanner.Envelope{Sender: "a@b"}, &scanner.Report{Reference: ref})
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", e.Name(), info.Mode())
		}
	}
	return strings.Join(all, " ")
}

func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "q")
	f, err := Open(dir, time.Hour, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := keep(t, f, "AAAA-1", "mail"); err != nil {
		t.Fatal(err)
	}
	d := f.Draft()
	d.Write([]byte("not kept"))
	d.Discard()
	d.Discard()
	if got := names(t, dir); got != "AAAA-1.eml AAAA-1.json" {
		t.Errorf("there are %s", got)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "AAAA-1.json"))
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Envelope.Sender != "a@b" || r.Report.Reference != "AAAA-1" || r.Time.IsZero() {
		t.Errorf("%v: %s", err, text)
	}
	for _, ref := range []string{"", "../x", "a/b", "x\x00"} {
		if keep(t, f, ref, "mail") == nil {
			t.Errorf("%q was a reference", ref)
		}
	}
	if keep(t, f, "AAAA-1", "another") == nil {
		t.Error("one was overwritten")
	}
}

func TestBounds(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir, time.Hour, 3000)
	if err != nil {
		t.Fatal(err)
	}
	for i, ref := range []string{"A-1", "A-2", "A-3"} {
		if err := keep(t, f, ref, strings.Repeat("x", 800)); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(time.Duration(i-10) * time.Minute)
		for _, ext := range []string{".eml", ".json"} {
			os.Chtimes(filepath.Join(dir, ref+ext), old, old)
		}
	}
	if got := names(t, dir); strings.Contains(got, "A-1") || !strings.Contains(got, "A-3.eml") {
		t.Errorf("full: %s", got)
	}
	if keep(t, f, "A-4", strings.Repeat("x", 4000)) == nil {
		t.Error("one larger than all was kept")
	}
	old := time.Now().Add(-2 * time.Hour)
	os.Chtimes(filepath.Join(dir, "A-3.eml"), old, old)
	os.Chtimes(filepath.Join(dir, "A-3.json"), old, old)
	os.WriteFile(filepath.Join(dir, draftPrefix+"1"), nil, 0o600)
	os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600)
	if _, err := Open(dir, time.Hour, 3000); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); strings.Contains(got, "A-3") || strings.Contains(got, draftPrefix) || !strings.Contains(got, "notes.txt") {
		t.Errorf("after a start: %s", got)
	}
}
