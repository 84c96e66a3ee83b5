package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// files are the names and verdicts of a run's documents, in their order.
func (o outcome) files(t *testing.T, dir string) (list []string) {
	t.Helper()
	for _, d := range o.documents(t) {
		rel, err := filepath.Rel(dir, d["file"].(string))
		if err != nil {
			t.Fatal(err)
		}
		verdict, ok := d["verdict"].(string)
		if !ok {
			verdict = "error"
		}
		list = append(list, filepath.ToSlash(rel)+" "+verdict)
	}
	return list
}

func TestFolder(t *testing.T) {
	dir := folder(t,
		"b.eml", cleanMail(),
		"a/z.txt", "text",
		"a/.hidden", virus(),
		"Mail/cur/1:2,S", infectedMail(),
		"Mail/new/2", cleanMail(),
		"Mail/tmp/3", infectedMail(),
		"Mail/.Sent/cur/4", cleanMail(),
		"other/tmp/5", virus())
	for _, sub := range []string{"Mail/.Sent/new", "Mail/.Sent/tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a", ".hidden"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := scan(t, "", "--json", dir)
	want := []string{
		"Mail/.Sent/cur/4 clean", "Mail/cur/1:2,S malicious", "Mail/new/2 clean",
		"a/.hidden malicious", "a/z.txt clean", "b.eml clean", "other/tmp/5 malicious",
	}
	if files := got.files(t, dir); !slices.Equal(files, want) {
		t.Errorf("scanned %q, want %q", files, want)
	}
	if !strings.Contains(got.stderr, "2 symbolic links in folders not followed") || !strings.Contains(got.stderr, "1 special file") {
		t.Errorf("standard error: %s", got.stderr)
	}
	if got := scan(t, "", filepath.Join(dir, "link")); got.code != exitRefused {
		t.Errorf("a link on the command line: code %d", got.code)
	}
}

// A fifo on the command line is read, as the shell's <(…) is one.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	go os.WriteFile(path, []byte(infectedMail()), 0o600)
	if got := scan(t, "", path); got.code != exitRefused {
		t.Errorf("code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := folder(t, "a.eml", cleanMail(), "b.eml", cleanMail(), "c/d.eml", cleanMail(), "e.eml", cleanMail())
	for _, name := range []string{"b.eml", "c"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "c"), 0o700) })
	got := scan(t, "", "--json", dir)
	want := []string{"a.eml clean", "b.eml error", "c error", "e.eml clean"}
	if files := got.files(t, dir); got.code != exitError || !slices.Equal(files, want) {
		t.Errorf("code %d, %q", got.code, files)
	}
}

// A file that was put in another's place while its folder was read is not
// opened in its stead.
func TestReplaced(t *testing.T) {
	dir := folder(t, "a", "one", "b", "two")
	info, err := os.Lstat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("b", filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	var in inputs
	in.file(t.Context(), filepath.Join(dir, "a"), info, false, func(j *job) bool {
		if r := j.work(); r[0].err != errReplaced {
			t.Errorf("error %v", r[0].err)
		}
		return true
	})
}

// A message without mail's usual fields is mail where mail programs take it for
// such, and is walked beside being a text elsewhere; Maildir's tmp is not read.
func TestMailByPlace(t *testing.T) {
	bare := "Content-Transfer-Encoding: base64\n\n" + strings.SplitAfter(infectedMail(), "base64\r\n\r\n")[1]
	dir := folder(t, "x.txt", bare, "x.eml", bare, "Mail/cur/1", bare, "Mail/new/2", bare, "Mail/tmp/3", bare)
	for path, want := range map[string]int{"x.txt": exitRefused, "x.eml": exitRefused, "Mail/cur": exitRefused, "Mail": exitRefused, "Mail/tmp": exitClean} {
		if got := scan(t, "", filepath.Join(dir, path)); got.code != want {
			t.Errorf("%s: code %d, want %d\n%s", path, got.code, want, got.stdout)
		}
	}
}

// Results come in the order of the command line, however many jobs there are.
func TestOrder(t *testing.T) {
	var files, want []string
	for i := range 60 {
		body := cleanMail()
		if i%7 == 0 {
			body = strings.Repeat(body, 200) // takes longer
		}
		name := fmt.Sprintf("%02d.eml", i)
		files = append(files, name, body)
		want = append(want, name+" clean")
	}
	dir := folder(t, files...)
	for _, jobs := range []string{"1", "3", "16"} {
		if got := scan(t, "", "--json", "--jobs", jobs, dir).files(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s jobs: %q", jobs, got)
		}
	}
}

// What runs is bounded by what was printed.
func TestBoundedAhead(t *testing.T) {
	const workers, total = 2, 100
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	taken, printed := 0, 0
	jobs := func(yield func(*job) bool) {
		for range total {
			taken++
			if !yield(newJob(func() []*result { return nil })) {
				return
			}
		}
	}
	release := make(chan struct{})
	first := newJob(func() []*result { <-release; return nil })
	err := runOrdered(ctx, cancel, func(yield func(*job) bool) {
		if !yield(first) {
			return
		}
		jobs(func(j *job) bool {
			if taken == workers*ahead {
				close(release) // all that may be ahead of the first is
			}
			return yield(j)
		})
	}, workers, func(*job) error { printed++; return nil })
	if err != nil || printed != total+1 {
		t.Errorf("%d printed, %v", printed, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	dir := folder(t, "a.eml", cleanMail())
	if code := run(ctx, []string{dir}, nil, &stdout, &stderr, environment()); code != exitError || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("code %d, %s", code, stderr.String())
	}
}
