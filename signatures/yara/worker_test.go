//go:build unix && cgo

package yara

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

// workerWord as the first argument makes of the test program a worker that can
// be made to fail by what is in an object.
const workerWord = "yara-worker-of-tests"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerWord {
		err := serve(func(data []byte) {
			switch {
			case bytes.Contains(data, []byte("end the worker")):
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			case bytes.Contains(data, []byte("fault in the worker")):
				_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
				select {}
			case bytes.Contains(data, []byte("stop the worker")):
				select {}
			}
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == parentWord {
		e, _, err := New(atWork(Config{Sources: []Source{{Text: eicarRule}}}))
		if err == nil {
			fmt.Println(e.matcher.(*worker).current.cmd.Process.Pid)
			select {}
		}
	}
	os.Exit(m.Run())
}

// parentWord as the first argument makes of the test program one that has a
// worker, tells its process number, and waits.
const parentWord = "yara-parent-of-tests"

// A worker ends with the process that started it, however that ends.
func TestWorkerEndsWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0], parentWord)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, err = fmt.Fscan(out, &pid)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && bytes.Contains(b, []byte(") Z ")) {
			return // its new parent has not waited for it yet
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

// atWork returns the configuration for a worker.
func atWork(cfg Config) Config {
	cfg.Command = []string{os.Args[0], workerWord}
	return cfg
}

// descriptors returns the number of open file descriptors, -1 if unknown.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(list)
}

// noChildren fails if there are processes that nobody waited for.
func noChildren(t *testing.T) {
	t.Helper()
	if list, err := filepath.Glob("/proc/self/task/*/children"); err == nil {
		for _, name := range list {
			if text, err := os.ReadFile(name); err == nil && len(bytes.TrimSpace(text)) > 0 {
				t.Errorf("children: %s", text)
			}
		}
	}
}

// A worker finds what an engine in this process finds, and tells the same of its
// rules.
func TestWorkerFindsTheSame(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(3, 4))}
	cfg := cacheConfig("")
	cfg.Disable = []string{"nobody"}
	for i := range 5 {
		cfg.Sources = append(cfg.Sources, Source{Name: fmt.Sprint("generated", i), Text: g.text(6)})
	}
	cfg.Sources = append(cfg.Sources, Source{Name: "bytes \xff", Text: "rule name_of_bytes { condition: filename == \"\\xffx\" }"})
	found, rules, warnings := told(t, cfg)
	gotFound, gotRules, gotWarnings := told(t, atWork(cfg))
	if diff := cmp.Diff(found, gotFound); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rules[:len(rules)-1], gotRules[:len(gotRules)-1]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(warnings, gotWarnings); diff != "" {
		t.Error(diff)
	}
	here, there := configuredWithWarnings(t, cfg), configuredWithWarnings(t, atWork(cfg))
	defer here.Close()
	defer there.Close()
	if here.Rules() != there.Rules() {
		t.Errorf("%d rules, want %d", there.Rules(), here.Rules())
	}
	all := samples()
	all["large"] = []byte(strings.Repeat("alpha beta gamma delta epsilon ", 5_000))
	all["limit"] = all["large"][:maxInline]
	all["over"] = all["large"][:maxInline+1]
	for name, data := range all {
		for _, filename := range []string{"x", "\xffx"} {
			withObject(t, "x", string(data)+" ", func(ctx context.Context, obj *scanner.Object) {
				obj.Names = []string{filename}
				want, err := here.Inspect(ctx, obj)
				if err != nil {
					t.Fatal(err)
				}
				got, err := there.Inspect(ctx, obj)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%s: %v %s", name, err, diff)
				}
			})
		}
	}
}

// An object that ends the worker is an error; those beside it and after it are
// examined; nothing stays behind.
func TestWorkerFails(t *testing.T) {
	noChildren(t)
	open := descriptors()
	cfg := atWork(Config{Timeout: time.Second, Sources: []Source{{Text: eicarRule}}})
	e := configured(t, cfg)
	inspect := func(body string, want int, failure error) {
		t.Helper()
		withObject(t, "x", body, func(ctx context.Context, obj *scanner.Object) {
			found, err := e.Inspect(ctx, obj)
			if len(found) != want || (err != nil) != (failure != nil) || failure != nil && !errors.Is(err, failure) {
				t.Errorf("%.20q: %v, %v", body, found, err)
			}
		})
	}
	inspect(eicar+" ", 1, nil)
	inspect("end the worker", 0, errEnded)
	inspect(eicar+" ", 1, nil)
	inspect("fault in the worker"+strings.Repeat("x", maxInline), 0, errEnded)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if i == 7 || i == 13 {
				inspect("end the worker", 0, errEnded)
			} else {
				inspect(eicar+fmt.Sprint(i), 1, nil)
			}
		})
	}
	wg.Wait()
	if s := e.Stats(); s.Restarts < 4 || s.Errors != 4 || s.Objects != 24 || s.Matched != 20 {
		t.Errorf("%+v", s)
	}
	// The scan's own report says so.
	r := scan(t, context.Background(), e, mail(file{"a", "end the worker"}, file{"b", "x" + eicar}))
	var reasons []scanner.Reason
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			reasons = append(reasons, u.Reason)
		}
	}
	if r.Verdict != scanner.VerdictMalicious || len(reasons) == 0 || slices.ContainsFunc(reasons, func(r scanner.Reason) bool { return r != scanner.ReasonEngine }) {
		t.Errorf("%v %v", r.Verdict, reasons)
	}
	e.Close()
	noChildren(t)
	if now := descriptors(); now > open {
		t.Errorf("%d file descriptors, %d before", now, open)
	}
}

