package scanner

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
)

// mapCache is a Cache without bounds, for one goroutine.
type mapCache map[CacheKey][]Finding

func (c mapCache) Get(k CacheKey) ([]Finding, bool) { f, ok := c[k]; return f, ok }
func (c mapCache) Put(k CacheKey, f []Finding)      { c[k] = f }

// namedEngine finds the marker in objects whose name has a certain end, and counts
// what it is shown.
type namedEngine struct {
	rules string
	shown atomic.Int64
	fail  error
}

func (*namedEngine) Name() string { return "named" }

func (e *namedEngine) Inspect(ctx context.Context, o *Object) ([]Finding, error) {
	e.shown.Add(1)
	if e.fail != nil || !strings.HasSuffix(o.Name(), ".exe") {
		return nil, e.fail
	}
	return markerEngine{}.Inspect(ctx, o)
}

func (e *namedEngine) Facts(_ context.Context, o *Object) (string, bool) {
	return e.rules + "\x00" + o.Name(), o.Name() != "secret.exe"
}

func TestCache(t *testing.T) {
	cache := mapCache{}
	e := &namedEngine{rules: "1"}
	scan := func(name string, want Verdict, shown int64) {
		t.Helper()
		before := e.shown.Load()
		s := newScanner(t, Config{Engines: []Engine{e}, Cache: cache})
		r := scanString(t, s, mail(part{name: name, body: []byte(marker)}))
		if r.Verdict != want {
			t.Errorf("%s: %v, want %v", name, r.Verdict, want)
		}
		if got := e.shown.Load() - before; got != shown {
			t.Errorf("%s: shown %d objects, want %d", name, got, shown)
		}
		if got := int64(r.Stats.Objects-1) - shown; int64(r.Stats.CacheHits) != max(0, got) && name != "secret.exe" {
			t.Errorf("%s: %d hits", name, r.Stats.CacheHits)
		}
	}
	scan("a.exe", VerdictMalicious, 1)
	scan("a.exe", VerdictMalicious, 0)
	scan("b.txt", VerdictClean, 1) // another name is another question
	scan("b.txt", VerdictClean, 0)
	scan("secret.exe", VerdictMalicious, 1) // never kept
	scan("secret.exe", VerdictMalicious, 1)
	e.rules = "2"
	scan("a.exe", VerdictMalicious, 1)
	e.fail = context.DeadlineExceeded
	scan("c.exe", VerdictUnchecked, 1) // a failure is not kept
	scan("c.exe", VerdictUnchecked, 1)
	e.fail = nil
	scan("c.exe", VerdictMalicious, 1)
}
