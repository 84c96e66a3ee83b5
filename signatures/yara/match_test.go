//go:build cgo

package yara

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

// What a finding tells of its rule is bounded and fit for one line.
func TestFindingOfARule(t *testing.T) {
	long := strings.Repeat("x", 5000)
	r := Rule{Namespace: "n\xff\x1b", Name: "r", File: "dir/" + long, Line: 7, Tags: []string{"a", "b"},
		Metas: []Meta{{"info", "second"}, {"Description", "first\nline " + long}, {"ref", ""}, {"url", "https://example.org/\u202e"}}}
	f := r.finding()
	for what, s := range map[string]string{"namespace": f.Namespace, "source": f.Source, "description": f.Description, "reference": f.Reference} {
		if len(s) > 510 || strings.ContainsAny(s, "\n\x1b\u202e") || s != strings.ToValidUTF8(s, "") {
			t.Errorf("%s: %q", what, s)
		}
	}
	if !strings.HasPrefix(f.Description, "first line") || !strings.HasPrefix(f.Reference, "https://example.org/") || f.Detail != "tags a b" {
		t.Errorf("%+v", f)
	}
}

// Matches are counted in bytes from the object's start, the first of each string
// in the order of the rule's strings, and no more than the bound.
func TestMatches(t *testing.T) {
	var text strings.Builder
	text.WriteString("rule few { strings: $b = \"beta\" $a = \"alpha\" wide ascii $c = \"nothing\" $ = \"gamma\" condition: $a and $b and not $c and any of them }\n")
	text.WriteString("rule many { strings:")
	for i := range 30 {
		fmt.Fprintf(&text, " $s%d = \"%c%c\"", i, 'A'+i%26, 'a'+i/26)
	}
	text.WriteString(" condition: all of them }\n")
	e := newEngine(t, text.String())
	body := "x alpha beta a\x00l\x00p\x00h\x00a\x00 beta beta beta beta gamma "
	for i := range 30 {
		body += fmt.Sprintf("%c%c", 'A'+i%26, 'a'+i/26)
	}
	withObject(t, "x", body, func(ctx context.Context, obj *scanner.Object) {
		found, err := e.Inspect(ctx, obj)
		if err != nil || len(found) != 2 {
			t.Fatalf("%v, %v", found, err)
		}
		want := []scanner.Match{{Name: "$b", Offset: 8, Length: 4}, {Name: "$b", Offset: 24, Length: 4}, {Name: "$b", Offset: 29, Length: 4},
			{Name: "$b", Offset: 34, Length: 4}, {Name: "$a", Offset: 2, Length: 5}, {Name: "$a", Offset: 13, Length: 10}, {Name: "$", Offset: 44, Length: 5}}
		if diff := cmp.Diff(want, found[0].Matches); diff != "" {
			t.Error(diff)
		}
		if len(found[1].Matches) != maxMatches {
			t.Errorf("%d matches", len(found[1].Matches))
		}
	})
}

// The search for matches is bounded for an object on which much matched.
func TestMatchesOfManyRules(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "rule r%d { strings: $a = \"aa\" $b = \"never %d\" condition: $a or $b }\n", i, i)
	}
	e := newEngine(t, text.String())
	withObject(t, "x", strings.Repeat("a", 50_000), func(ctx context.Context, obj *scanner.Object) {
		found, err := e.Inspect(ctx, obj)
		if err != nil || len(found) != 40 {
			t.Fatalf("%d findings, %v", len(found), err)
		}
		told := 0
		for _, f := range found {
			told += min(len(f.Matches), 1)
		}
		if told == 0 || told > maxPlaces/49_999+1 {
			t.Errorf("%d findings tell where", told)
		}
	})
}
