//go:build cgo

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
)

const goodRules = `import "pe"
rule Good : tag1 { meta: score = 50 description = "a good rule" condition: pe.is_pe }
private rule Helper { condition: filesize > 3 }
rule Log { meta: limit = "Logscan" condition: Helper }
`

func TestRulesCommand(t *testing.T) {
	dir := folder(t, "good.yar", goodRules, "bad.yar", "rule Bad {\n condition: $x }\nrule Fine { condition: false }", "both/good.yar", goodRules)
	good, bad := filepath.Join(dir, "good.yar"), filepath.Join(dir, "bad.yar")
	cache := filepath.Join(dir, "cache")
	lists := folder(t, "list.hsb", strings.Repeat("ab", 32)+":*:Worm:73\nnonsense\n", "broken", "\x8bFFHASH\n")
	list, broken, hashes := filepath.Join(lists, "list.hsb"), filepath.Join(lists, "broken"), filepath.Join(lists, "x.hashset")
	for _, c := range []struct {
		args []string
		code int
		want []string // in what is printed, in this order
	}{
		{[]string{"check", "--rules", good}, exitClean, []string{"1 YARA rules; 0 warnings"}},
		{[]string{"check", "--rules", bad}, exitRefused, []string{bad + ":2: rule Bad: undefined string \"$x\"", "1 YARA rules; 1 warning"}},
		{[]string{"check", "--rules", bad, "--disable", "Nobody"}, exitRefused, []string{"2 warnings"}},
		{[]string{"check", "--rules", "missing"}, exitError, []string{"no such file"}},
		{[]string{"check"}, exitError, nil},
		{[]string{"stats", "--rules", good}, exitClean, []string{"3  ", "by file", "3  ", "good.yar", "by class", "not reported, not for files", "not reported, private", "suspicious", "by module", "(none)", "pe"}},
		{[]string{"build", "--rules", good}, exitError, []string{"--rules-cache"}},
		{[]string{"build", "--rules", good, "--rules-cache", cache}, exitClean, []string{"1 YARA rules in "}},
		{[]string{"build", "--rules", good, "--rules-cache", good}, exitError, []string{"cache: "}},
		{[]string{"build", "--out", hashes}, exitError, []string{"takes --hashes"}},
		{[]string{"build", "--out", hashes, "--hashes", list}, exitClean, []string{list + ":2: no digest", "1 hashes in "}},
		{[]string{"check", "--hashes", hashes}, exitClean, []string{"1 hashes; 0 warnings"}},
		{[]string{"check", "--hashes", broken}, exitError, []string{broken, "damaged"}},
		{[]string{"explain", "Good", "--rules", good, "--rules", filepath.Join(dir, "both")}, exitClean, []string{"Good", good + ":2, namespace good.yar", "tags tag1", "modules pe",
			"meta score = 50", "meta description = a good rule", "a match is suspicious, because of score 50: suspicious from 40", "Good", "good.yar#2"}},
		{[]string{"explain", "good.yar:Log", "--rules", good}, exitClean, []string{"never reported: not for files: limit = \"Logscan\""}},
		{[]string{"explain", "Log", "--every-rule", "--rules", good}, exitClean, []string{"a match is malicious, because of no score, so 70"}},
		{[]string{"explain", "Nobody", "--rules", good}, exitError, []string{"no rule is called Nobody"}},
		{[]string{"nonsense"}, exitError, nil},
		{nil, exitError, nil},
	} {
		args := append([]string{"rules"}, c.args...)
		if len(c.args) > 1 {
			args = append(args, "--no-bundled")
		}
		got := scan(t, "", args...)
		if len(c.args) == 1 && c.args[0] == "check" {
			c.code = exitClean // the bundled rules alone
		}
		text := got.stdout + got.stderr
		for _, want := range c.want {
			i := strings.Index(text, want)
			if i < 0 {
				t.Errorf("%v: no %q in\n%s%s", c.args, want, got.stdout, got.stderr)
				break
			}
			text = text[i+len(want):]
		}
		if got.code != c.code {
			t.Errorf("%v: code %d, want %d\n%s%s", c.args, got.code, c.code, got.stdout, got.stderr)
		}
	}
	if list, err := filepath.Glob(filepath.Join(cache, "*")); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// The flags about rules reach the engine, in this process and in one of its own.
func TestRulesFlags(t *testing.T) {
	dir := folder(t, "a.yar", "rule Marked { strings: $a = \"hello\" condition: $a }\nrule Log { meta: limit = \"Logscan\" condition: true }", "a.txt", "hello")
	rules, file := filepath.Join(dir, "a.yar"), filepath.Join(dir, "a.txt")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitRefused, "Marked"},
		{[]string{"--explain"}, exitRefused, "$a at 0x0 (5 bytes)"},
		{[]string{"--disable=Marked"}, exitError, "no usable rule"},
		{[]string{"--disable=a.yar:Marked", "--every-rule"}, exitRefused, "Log"},
		{[]string{"--rules-cache", filepath.Join(dir, "c")}, exitRefused, "Marked"},
		{[]string{"--isolate"}, exitRefused, "Marked"},
	} {
		got := scan(t, "", append(c.args, "--no-bundled", "--rules", rules, file)...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.want) {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}

// The test program is a worker where it is started as one.
func TestMain(m *testing.M) {
	ruleset.ServeWorker(os.Args[1:])
	os.Exit(m.Run())
}
