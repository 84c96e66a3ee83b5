//go:build cgo

package yara

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

// cacheRules has a warning of each kind, a part with modules and one by name.
const cacheRules = eicarRule + `
import "pe"
rule broken { condition: $nothing }
rule after { condition: broken }
rule program : tag { meta: reference = "https://example.org/" condition: pe.is_pe == 1 and pe.number_of_sections < 90 }
rule named { condition: filename == "x" }
rule named_program { condition: filename == "y" and pe.is_pe == 0 }
rule open { strings: $c = "}" condition:
`

func cacheConfig(dir string) Config {
	return Config{Cache: dir, Sources: []Source{{Name: "a.yar", Text: cacheRules}, {Name: "b.yar", Text: "rule b { condition: filesize > 0 }"}}}
}

// told makes an engine and returns all that it tells of samples, its rules and
// its warnings.
func told(t *testing.T, cfg Config) (found [][]scanner.Finding, rules []Rule, warnings []string) {
	t.Helper()
	e, ws, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, w := range ws {
		text := w.String()
		if cfg.Cache != "" {
			text = strings.ReplaceAll(text, cfg.Cache, "CACHE")
		}
		warnings = append(warnings, text)
	}
	if rules, err = e.List(); err != nil {
		t.Fatal(err)
	}
	all := samples()
	for _, name := range []string{"pe", "elf", "text"} {
		withObject(t, "x", string(all[name])+eicar, func(ctx context.Context, obj *scanner.Object) {
			obj.Names = []string{"x", "y"}
			list, err := e.Inspect(ctx, obj)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, list)
		})
	}
	return found, rules, warnings
}

func entries(t *testing.T, dir string) []string {
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	plain := cacheConfig("")
	found, rules, warnings := told(t, plain)
	if len(found[0]) != 4 || len(warnings) != 3 {
		t.Fatalf("%v %v", found[0], warnings)
	}
	var written time.Time
	for round := range 2 {
		gotFound, gotRules, gotWarnings := told(t, cacheConfig(dir))
		if diff := cmp.Diff(found, gotFound); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		if diff := cmp.Diff(rules, gotRules); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		if diff := cmp.Diff(warnings, gotWarnings); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		list := entries(t, dir)
		if len(list) != 1 {
			t.Fatal(list)
		}
		info, err := os.Stat(list[0])
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if round == 0 {
			written = info.ModTime()
		} else if !info.ModTime().After(written) {
			t.Error("the entry was not used")
		}
	}
}

// What is damaged is compiled anew and written anew, and libyara never sees it.
func TestCacheDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	told(t, cacheConfig(dir))
	name := entries(t, dir)[0]
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func([]byte) []byte{
		"empty":   func([]byte) []byte { return nil },
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"longer":  func(b []byte) []byte { return append(b, 0) },
		"magic":   func(b []byte) []byte { b[0]++; return b },
		"digest":  func(b []byte) []byte { b[len(cacheMagic)]++; return b },
		"head":    func(b []byte) []byte { b[cacheOverhead+20]++; return b },
		"rules":   func(b []byte) []byte { b[len(b)-100]++; return b },
		"middle":  func(b []byte) []byte { b[len(b)/2] ^= 0xFF; return b },
		"nothing": func(b []byte) []byte { return b },
	} {
		if err := os.WriteFile(name, damage(bytes.Clone(sound)), 0o600); err != nil {
			t.Fatal(err)
		}
		found, _, warnings := told(t, cacheConfig(dir))
		want := 4
		if what == "nothing" {
			want = 3
		}
		if len(found[0]) != 4 || len(warnings) != want {
			t.Errorf("%s: %v, %v", what, found[0], warnings)
		}
		if after, err := os.ReadFile(name); err != nil || len(after) != len(sound) {
			t.Errorf("%s: not written anew: %d bytes, %v", what, len(after), err)
		}
	}
}

// A folder or file that others can write is not used.
func TestCacheOpenToOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	found, _, warnings := told(t, cacheConfig(dir))
	if len(found[0]) != 4 || len(warnings) != 4 || !strings.HasPrefix(warnings[3], "CACHE: cache: folder is open to others") || len(entries(t, dir)) != 0 {
		t.Errorf("%v %v", warnings, entries(t, dir))
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	told(t, cacheConfig(dir))
	if err := os.Chmod(entries(t, dir)[0], 0o640); err != nil {
		t.Fatal(err)
	}
	_, _, warnings = told(t, cacheConfig(dir))
	if len(warnings) != 4 || !strings.Contains(warnings[3], "file is open to others") {
		t.Error(warnings)
	}
	cfg := cacheConfig(filepath.Join(dir, "file"))
	if err := os.WriteFile(cfg.Cache, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, warnings = told(t, cfg); len(warnings) != 4 {
		t.Error(warnings)
	}
}

// Whatever the rules depend on is in the entry's name; old entries go.
func TestCacheKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	names := map[string]bool{}
	for _, s := range []Source{
		{Text: always("a")}, {Text: always("b")}, {Text: "\n" + always("a")}, {Name: "n", Text: always("a")}, {Namespace: "n", Text: always("a")},
		{Text: "import \"pe\"\n" + always("a")}, {Text: "rule x { }\n" + always("a")}, {Text: "private " + always("b") + always("a")},
		{Text: always("c")}, {Text: always("d")}, {Text: always("e")},
	} {
		told := configuredWithWarnings(t, Config{Cache: dir, Sources: []Source{s}})
		told.Close()
		for _, n := range entries(t, dir) {
			names[n] = true
		}
	}
	if len(names) != 11 || len(entries(t, dir)) != cacheEntries {
		t.Errorf("%d entries, %d left", len(names), len(entries(t, dir)))
	}
	// What is decided after the compilation is not in it.
	e := configuredWithWarnings(t, Config{Cache: dir, Malicious: 90, Disable: []string{"e"}, EveryRule: true, Sources: []Source{{Text: always("e") + always("f")}}})
	e.Close()
	before := len(names)
	for _, malicious := range []int{20, 90} {
		e := configuredWithWarnings(t, Config{Cache: dir, Malicious: malicious, Sources: []Source{{Text: always("e") + always("f")}}})
		list, err := e.List()
		if err != nil || (list[0].Class == scanner.ClassMalicious) != (malicious == 20) || list[0].Silent != "" {
			t.Errorf("%v, %v", list, err)
		}
		e.Close()
		for _, n := range entries(t, dir) {
			names[n] = true
		}
	}
	if len(names) != before+1 {
		t.Errorf("%d entries, want %d", len(names), before+1)
	}
}

func configuredWithWarnings(t *testing.T, cfg Config) *Engine {
	t.Helper()
	e, _, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCacheKeepsErrors(t *testing.T) {
	cfg := Config{Cache: filepath.Join(t.TempDir(), "c"), Sources: []Source{{Text: "rule a { condition: $a }"}}}
	for range 2 {
		_, warnings, err := New(cfg)
		if !errors.Is(err, ErrNoRules) || len(warnings) != 1 {
			t.Errorf("%v, %v", warnings, err)
		}
	}
}
