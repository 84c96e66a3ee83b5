package scanner

import (
	"context"
	"testing"
)

// Equal bytes are opened once, and shown to engines once for each set of names.
func TestEqualBytesAreExaminedOnce(t *testing.T) {
	calls := map[string]int{}
	engine := engineFunc(func(_ context.Context, o *Object) ([]Finding, error) {
		calls[o.Name()]++
		return markerEngine{}.Inspect(context.Background(), o)
	})
	z := zipped(t, part{name: "in", body: []byte(marker)})
	s := newScanner(t, Config{Engines: []Engine{engine}})
	r := scanString(t, s, mail(part{name: "a.zip", body: z}, part{name: "a.zip", body: z}, part{name: "b.zip", body: z}))
	if calls["a.zip"] != 1 || calls["b.zip"] != 1 || calls["in"] != 1 {
		t.Errorf("calls: %v", calls)
	}
	same := 0
	for _, o := range r.Objects {
		if o.SameAs == "1/a.zip" {
			same++
		}
	}
	if same != 2 || r.Verdict != VerdictMalicious {
		t.Errorf("%d of equal bytes, %v", same, r.Verdict)
	}
}

// A second copy under the same names bears the first one's findings.
func TestFindingsGoForEqualBytes(t *testing.T) {
	s := newScanner(t, Config{Engines: []Engine{markerEngine{}}})
	p := part{name: "x", body: []byte(marker)}
	r := scanString(t, s, mail(p, p))
	for _, o := range r.Objects[1:] {
		if len(o.Findings) != 1 {
			t.Errorf("%s: %v", o.Path, o.Findings)
		}
	}
}