// A worker that gives no answer is killed, and the object is a timeout.
func TestWorkerHangs(t *testing.T) {
	e := configured(t, atWork(Config{Sources: []Source{{Text: eicarRule}}}))
	withObject(t, "x", "stop the worker", func(ctx context.Context, obj *scanner.Object) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if _, err := e.Inspect(ctx, obj); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	withObject(t, "x", eicar+" ", func(ctx context.Context, obj *scanner.Object) {
		if found, err := e.Inspect(ctx, obj); err != nil || len(found) != 1 {
			t.Error(found, err)
		}
	})
}

// A rule that is too slow is libyara's timeout, as in this process.
func TestWorkerTimeout(t *testing.T) {
	e := configured(t, atWork(Config{Timeout: time.Second, Sources: []Source{{
		Text: "rule slow { condition: for all i in (1..100000000) : ( for all j in (1..100000000) : ( i + j > 0 ) ) }"}}}))
	withObject(t, "x", "x", func(ctx context.Context, obj *scanner.Object) {
		if _, err := e.Inspect(ctx, obj); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	if s := e.Stats(); s.Timeouts != 1 || s.Restarts != 0 || s.Slowest.Time < time.Second {
		t.Errorf("%+v", s)
	}
}

func TestWorkerDoesNotStart(t *testing.T) {
	open := descriptors()
	source := []Source{{Text: eicarRule}}
	for _, command := range [][]string{{filepath.Join(t.TempDir(), "nothing")}, {"/bin/false"}, {"/bin/echo", "hello"}} {
		if e, _, err := New(Config{Command: command, Sources: source}); err == nil {
			e.Close()
			t.Errorf("%s: no error", command)
		}
	}
	if _, warnings, err := New(atWork(Config{Sources: []Source{{Text: "rule a { condition: $a }"}}})); !errors.Is(err, ErrNoRules) || len(warnings) != 1 {
		t.Errorf("%v, %v", warnings, err)
	}
	noChildren(t)
	if now := descriptors(); now > open {
		t.Errorf("%d file descriptors, %d before", now, open)
	}
	if out, err := exec.Command(os.Args[0], workerWord).CombinedOutput(); err == nil || !strings.Contains(string(out), "not started by an Engine") {
		t.Errorf("Serve without an engine: %s", out)
	}
}

// What a worker answers is not believed.
func TestWorkerReplies(t *testing.T) {
	w := &worker{cfg: Config{MaxMatches: 2}}
	res, err := w.judge(reply{Findings: make([]scanner.Finding, 5), Error: "x\x1b\n"})
	if len(res.findings) != 2 || res.findings[0].Engine != "yara" || err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v, %v", res, err)
	}
	for _, frame := range []string{"", "\x00\x00", "\xff\xff\xff\xff{}", "\x00\x00\x00\x05{}", "\x00\x00\x00\x02{]", "\x00\x00\x00\x04null"} {
		var rep reply
		if err := receive(strings.NewReader(frame), &rep); (err == nil) != strings.HasSuffix(frame, "null") {
			t.Errorf("%q: %v", frame, err)
		}
	}
}

// BenchmarkWorker measures an object in this process and in a worker.
func BenchmarkWorker(b *testing.B) {
	cfg := Config{Sources: []Source{{Text: ruleSet(1000, false)}}}
	for _, where := range []string{"here", "worker"} {
		c := cfg
		if where == "worker" {
			c = atWork(cfg)
		}
		e := configured(b, c)
		for _, size := range []int{1 << 10, 64 << 10, 1 << 20, 16 << 20} {
			b.Run(fmt.Sprintf("where=%s/bytes=%d", where, size), func(b *testing.B) {
				benchmarkObject(b, e, strings.Repeat("some text that no rule asks for, 0123456789\r\n", size/45+1)[:size], nil)
			})
		}
		e.Close()
	}
}
