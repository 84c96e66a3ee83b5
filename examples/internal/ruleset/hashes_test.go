package ruleset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// signature scans a file of that content with a set and returns what was found first.
func signature(t *testing.T, s *Set, content string) string {
	t.Helper()
	scan, err := scanner.New(scanner.Config{Engines: s.Engines})
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.ScanFile(context.Background(), "x.bin", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings() {
		return f.Signature
	}
	return ""
}

// A file of hashes serves like its lists, beside others, and can be built anew
// while it is in use.
func TestBuiltHashes(t *testing.T) {
	dir := t.TempDir()
	list, other, file := filepath.Join(dir, "list.hsb"), filepath.Join(dir, "other.hsb"), filepath.Join(dir, "x.hashset")
	write := func(path, name, content string) {
		line := fmt.Sprintf("%x:*:%s:73\n", sha256.Sum256([]byte(content)), name)
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func() *Set {
		if w, n, err := BuildHashes(file, []string{list}); err != nil || n != 1 || len(w) > 0 {
			t.Fatalf("%d hashes, %v, %v", n, w, err)
		}
		s, err := Load(Paths{Hashes: []string{file, other}})
		if err != nil || len(s.Warnings) > 0 || s.Summary() != "2 hashes" {
			t.Fatalf("%v, %v", s, err)
		}
		return s
	}
	write(list, "Old", "one")
	write(other, "Other", "two")
	old := load()
	write(list, "New", "one")
	now := load()
	defer now.Close()
	for content, want := range map[string]string{"one": "Old", "two": "Other", "three": ""} {
		if got := signature(t, old, content); got != want {
			t.Errorf("%s: %q, want %q", content, got, want)
		}
	}
	if got := signature(t, now, "one"); got != "New" {
		t.Errorf("built anew: %q", got)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Paths{Hashes: []string{file}}); err == nil {
		t.Error("no error for a file that is cut")
	}
}
