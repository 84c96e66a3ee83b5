//go:build cgo

package yara

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files, by slash-separated name, and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// always is a rule that matches every object.
func always(name string) string { return "rule " + name + " { condition: filesize >= 0 }\n" }

func TestFolders(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		paths []string // in the folder; default the folder itself
		rules []string // "namespace:rule"
		lost  []string // the folder stands as "DIR"
	}{
		{"in name order",
			map[string]string{"b.yar": always("b"), "a.YARA": always("a"), "sub/c.rule": always("c"), "sub/d.yr": always("d"), "x.txt": "no rules", ".git/e.yar": "no rules"},
			nil, []string{"a.YARA:a", "b.yar:b", "sub/c.rule:c", "sub/d.yr:d"}, nil},
		{"same rule in two files", map[string]string{"a.yar": always("r"), "b.yar": always("r")},
			nil, []string{"a.yar:r", "b.yar:r"}, nil},
		{"files and folders", map[string]string{"x/a.yar": always("a"), "y/a.yar": always("a"), "z/any.name": always("z")},
			[]string{"x", "y/a.yar", "z/any.name"}, []string{"a.yar:a", "a.yar#2:a", "any.name:z"}, nil},
		{"one bad file", map[string]string{"a.yar": always("a"), "bad.yar": "rule", "c.yar": always("c")},
			nil, []string{"a.yar:a", "c.yar:c"}, []string{"DIR/bad.yar:1: syntax error, unexpected end of file"}},
		{"include", map[string]string{"index.yar": "include \"./lib/a.yar\"\ninclude \"lib/b.yar\"\n" + always("i"), "lib/a.yar": always("a"), "lib/b.yar": "include \"a.yar\"\ninclude \"../lib/c.inc\"\n" + always("b"), "lib/c.inc": always("c")},
			nil, []string{"index.yar:a", "index.yar:c", "index.yar:b", "index.yar:i"}, nil},
		{"include of each other", map[string]string{"a.yar": "include \"b.yar\"\n" + always("a"), "b.yar": "include \"a.yar\"\n" + always("b")},
			nil, []string{"a.yar:b", "a.yar:a"}, nil},
		{"indexes of the same", map[string]string{"i1.yar": "include \"a.yar\"\ninclude \"b.yar\"", "i2.yar": "include \"a.yar\"\ninclude \"b.yar\"", "i0.yar": "include \"a.yar\"",
			"i3.yar": "include \"a.yar\"\n" + always("own"), "a.yar": always("a"), "b.yar": always("b")},
			nil, []string{"i2.yar:a", "i2.yar:b", "i3.yar:a", "i3.yar:own"}, nil},
		{"include of itself", map[string]string{"a.yar": "include \"a.yar\"\n" + always("a")}, nil, []string{"a.yar:a"}, nil},
		{"include outside", map[string]string{"in/a.yar": "include \"../out.yar\"\n" + always("a"), "out.yar": always("out")},
			[]string{"in"}, []string{"a.yar:a"}, []string{`DIR/in/a.yar:1: include "../out.yar": outside of the folder of rules`}},
		{"include of an absolute path", map[string]string{"a.yar": "\ninclude \"/etc/passwd\"\n" + always("a")},
			nil, []string{"a.yar:a"}, []string{`DIR/a.yar:2: include "/etc/passwd": outside of the folder of rules`}},
		{"include of nothing", map[string]string{"a.yar": "include \"b.yar\"\n" + always("a")},
			nil, []string{"a.yar:a"}, []string{"DIR/b.yar: openat b.yar: no such file or directory"}},
		{"bad rule in an included file", map[string]string{"a.yar": "include \"b.inc\"\n" + always("a"), "b.inc": "\nrule b { condition: $x }"},
			nil, []string{"a.yar:a"}, []string{`DIR/b.inc:2: rule b: undefined string "$x"`}},
		{"empty folder", map[string]string{"a.yar": always("a"), "sub/readme": ""},
			[]string{"a.yar", "sub"}, []string{"a.yar:a"}, []string{"DIR/sub: no rule files in this folder"}},
		{"compiled rules", map[string]string{"a.yar": always("a"), "b.yar": "YARA\x10\x00"},
			nil, []string{"a.yar:a"}, []string{"DIR/b.yar:1: not a text of rules: byte 5 is NUL"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, test.files)
			cfg := Config{Paths: []string{dir}}
			if test.paths != nil {
				cfg.Paths = nil
			}
			for _, p := range test.paths {
				cfg.Paths = append(cfg.Paths, filepath.Join(dir, p))
			}
			e, warnings, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			var rules, lost []string
			for _, r := range e.matcher.(*local).all.plain.GetRules() {
				rules = append(rules, r.Namespace()+":"+r.Identifier())
			}
			for _, w := range warnings {
				lost = append(lost, strings.ReplaceAll(w.String(), dir, "DIR"))
			}
			if diff := cmp.Diff(test.rules, rules); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.lost, lost); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLinkOutOfTheFolder(t *testing.T) {
	dir := tree(t, map[string]string{"in/a.yar": always("a"), "out.yar": always("out")})
	if err := os.Symlink(filepath.Join(dir, "out.yar"), filepath.Join(dir, "in", "link.yar")); err != nil {
		t.Skip(err)
	}
	e, warnings, err := New(Config{Paths: []string{filepath.Join(dir, "in")}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Rules() != 1 || len(warnings) != 1 {
		t.Errorf("%d rules, warnings %v", e.Rules(), warnings)
	}
}

func TestMissingPath(t *testing.T) {
	dir := tree(t, map[string]string{"a.yar": always("a")})
	_, _, err := New(Config{Paths: []string{dir, filepath.Join(dir, "b.yar")}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestImportsOnlyWhatIsUsed(t *testing.T) {
	units, _, err := load(Config{Sources: []Source{{Text: "import \"pe\"\nimport \"math\"\nimport \"math\"\nrule a { condition: math.abs(-1) == 1 }"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := imports(units[0], units[0].rules), "import \"math\"\n"; got != want {
		t.Errorf("imports %q, want %q", got, want)
	}
}

func TestNamedPart(t *testing.T) {
	units, _, err := load(Config{Sources: []Source{{Text: `
private rule size { condition: filesize > 10 }
private rule unused { condition: filesize > 10 }
global private rule g { condition: filesize > 0 }
rule set_1 { condition: extension == ".x" }
rule plain { condition: size }
rule byname { condition: filename == "x" and size }
rule indirect { condition: byname }
rule set { condition: any of (set_*) }
`}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range units[0].named().rules {
		got = append(got, r.name)
	}
	if want := []string{"size", "g", "set_1", "byname", "indirect", "set"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
