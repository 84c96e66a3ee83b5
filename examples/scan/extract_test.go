package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExtract(t *testing.T) {
	message := attach("x.zip", zipped(t, "../../a.sh", "hello", "b/evil\n.com", virus()))
	dir := folder(t, "x.eml", message)
	name := filepath.Join(dir, "x.eml")
	for _, c := range []struct{ path, body string }{
		{"2/x.zip/b/evil_.com", virus()},
		{"1", "hello"},
		{"2/x.zip/../../a.sh", "hello"}, // has the bytes of the one before
	} {
		for _, from := range []string{name, "-"} {
			to := t.TempDir()
			want := filepath.Join(to, fmt.Sprintf("%x.bin", sha256.Sum256([]byte(c.body))))
			got := scan(t, message, "--extract", c.path, "--extract-to", to, from)
			if got.code != exitClean || got.stdout != want+"\n" {
				t.Fatalf("%q: %+v, want %s", c.path, got, want)
			}
			body, err := os.ReadFile(want)
			if err != nil || string(body) != c.body {
				t.Errorf("%q: %q, %v", c.path, body, err)
			}
			if info, err := os.Stat(want); err != nil || info.Mode() != 0o600 {
				t.Errorf("%q: %v, %v", c.path, info.Mode(), err)
			}
			// What exists is not overwritten, and a link is not followed.
			if err := os.WriteFile(want, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			got = scan(t, message, "--extract", c.path, "--extract-to", to, from)
			if body, _ := os.ReadFile(want); got.code != exitError || !strings.Contains(got.stderr, "exists") || string(body) != "mine" {
				t.Errorf("%q: again: %+v, %q", c.path, got, body)
			}
			os.Remove(want)
			if err := os.Symlink(filepath.Join(to, "elsewhere"), want); err != nil {
				t.Skip(err)
			}
			got = scan(t, message, "--extract", c.path, "--extract-to", to, from)
			if _, err := os.Stat(filepath.Join(to, "elsewhere")); got.code != exitError || err == nil {
				t.Errorf("%q: through a link: %+v", c.path, got)
			}
		}
	}
	for _, args := range [][]string{
		{"--extract", "9", name}, {"--extract", "1", name, name}, {"--extract", "1"}, {"--extract", "1", dir},
		{"--extract", "1", filepath.Join(dir, "missing")}, {"--extract", "1", "--extract-to", filepath.Join(dir, "missing"), name},
	} {
		if got := scan(t, "", args...); got.code != exitError || got.stderr == "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.bin")); len(left) > 0 {
		t.Error(left)
	}
}
