package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivefifty/fivefifty/scanner"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// sample is a report with all that a tree shows.
func sample() *scanner.Report {
	obj := func(parent int, path, typ string, size int64, names ...string) *scanner.Object {
		return &scanner.Object{Parent: parent, Path: path, Type: typ, Size: size, Names: names}
	}
	r := &scanner.Report{
		Verdict: scanner.VerdictMalicious, Disposition: scanner.Reject,
		Reply: scanner.Reply{Code: 550, Enhanced: "5.7.1", Text: "no"},
		Objects: []*scanner.Object{
			obj(-1, "", "eml", 123456),
			obj(0, "1", "text", 12),
			obj(0, "2/a.zip", "zip", 9999, "a.zip"),
			obj(2, "2/a.zip/in/run.js", "js", 3000, "in/run.js", "in/r\u202esj.txt"),
			obj(2, "2/a.zip/1", "text", 1), obj(2, "2/a.zip/2", "text", 2), obj(2, "2/a.zip/3", "text", 3),
			obj(2, "2/a.zip/4", "text", 4), obj(2, "2/a.zip/5", "text", 5), obj(2, "2/a.zip/6", "text", 6),
			obj(2, "2/a.zip/secret.doc", "", 7, "secret.doc"),
			obj(0, "3/x\x1b[31m", "png", 5<<20, "x\x1b[31m"),
		},
	}
	js := r.Objects[3]
	js.SHA256 = scanner.Digest{0xAB, 0xCD}
	js.Anomalies = []string{"double-extension", "bidi-override"}
	js.Findings = []scanner.Finding{
		{Engine: "yara", Signature: "Bad_Script", Class: scanner.ClassMalicious, Detail: "in rules.yar", Score: 80, Namespace: "rules.yar", Source: "rules/rules.yar:17",
			Description: "a script\x1b that is bad", Reference: "https://example.org/", Matches: []scanner.Match{{Name: "$a", Offset: 18, Length: 4}, {Name: "$b", Offset: 300, Length: 40}}},
		{Engine: "policy", Signature: "Policy.Type.js", Class: scanner.ClassBlocked},
		{Engine: "yara", Signature: "Odd", Class: scanner.ClassSuspicious},
		{Engine: "yara", Signature: "Macro", Class: scanner.ClassNotice},
	}
	r.Objects[2].Declared, r.Objects[2].Reading = "application/pdf", "central"
	r.Objects[10].Unchecked = []scanner.Unchecked{
		{Reason: scanner.ReasonEncrypted}, {Reason: scanner.ReasonLimit, Limit: "ratio", Detail: "more than \x07 1000"},
		{Reason: scanner.ReasonMalformed, Detail: "zip: malformed"}}
	return r
}

func TestTree(t *testing.T) {
	r := &result{file: "mail/x\n.mbox", message: 3, report: sample()}
	for name, s := range map[string]treeStyle{
		"tree.txt": {unicode: true}, "tree-ascii.txt": {}, "tree-all.txt": {unicode: true, all: true}, "tree-colour.txt": {unicode: true, colour: true},
		"tree-explain.txt": {unicode: true, explain: true},
	} {
		golden(t, name, string(s.append(nil, r)))
	}
}

// The whole program's text, of a folder.
func TestTreeOfFolder(t *testing.T) {
	dir := folder(t,
		"clean.eml", cleanMail(),
		"infected.eml", infectedMail(),
		"seven.7z", sevenZip,
		"x.mbox", "From a Mon Jan  1 00:00:00 2024\n"+cleanMail()+"\nFrom b Mon Jan  1 00:00:00 2024\n"+attach("x.zip", zipped(t, "a.txt", "hello", "invoice.pdf.exe", virus())))
	policy := []string{"--no-bundled", "--block-name=*.com,*.exe", dir} // no rules, which may change
	golden(t, "folder.txt", scan(t, "", append(policy, filepath.Join(dir, "missing"))...).stable(dir))
	golden(t, "folder-all.txt", scan(t, "", append(policy, "--all")...).stable(dir))
}

// A tree as deep as a report can be is rendered without recursion, and does not
// grow with the square of its depth.
func TestDeepTree(t *testing.T) {
	r := &scanner.Report{Verdict: scanner.VerdictUnchecked}
	const depth = 3000
	for i := range depth {
		r.Objects = append(r.Objects, &scanner.Object{Parent: i - 1, Path: "a", Unchecked: []scanner.Unchecked{{Reason: scanner.ReasonLimit}}})
	}
	b := treeStyle{unicode: true}.append(nil, &result{file: "deep", report: r})
	if n := strings.Count(string(b), "\n"); n != 2*depth+1 || len(b) > depth*500 {
		t.Errorf("%d lines, %d bytes", n, len(b))
	}
}

func TestColour(t *testing.T) {
	terminal := func(pairs ...string) bool { return colourful(true, environment(pairs...)) }
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"terminal", terminal("TERM", "xterm"), true},
		{"NO_COLOR", terminal("TERM", "xterm", "NO_COLOR", "1"), false},
		{"dumb", terminal("TERM", "dumb"), false},
		{"pipe", colourful(false, environment("TERM", "xterm")), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %t", c.name, c.got)
		}
	}
	dir := folder(t, "infected.eml", infectedMail())
	if got := scan(t, "", dir); strings.Contains(got.stdout+got.stderr, "\x1b") {
		t.Errorf("escapes in %q", got.stdout)
	}
}

func TestLocale(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want bool
	}{
		{nil, true},
		{[]string{"LANG", "de_DE.UTF-8"}, true},
		{[]string{"LANG", "C"}, false},
		{[]string{"LANG", "C", "LC_ALL", "en_US.utf8"}, true},
		{[]string{"LANG", "C.UTF-8", "LC_CTYPE", "POSIX"}, false},
	} {
		if got := isUTF8(environment(c.env...)); got != c.want {
			t.Errorf("%q: %t", c.env, got)
		}
	}
}

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"invoice.pdf":                  "invoice.pdf",
		"Füße 漢字.txt":                  "Füße 漢字.txt",
		"חשבון.pdf":                    "חשבון.pdf",
		"":                             `""`,
		" x":                           `" x"`,
		`"x"`:                          `"\"x\""`,
		"a\x1b[2Jb":                    `"a\x1b[2Jb"`,
		"a\r\nb":                       `"a\r\nb"`,
		"photo\u202egpj.exe":           `"photo\u202egpj.exe"`,
		"a\u2066b\u2069":               `"a\u2066b\u2069"`,
		"a\u200bb":                     `"a\u200bb"`,
		"a\u0085b":                     `"a\u0085b"`,
		"a\xffb":                       `"a\xffb"`,
		"a\ufffdb":                     "a\ufffdb",
		strings.Repeat("x", 400):       strings.Repeat("x", maxText) + "…",
		strings.Repeat("漢", 400):       strings.Repeat("漢", maxText/3) + "…",
		"x" + strings.Repeat("漢", 400): "x" + strings.Repeat("漢", (maxText-1)/3) + "…",
	} {
		if got := safe(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
