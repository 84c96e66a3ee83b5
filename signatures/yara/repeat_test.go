//go:build cgo

package yara

import (
	"context"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

var _ scanner.Repeatable = (*Engine)(nil)

// Facts change with whatever findings depend on, and with nothing else.
func TestFacts(t *testing.T) {
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
