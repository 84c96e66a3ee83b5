//go:build cgo

package yara

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

// matches returns what the rules say of body in an attachment called name,
// "class rule" each.
func matches(t testing.TB, e *Engine, name, body string) []string {
	t.Helper()
	var list []string
	for _, o := range scan(t, context.Background(), e, mail(file{name, body})).Objects {
		for _, f := range o.Findings {
			list = append(list, f.Signature)
		}
		for _, u := range o.Unchecked {
			t.Errorf("%s: %v", o.Path, u)
		}
	}
	return list
}

func TestIsolation(t *testing.T) {
	good := func(name, condition string) string {
		return "rule " + name + " { strings: $a = \"marker\" condition: $a and " + condition + " }\n"
	}
	for _, test := range []struct {
		name  string
		text  string
		rules []string
		lost  []string
	}{
		{"syntax", good("a", "true") + "rule b {\n condition:\n  true +\n}\n" + good("c", "true"),
			[]string{"a", "c"}, []string{"test.yar:4: rule b: syntax error"}},
		{"undefined string", good("a", "true") + "\n\nrule b {\n condition:\n  $x\n}\n" + good("c", "true"),
			[]string{"a", "c"}, []string{`test.yar:7: rule b: undefined string "$x"`}},
		{"undefined external", good("a", "nobody_defines_this == \"\"") + good("b", "true"),
			[]string{"b"}, []string{`test.yar:1: rule a: undefined identifier "nobody_defines_this"`}},
		{"unused string", "rule a { strings:\n $a = \"x\"\n condition: true }\n" + good("b", "true"),
			[]string{"b"}, []string{`test.yar:3: rule a: unreferenced string "$a"`}},
		{"not closed", "rule a {\n condition: true\n" + good("b", "true"),
			[]string{"b"}, []string{`test.yar:3: rule a: syntax error, unexpected "rule"`}},
		{"duplicate", good("a", "true") + good("a", "true"),
			[]string{"a"}, []string{`test.yar:2: rule a: duplicated identifier "a"`}},
		{"referring to a lost one", "rule a { condition: $x }\n" + good("b", "a") + good("c", "b") + good("d", "true"),
			[]string{"d"}, []string{`test.yar:1: rule a: undefined string "$x"`,
				"test.yar:2: rule b: refers to rule a, which is lost", "test.yar:3: rule c: refers to rule b, which is lost"}},
		{"referring to a kept one", "private rule a { condition: filesize > 0 }\nrule x { condition: $x }\n" + good("b", "a"),
			[]string{"b"}, []string{`test.yar:2: rule x: undefined string "$x"`}},
		{"set with a lost one", "rule s1 { condition: $x }\nrule s2 { condition: false }\n" + good("b", "any of (s*)") + good("c", "true"),
			[]string{"c"}, []string{`test.yar:1: rule s1: undefined string "$x"`, "test.yar:3: rule b: refers to rules s*, of which s1 is lost"}},
		{"set of kept ones", "rule s1 { condition: false }\nrule s2 { condition: filesize > 0 }\nrule x { condition: $x }\n" + good("b", "any of (s*)"),
			[]string{"s2", "b"}, []string{`test.yar:3: rule x: undefined string "$x"`}},
		{"lost global", "global rule g { condition: $x }\n" + good("a", "true"), nil,
			[]string{`test.yar:1: rule g: undefined string "$x"`, "test.yar:2: rule a: global rule g is lost"}},
		{"unknown module", "import \"nonesuch\"\n" + good("a", "nonesuch.x") + good("b", "true"),
			[]string{"b"}, []string{`test.yar:2: rule a: module nonesuch: unknown module "nonesuch"`}},
		{"modules", "import \"hash\"\nimport \"math\"\nrule x { condition: $x }\n" + good("a", "hash.md5(0, 1) != \"\" and math.entropy(0, filesize) > 1.0"),
			[]string{"a"}, []string{`test.yar:3: rule x: undefined string "$x"`}},
		{"junk", "} junk\n" + good("a", "true"), []string{"a"}, []string{`test.yar:1: syntax error, unexpected "}"`}},
		{"include in memory", "include \"x.yar\"\n" + good("a", "true"), []string{"a"},
			[]string{`test.yar:1: include "x.yar": a text in memory cannot include files`}},
		{"byte order mark", "\uFEFF" + good("a", "true"), []string{"a"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A second text shows that what one loses does not touch others.
			e, warnings, err := New(Config{Sources: []Source{{Name: "test.yar", Text: test.text}, {Name: "other.yar", Text: good("other", "true")}}})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			var lost []string
			for _, w := range warnings {
				lost = append(lost, w.String())
			}
			if diff := cmp.Diff(test.lost, lost); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(append(test.rules, "other"), matches(t, e, "a.bin", "a marker")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The lines of warnings are those that libyara gives for the whole text.
func TestIsolationLines(t *testing.T) {
	for _, bad := range []string{
		"rule b {\n condition:\n  true +\n}", "rule b {\n condition:\n\n  $x\n\n}",
		"rule b\n{\n strings:\n $a = { XY }\n condition: $a }", "rule b { strings:\n $a = /(/\n\n condition: $a }",
	} {
		text := "rule a { condition: true }\n\n" + bad + "\nrule c { condition: true }\n"
		want, reason := checkText(text)
		e, warnings, err := New(Config{Sources: []Source{{Text: text}}})
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
		if len(warnings) != 1 || len(want) == 0 || warnings[0].Line != want[0] || warnings[0].Text != reason {
			t.Errorf("%q: %v, want %v: %s", bad, warnings, want, reason)
		}
	}
}

func TestManyBadRules(t *testing.T) {
	var text strings.Builder
	var want []string
	for i := range 200 {
		if i%17 == 3 {
			fmt.Fprintf(&text, "rule r%d { condition: $x }\n", i)
			continue
		}
		fmt.Fprintf(&text, "rule r%d { strings: $a = \"marker\" condition: $a }\n", i)
		want = append(want, fmt.Sprintf("r%d", i))
	}
	e, warnings, err := New(Config{MaxMatches: 300, Sources: []Source{{Text: text.String()}}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, w := range warnings {
		if want := fmt.Sprintf("r%d", w.Line-1); w.Rule != want {
			t.Errorf("line %d: rule %s, want %s", w.Line, w.Rule, want)
		}
	}
	if len(warnings)+len(want) != 200 {
		t.Errorf("%d warnings, %d good rules", len(warnings), len(want))
	}
	if got := matches(t, e, "a.bin", "marker"); !slices.Equal(got, want) {
		t.Errorf("%d rules matched, want %d", len(got), len(want))
	}
}

func TestNoRules(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":      "",
		"only private": "private rule a { condition: true }",
		"only bad":     "rule a { condition: $x }",
		"no rules":     "a poem",
		"NUL":          "rule a { condition: true }\x00",
		"only logs":    "rule a { meta: limit = \"Logscan\" condition: true }",
	} {
		t.Run(name, func(t *testing.T) {
			e, _, err := New(Config{Sources: []Source{{Text: text}}})
			if e != nil || !errors.Is(err, ErrNoRules) {
				t.Errorf("%v, %v", e, err)
			}
		})
	}
}

func TestSilent(t *testing.T) {
	const text = `
private rule p { strings: $a = "marker" condition: $a }
rule disabled { condition: p }
rule logs { meta: limit = "Logscan" condition: p }
rule seen { condition: disabled }
rule other { condition: disabled }
`
	e := configured(t, Config{Sources: []Source{{Name: "x", Text: text}}, Disable: []string{"disabled", "x:other"}})
	if got := matches(t, e, "a.bin", "marker"); !slices.Equal(got, []string{"seen"}) {
		t.Errorf("matched %v", got)
	}
	if e.Rules() != 1 {
		t.Errorf("%d rules, want 1", e.Rules())
	}
}

func TestDisableUnknown(t *testing.T) {
	e, warnings, err := New(Config{Sources: []Source{{Text: eicarRule}}, Disable: []string{"EICAR_Test_Fil", "y:EICAR_Test_File"}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if len(warnings) != 2 || e.Rules() != 1 {
		t.Errorf("warnings %v, %d rules", warnings, e.Rules())
	}
}

func TestMaxMatches(t *testing.T) {
	var text strings.Builder
	rule := func(name string, score int) {
		fmt.Fprintf(&text, "rule %s { meta: score = %d strings: $a = \"marker\" condition: $a }\n", name, score)
	}
	for i := range 5 {
		rule(fmt.Sprintf("notice%d", i), 1)
	}
	rule("suspicious", 50)
	rule("malicious", 90)
	rule("late", 50)
	e := configured(t, Config{MaxMatches: 3, Sources: []Source{{Text: text.String()}}})
	if got, want := matches(t, e, "a.bin", "marker"), []string{"notice0", "suspicious", "malicious"}; !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	r := scan(t, context.Background(), e, mail(file{"a.bin", "marker"}))
	if r.Verdict != scanner.VerdictMalicious {
		t.Errorf("verdict %v", r.Verdict)
	}
}
