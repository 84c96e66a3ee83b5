package live

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yar", "1")
	synctest.Test(t, func(t *testing.T) {
		var loads, failures atomic.Int64
		var bad atomic.Bool
		s, err := New(func() (*scanner.Scanner, io.Closer, error) {
			loads.Add(1)
			if bad.Load() {
				return nil, nil, errors.New("bad rules")
			}
			sc, err := scanner.New(scanner.Config{})
			return sc, nil, err
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go Watch(ctx, time.Second, func() []string { return []string{dir, filepath.Join(dir, "none")} }, func() {
			if s.Reload() != nil {
				failures.Add(1)
			}
		})
		after := func(what string, wantLoads, wantFailures int64) {
			t.Helper()
			time.Sleep(5*time.Second + time.Millisecond)
			synctest.Wait()
			if l, f := loads.Load(), failures.Load(); l != wantLoads || f != wantFailures {
				t.Errorf("%s: %d loads and %d failures, want %d and %d", what, l, f, wantLoads, wantFailures)
			}
		}
		after("nothing", 1, 0)
		write("a.yar", "longer")
		after("a file changed", 2, 0)
		write("sub/b.yar", "1")
		after("a file in a new folder", 3, 0)
		bad.Store(true)
		os.Remove(filepath.Join(dir, "a.yar"))
		after("a file removed, bad rules", 4, 1)
		old := s.Acquire()
		if old.Scanner == nil {
			t.Error("the old scanner is gone")
		}
		old.Release()
		bad.Store(false)
		write("none", "1")
		after("a path that was missing", 5, 1)
		cancel()
	})
}
