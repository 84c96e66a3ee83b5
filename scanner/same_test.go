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

// Bytes that were met first too deep to be opened are opened where they are met
// again with depth left.
func TestEqualBytesTooDeepFirst(t *testing.T) {
	inner := zipped(t, part{name: "x", body: []byte(marker)})
	deep := inner
	for range 3 {
		deep = zipped(t, part{name: "d", body: deep})
	}
	s := newScanner(t, Config{Limits: Limits{Depth: 4}})
	r := scanString(t, s, mail(part{name: "deep.zip", body: deep}, part{name: "flat.zip", body: inner}))
	if r.Verdict != VerdictMalicious || reasons(r)[ReasonLimit] == 0 {
		t.Errorf("%v, %v", r.Verdict, reasons(r))
	}
}

// A text that is walked as a message and comes out of it whole contains no bomb.
func TestMessageOfItself(t *testing.T) {
	s := newScanner(t, Config{})
	body := "no header here\r\nContent-Type: text/plain; and no more\r\nhello\r\n"
	r := scanString(t, s, mail(part{name: "a.eml", typ: "text/plain", body: []byte(body)}))
	if r.Verdict != VerdictClean {
		t.Errorf("%v: %v", r.Verdict, reasons(r))
	}
}
