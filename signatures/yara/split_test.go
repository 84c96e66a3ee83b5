package yara

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline shows statements as "line kind name", with flags and faults.
func outline(sts []statement) []string {
	var list []string
	for _, st := range sts {
		s := fmt.Sprintf("%d %s", st.line, [...]string{"rule", "import", "include", "junk"}[st.kind])
		if st.name != "" {
			s += " " + st.name
		}
		if st.private {
			s += " private"
		}
		if st.global {
			s += " global"
		}
		if st.fault != "" {
			s += fmt.Sprintf(" !%d %s", st.faultLine, st.fault)
		}
		list = append(list, s)
	}
	return list
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"empty", "", nil},
		{"comments", "// rule a { }\n/* rule b { } */", nil},
		{"statements", "import \"pe\"\ninclude \"x.yar\"\nrule a { condition: true }",
			[]string{"1 import pe", "2 include x.yar", "3 rule a"}},
		{"one line", "rule a{condition:true}rule b{condition:true}", []string{"1 rule a", "1 rule b"}},
		{"modifiers", "private global rule a : t1 t2 { condition: true }", []string{"1 rule a private global"}},
		{"braces in strings", "rule a { strings: $a = \"}\" $b = \"\\\"}\" condition: any of them }\nrule b { condition: true }",
			[]string{"1 rule a", "2 rule b"}},
		{"braces in a regexp", "rule a { strings: $a = /}\\/}{2}/ condition: $a }\nrule b { condition: true }",
			[]string{"1 rule a", "2 rule b"}},
		{"hex string", "rule a { strings: $a = { 4D /* } */ 5A // }\n } condition: $a }\nrule b { condition: true }",
			[]string{"1 rule a", "3 rule b"}},
		{"comment in a rule", "rule a { // }\n/* } */ condition: true }\nrule b { condition: true }",
			[]string{"1 rule a", "3 rule b"}},
		{"private string", "rule a { strings: $a = \"x\" private condition: $a }", []string{"1 rule a"}},
		{"string called rule", "rule a { strings: $rule = \"x\" condition: #rule > 1 and @rule[1] > 2 and $rule }", []string{"1 rule a"}},
		{"not closed", "rule a {\n condition:\n true\nprivate rule b { condition: true }\nrule c { condition: true }",
			[]string{"1 rule a !4 syntax error, unexpected \"rule\"", "4 rule b private", "5 rule c"}},
		{"not closed at the end", "rule a {\n condition: true\n", []string{"1 rule a !3 syntax error, unexpected end of file"}},
		{"closed twice", "rule a { condition: true } }\nrule b { condition: true }",
			[]string{"1 rule a", "1 junk !1 syntax error, unexpected \"}\"", "2 rule b"}},
		{"string not closed", "rule a {\n strings: $a = \"x\n condition: $a }\n rule b { condition: true }",
			[]string{"1 rule a !2 unterminated string", "4 rule b"}},
		{"regexp not closed", "rule a { strings:\n $a = /x\n condition: $a }\nimport \"pe\"",
			[]string{"1 rule a !2 unterminated regular expression", "4 import pe"}},
		{"hex string not closed", "rule a { strings: $a = { 4D\n condition: $a }\nrule b { condition: true }",
			[]string{"1 rule a !3 syntax error, unexpected \"rule\"", "3 rule b"}},
		{"comment not closed", "rule a { condition: true } /* \nrule b { condition: true }",
			[]string{"1 rule a", "1 junk !1 unterminated comment"}},
		{"name missing", "rule { condition: true }\nrule b { condition: true }",
			[]string{"1 rule !1 syntax error, unexpected \"{\"", "2 rule b"}},
		{"modifier alone", "private\nimport \"pe\"", []string{"1 rule private !2 syntax error, unexpected \"import\"", "2 import pe"}},
		{"import of nothing", "import pe\nrule b { condition: true }",
			[]string{"1 junk !1 import without a name", "1 junk !1 syntax error, unexpected \"pe\"", "2 rule b"}},
		{"prose", "no rules in here", []string{"1 junk !1 syntax error, unexpected \"no\""}},
		{"carriage returns", "rule a {\r\n condition: true\r\n}\r\nrule b { condition: true }", []string{"1 rule a", "4 rule b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outline(split(test.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitRefs(t *testing.T) {
	sts := split(`rule a : tag { meta: m = "filename" strings: $filepath = "md5" wide condition:
		filename == "owner" and not pe.extension and any of (Loader_*) and #x > 10KB and $filetype }`)
	if len(sts) != 1 {
		t.Fatal(outline(sts))
	}
	for ref, want := range map[string]bool{"filename": true, "pe": true, "Loader_*": true,
		"m": false, "wide": false, "filepath": false, "filetype": false, "owner": false, "md5": false, "extension": false, "tag": false, "10KB": false} {
		if sts[0].refs[ref] != want {
			t.Errorf("%s: %v, want %v", ref, !want, want)
		}
	}
}

// checkSplit tests what holds for the statements of any text: they stand in
// order, and between them is nothing but blanks, or it would be lost unseen.
func checkSplit(t *testing.T, text string) []statement {
	t.Helper()
	sts := split(text)
	end := 0
	start := func() int {
		l := lexer{text: text[end:]}
		return end + l.next().start
	}
	for _, st := range sts {
		at := start()
		if st.text == "" || !strings.HasPrefix(text[at:], st.text) {
			t.Fatalf("statement %q does not stand at byte %d", st.text, at)
		}
		if line := 1 + strings.Count(text[:at], "\n"); line != st.line {
			t.Fatalf("%q: line %d, want %d", st.text, st.line, line)
		}
		end = at + len(st.text)
	}
	if at := start(); at != len(text) {
		t.Fatalf("%q is in no statement", text[at:])
	}
	return sts
}
