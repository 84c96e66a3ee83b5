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

var _ scanner.Repeatable = (*Engine)(nil)

// Facts change with whatever findings depend on, and with nothing else.
func TestFactsOfAnEngine(t *testing.T) {
	facts := func(cfg Config, change func(*scanner.Object), env scanner.Envelope) string {
		t.Helper()
		e := configuredWithWarnings(t, cfg)
		defer e.Close()
		var out string
		withObject(t, "a.txt", "body", func(ctx context.Context, obj *scanner.Object) {
			if change != nil {
				change(obj)
			}
			text, ok := e.Facts(scanner.WithEnvelope(ctx, &env), obj)
			if ok != (len(text) > 0) {
				t.Errorf("%q, %v", text, ok)
			}
			out = text
		})
		return out
	}
	cfg := Config{Sources: []Source{{Text: always("a") + "rule b { condition: extension == \".exe\" and mail_from != \"\" }"}}}
	base := facts(cfg, nil, scanner.Envelope{Sender: "a@example.org"})
	if base == "" || base != facts(cfg, nil, scanner.Envelope{Sender: "a@example.org"}) {
		t.Fatal("not the same for the same")
	}
	rename := func(names ...string) func(*scanner.Object) {
		return func(o *scanner.Object) { o.Names = names }
	}
	for what, same := range map[string]string{
		"path":         facts(cfg, func(o *scanner.Object) { o.Path, o.Type, o.Declared = "x", "y", "z" }, scanner.Envelope{Sender: "a@example.org"}),
		"name":         facts(cfg, rename("b.txt"), scanner.Envelope{Sender: "a@example.org"}),
		"helo":         facts(cfg, nil, scanner.Envelope{Sender: "a@example.org", HELO: "x"}),
		"names":        facts(cfg, rename("b.txt", "a.TXT"), scanner.Envelope{Sender: "a@example.org"}),
		"cache, limit": facts(Config{Sources: cfg.Sources, Timeout: 1, TempDir: "/x"}, nil, scanner.Envelope{Sender: "a@example.org"}),
	} {
		if same != base {
			t.Errorf("%s: another", what)
		}
	}
	met := map[string]string{base: "base"}
	for what, other := range map[string]string{
		"sender":    facts(cfg, nil, scanner.Envelope{Sender: "b@example.org"}),
		"extension": facts(cfg, rename("b.exe"), scanner.Envelope{Sender: "a@example.org"}),
		"two names": facts(cfg, rename("b.txt", "b.exe"), scanner.Envelope{Sender: "a@example.org"}),
		"disabled":  facts(Config{Sources: cfg.Sources, Disable: []string{"b"}}, nil, scanner.Envelope{Sender: "a@example.org"}),
		"threshold": facts(Config{Sources: cfg.Sources, Malicious: 90}, nil, scanner.Envelope{Sender: "a@example.org"}),
		"every":     facts(Config{Sources: cfg.Sources, EveryRule: true}, nil, scanner.Envelope{Sender: "a@example.org"}),
		"matches":   facts(Config{Sources: cfg.Sources, MaxMatches: 3}, nil, scanner.Envelope{Sender: "a@example.org"}),
		"rules":     facts(Config{Sources: []Source{{Text: cfg.Sources[0].Text + always("c")}}}, nil, scanner.Envelope{Sender: "a@example.org"}),
		"source":    facts(Config{Sources: []Source{{Text: "\n" + cfg.Sources[0].Text}}}, nil, scanner.Envelope{Sender: "a@example.org"}),
	} {
		if met[other] != "" || other == "" {
			t.Errorf("%s: as for %q", what, met[other])
		}
		met[other] = what
	}
	if got := facts(Config{Sources: []Source{{Text: "import \"time\"\nrule a { condition: time.now() > 5 }"}}}, nil, scanner.Envelope{}); got != "" {
		t.Error("facts of rules that ask for the time")
	}
	many := func(o *scanner.Object) {
		o.Names = nil
		for i := range maxScans + 1 {
			o.Names = append(o.Names, "a."+string(rune('a'+i)))
		}
	}
	if got := facts(cfg, many, scanner.Envelope{}); got != "" {
		t.Error("facts of more names than are tried")
	}
}
