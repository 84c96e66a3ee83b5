package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	dir := folder(t,
		"clean.eml", cleanMail(),
		"infected.eml", infectedMail(),
		"seven.eml", attach("x.7z", sevenZip),
		"plain.com", virus(),
		"note.txt", "nothing to see")
	file := func(names ...string) (paths []string) {
		for _, n := range names {
			if n[0] != '-' && !strings.Contains(n, "=") {
				n = filepath.Join(dir, n)
			}
			paths = append(paths, n)
		}
		return paths
	}
	for _, c := range []struct {
		name string
		args []string
		want int
	}{
		{"clean mail", file("clean.eml"), exitClean},
		{"clean file", file("note.txt"), exitClean},
		{"infected mail", file("infected.eml"), exitRefused},
		{"infected file", file("plain.com"), exitRefused},
		{"unchecked", file("seven.eml"), exitUnchecked},
		{"unchecked but accepted", file("--on-unchecked", "unsupported=accept", "seven.eml"), exitUnchecked},
		{"malicious but accepted", file("--on-finding", "malicious=accept", "infected.eml"), exitRefused},
		{"blocked name", file("--block-name=*.txt", "clean.eml"), exitRefused},
		{"blocked type", file("--block-type=text", "note.txt"), exitRefused},
		{"blocked programs", file("--block-type=programs", "note.txt"), exitClean},
		{"missing", file("missing"), exitError},
		{"missing and unchecked", file("missing", "seven.eml"), exitError},
		{"missing and infected", file("missing", "infected.eml", "seven.eml"), exitRefused},
		{"unchecked and clean", file("seven.eml", "clean.eml"), exitUnchecked},
		{"folder", []string{dir}, exitRefused},
		{"no bundled rules", file("--no-bundled", "infected.eml"), exitClean},
		{"nothing to scan", []string{t.TempDir()}, exitClean},
		{"no argument", nil, exitError},
		{"unknown flag", file("--nonsense", "clean.eml"), exitError},
		{"bad type", file("--block-type=nonsense", "clean.eml"), exitError},
		{"bad pattern", file("--block-name=[", "clean.eml"), exitError},
		{"bad class", file("--on-finding=nonsense=reject", "clean.eml"), exitError},
		{"bad reason", file("--on-unchecked=nonsense=reject", "clean.eml"), exitError},
		{"bad disposition", file("--on-unchecked=limit=nonsense", "clean.eml"), exitError},
		{"bad size", file("--limit-object-bytes=many", "clean.eml"), exitError},
		{"no limit", file("--limit-depth=0", "clean.eml"), exitError},
		{"negative limit", file("--limit-time=-1s", "clean.eml"), exitError},
		{"limit", file("--limit-object-bytes=4", "clean.eml"), exitUnchecked},
		{"no jobs", file("--jobs=0", "clean.eml"), exitError},
		{"missing rules", file("--rules=missing", "clean.eml"), exitError},
		{"missing hashes", file("--hashes=missing", "clean.eml"), exitError},
		{"version", file("--version"), exitClean},
		{"help", file("--help"), exitClean},
	} {
		if got := scan(t, "", c.args...); got.code != c.want {
			t.Errorf("%s: code %d, want %d\n%s%s", c.name, got.code, c.want, got.stdout, got.stderr)
		}
	}
}

func TestStdin(t *testing.T) {
	mbox := "From a Mon Jan  1 00:00:00 2024\n" + cleanMail() + "\nFrom b Mon Jan  1 00:00:00 2024\n" + infectedMail()
	for _, c := range []struct {
		name, in string
		code     int
		docs     int
	}{
		{"clean mail", cleanMail(), exitClean, 1},
		{"infected mail", infectedMail(), exitRefused, 1},
		{"infected file", virus(), exitRefused, 1},
		{"mailbox", mbox, exitRefused, 2},
		{"nothing", "", exitClean, 1},
	} {
		got := scan(t, c.in, "--json", "-")
		docs := got.documents(t)
		if got.code != c.code || len(docs) != c.docs {
			t.Fatalf("%s: code %d, %d documents\n%s", c.name, got.code, len(docs), got.stdout)
		}
		if docs[0]["file"] != "-" {
			t.Errorf("%s: file is %v", c.name, docs[0]["file"])
		}
		path := filepath.Join(folder(t, "in", "skip"+c.in), "in")
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		f.Seek(int64(len("skip")), 0) // what was read already is not scanned
		var stdout, stderr strings.Builder
		if code := run(t.Context(), []string{"--json", "-"}, f, &stdout, &stderr, environment()); code != c.code || strings.Count(stdout.String(), "\n") != c.docs {
			t.Errorf("%s from a file: code %d\n%s", c.name, code, stdout.String())
		}
	}
}

// failing fails after some bytes.
type failing struct{ r *strings.Reader }

var errTape = errors.New("tape torn")

func (f failing) Read(p []byte) (int, error) {
	if n, err := f.r.Read(p); err == nil {
		return n, nil
	}
	return 0, errTape
}

func TestBrokenInput(t *testing.T) {
	long := cleanMail() + strings.Repeat("filler\r\n", 20_000)
	for name, text := range map[string]string{"at once": "", "mail": long, "file": long[20:], "mailbox": "From a Mon Jan  1 00:00:00 2024\n" + long} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), []string{"--json", "-"}, failing{strings.NewReader(text)}, &stdout, &stderr, environment())
		if code != exitError || !strings.Contains(stdout.String(), "tape torn") {
			t.Errorf("%s: code %d, %s", name, code, stdout.String())
		}
	}
}

// A writer that fails ends the program with an error, not with "clean".
func TestBrokenOutput(t *testing.T) {
	dir := folder(t, "a.eml", cleanMail(), "b.eml", cleanMail(), "c.eml", cleanMail())
	for _, flag := range []string{"--json", "--all"} {
		var stderr strings.Builder
		if code := run(t.Context(), []string{flag, dir}, nil, full{}, &stderr, environment()); code != exitError {
			t.Errorf("%s: code %d, %s", flag, code, stderr.String())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestVersion(t *testing.T) {
	if got := scan(t, "", "--version"); !strings.HasPrefix(got.stdout, "fivefifty scan ") {
		t.Errorf("%q", got.stdout)
	}
}
