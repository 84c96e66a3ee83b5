//go:build cgo

package yara

import (
	"context"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

// Equal facts and bytes give equal findings: what a rule looks at is in the facts, and
// so is whatever decides what becomes of a match.
func TestFacts(t *testing.T) {
	byBytes := `rule a { strings: $a = "marker" condition: $a }`
	byName := `rule b { condition: filename == "x.exe" }`
	byMail := `rule c { condition: mail_from == "a@example.org" }`
	facts := func(cfg Config, name string, env *scanner.Envelope) string {
		t.Helper()
		e, _, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		f, ok := e.Facts(scanner.WithEnvelope(context.Background(), env), &scanner.Object{Names: []string{name}, Path: name})
		if !ok {
			t.Fatal("no facts")
		}
		return f
	}
	from := &scanner.Envelope{Sender: "a@example.org"}
	rules := func(texts ...string) (c Config) {
		for _, text := range texts {
			c.Sources = append(c.Sources, Source{Name: "r", Text: text})
		}
		return c
	}
	same := func(what string, want bool, a, b string) {
		t.Helper()
		if (a == b) != want {
			t.Errorf("%s: equal facts: %v", what, a == b)
		}
	}
	same("a name that no rule looks at", true, facts(rules(byBytes), "x.exe", nil), facts(rules(byBytes), "y.txt", from))
	same("a name", false, facts(rules(byName), "x.exe", nil), facts(rules(byName), "y.txt", nil))
	same("a sender that no rule looks at", true, facts(rules(byName), "x.exe", nil), facts(rules(byName), "x.exe", from))
	same("a sender", false, facts(rules(byMail), "x.exe", nil), facts(rules(byMail), "x.exe", from))
	same("other rules", false, facts(rules(byBytes), "x", nil), facts(rules(byBytes, `rule d { condition: false }`), "x", nil))
	disabled, strict := rules(byBytes, `rule d { condition: true }`), rules(byBytes, `rule d { condition: true }`)
	disabled.Disable = []string{"a"}
	strict.Malicious = 90
	plain := facts(rules(byBytes, `rule d { condition: true }`), "x", nil)
	same("a rule switched off", false, plain, facts(disabled, "x", nil))
	same("a threshold", false, plain, facts(strict, "x", nil))
	same("the same rules loaded again", true, plain, facts(rules(byBytes, `rule d { condition: true }`), "x", nil))
}
