//go:build cgo

package yara

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// A rule that asks for the place or the number of a string gets them, also where
// what it asks for comes late in the object.
func TestPlaceAndNumberOfStrings(t *testing.T) {
	body := "marker" + strings.Repeat(" ", 94) + "marker" + strings.Repeat(" ", 94) + "marker"
	conditions := []string{
		"$a at 100", "$a at 200", "$a in (150..250)", "#a == 3", "@a[2] == 100", "@a[3] == 200", "!a[3] == 6",
		"for any i in (1..#a) : ( @a[i] == 200 )", "for any of them : ( $ at 200 )", "for any of ($a*) : ( @ == 0 )",
		"for any of them : ( # == 3 )", "any of them in (150..250)", "all of them in (150..250)", "any of ($a*) in (150..250)",
		"for any of them : ( for any i in (1..#) : ( @[i] == 200 ) )", "any of them and $a at 200", "for all of them : ( $ in (150..250) )",
	}
	var text strings.Builder
	for i, c := range conditions {
		fmt.Fprintf(&text, "rule r%d { strings: $a = \"marker\" condition: %s }\n", i, c)
	}
	e := configured(t, Config{MaxMatches: 100, Sources: []Source{{Text: text.String()}}})
	withObject(t, "x", body, func(ctx context.Context, obj *scanner.Object) {
		found, err := e.Inspect(ctx, obj)
		if err != nil {
			t.Fatal(err)
		}
		got := signatures(found)
		for i, c := range conditions {
			if !slices.Contains(got, fmt.Sprint("r", i)) {
				t.Errorf("%s: no match", c)
			}
		}
	})
}
