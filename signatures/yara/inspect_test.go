//go:build cgo

package yara

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

func TestEmptyObject(t *testing.T) {
	e := newEngine(t, `
import "pe"
import "elf"
import "hash"
import "math"
import "dotnet"
import "macho"
import "dex"
rule empty { condition: filesize == 0 }
rule modules { condition: not pe.is_pe and not defined hash.md5(0, 1) and not defined math.entropy(0, 1)
	and not defined elf.type and not defined dotnet.version and not defined macho.magic and not defined dex.header.magic }
`)
	withEmpty(t, func(ctx context.Context, obj *scanner.Object) {
		found, err := e.Inspect(ctx, obj)
		if got, want := signatures(found), []string{"empty", "modules"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
}

// withEmpty calls f with an object of no bytes.
func withEmpty(t *testing.T, f func(context.Context, *scanner.Object)) {
	met := false
	e := inspectFunc(func(ctx context.Context, obj *scanner.Object) {
		if obj.Size == 0 {
			met = true
			f(ctx, obj)
		}
	})
	scan(t, context.Background(), e, mail(file{"empty.bin", ""}))
	if !met {
		t.Fatal("no empty object was shown")
	}
}

func TestReleasedObject(t *testing.T) {
	e := newEngine(t, always("a"))
	if _, err := e.Inspect(context.Background(), &scanner.Object{}); !errors.Is(err, scanner.ErrReleased) {
		t.Errorf("error %v", err)
	}
}

func TestEndedContext(t *testing.T) {
	e := newEngine(t, always("a"))
	withObject(t, "x", "body", func(ctx context.Context, obj *scanner.Object) {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := e.Inspect(cancelled, obj); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		past, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
		defer cancel()
		if _, err := e.Inspect(past, obj); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
	})
}

// A rule that would take hours ends by libyara's own clock.
func TestSlowRule(t *testing.T) {
	e := configured(t, Config{Timeout: time.Second, Sources: []Source{{
		Text: "rule slow { condition: for all i in (1..100000000) : ( for all j in (1..100000000) : ( i + j > 0 ) ) }"}}})
	r := scan(t, context.Background(), e, mail(file{"a.bin", "x"}))
	if r.Verdict == scanner.VerdictClean {
		t.Error("clean")
	}
	found := false
	for _, o := range r.Objects {
		for _, u := range o.Unchecked {
			found = found || u.Reason == scanner.ReasonTimeout
		}
	}
	if !found {
		t.Error("no timeout in the report")
	}
}

func TestScanError(t *testing.T) {
	if err := scanError(nil); err != nil {
		t.Error(err)
	}
	if err := scanError(errors.New("scan timeout")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timeout: %v", err)
	}
	inner := errors.New("insufficient memory")
	if err := scanError(inner); !errors.Is(err, inner) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("memory: %v", err)
	}
}

func TestCloseWhileScanning(t *testing.T) {
	e := newEngine(t, always("a"))
	if err := e.acquire(); err != nil { // as a running Inspect does
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l := e.matcher.(*local)
	if l.all == nil {
		t.Fatal("rules freed under a running scan")
	}
	withObject(t, "x", "body", func(ctx context.Context, obj *scanner.Object) {
		if _, err := e.Inspect(ctx, obj); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
	e.release()
	if l.all != nil || l.named != nil {
		t.Error("rules not freed after the last scan")
	}
}

func TestConcurrency(t *testing.T) {
	e := newEngine(t, eicarRule+"rule named { condition: filename == \"b.txt\" }")
	var wg sync.WaitGroup
	var mu sync.Mutex
	scanned := 0
	for range 8 {
		wg.Go(func() {
			withObject(t, "a.com", "x"+eicar, func(ctx context.Context, obj *scanner.Object) {
				obj.Names = []string{"a.txt", "b.txt"}
				for {
					found, err := e.Inspect(ctx, obj)
					if errors.Is(err, ErrClosed) {
						return
					}
					if want := []string{"EICAR_Test_File", "named"}; err != nil || !slices.Equal(signatures(found), want) {
						t.Errorf("%v, %v", found, err)
						return
					}
					mu.Lock()
					if scanned++; scanned == 400 {
						e.Close()
					}
					mu.Unlock()
				}
			})
		})
	}
	wg.Wait()
	if e.matcher.(*local).all != nil {
		t.Error("rules not freed")
	}
}

// A nil dereference that Go code recovers from must not kill the process while
// libyara scans: that is what noTryCatch is for.
func TestRecoveredFaultWhileScanning(t *testing.T) {
	e := newEngine(t, eicarRule)
	body := strings.Repeat("nothing of interest ", 50_000)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					fault(nil)
					runtime.Gosched()
				}
			}
		})
	}
	withObject(t, "x", body, func(ctx context.Context, obj *scanner.Object) {
		for range 100 {
			if _, err := e.Inspect(ctx, obj); err != nil {
				t.Error(err)
			}
		}
	})
	close(stop)
	wg.Wait()
}

func fault(p *scanner.Object) {
	defer func() { _ = recover() }()
	p.Size++
}

// Scanners are made in one function, and that function sets noTryCatch.
func TestScannersAreMadeInOnePlace(t *testing.T) {
	callers := map[string][]string{} // of each method or function that has to do with scanning
	for _, fn := range functions(t) {
		ast.Inspect(fn, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if name := sel.Sel.Name; name == "NewScanner" || name == "SetFlags" || strings.HasPrefix(name, "Scan") {
				callers[name] = append(callers[name], fn.Name.Name)
			}
			if sel.Sel.Name == "SetFlags" && !mentions(call.Args[0], "noTryCatch") {
				t.Error("SetFlags without noTryCatch")
			}
			return true
		})
	}
	// Rules have scans of their own, which take flags: none may be used, so that
	// there is one way to scan.
	want := map[string][]string{"NewScanner": {"newScanner"}, "SetFlags": {"newScanner"}, "ScanMem": {"scanRules", "probe"}}
	if diff := cmp.Diff(want, callers); diff != "" {
		t.Error(diff)
	}
	if noTryCatch != 4 {
		t.Errorf("noTryCatch is %d; SCAN_FLAGS_NO_TRYCATCH of libyara is 4", noTryCatch)
	}
}

// functions returns the functions of this package, tests aside.
func functions(t *testing.T) []*ast.FuncDecl {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var list []*ast.FuncDecl
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				list = append(list, fn)
			}
		}
	}
	return list
}

// mentions says whether the expression has the identifier in it.
func mentions(e ast.Expr, name string) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return true
	})
	return found
}

// residentBytes returns the process's resident memory.
func residentBytes(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// Memory of C is invisible to Go's collector: what is not freed grows.
func TestNoLeak(t *testing.T) {
	round := func() {
		e, _, err := New(Config{Sources: []Source{{Text: eicarRule}, {Text: "rule p { condition: filename == \"x\" }"}}})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		withObject(t, "x", eicar+"x", func(ctx context.Context, obj *scanner.Object) {
			for range 300 {
				if found, err := e.Inspect(ctx, obj); err != nil || len(found) != 2 {
					t.Fatalf("%v, %v", found, err)
				}
			}
		})
	}
	for range 10 {
		round()
	}
	runtime.GC()
	before := residentBytes(t)
	for range 100 {
		round()
	}
	runtime.GC()
	if grown := residentBytes(t) - before; grown > 64<<20 {
		t.Errorf("resident memory grew by %d bytes over 100 engines", grown)
	}
}
