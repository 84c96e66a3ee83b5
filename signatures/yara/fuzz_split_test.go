//go:build cgo

package yara

import (
	"strings"
	"testing"
)

// FuzzSplit splits arbitrary texts. No byte but blanks may be lost, and what
// libyara accepts as a whole must come out as sound statements that it accepts
// one by one.
func FuzzSplit(f *testing.F) {
	f.Add("import \"pe\"\nprivate rule a : x { meta: b = \"c\" d = 1 strings: $a = \"x\" wide private $b = { 4D ?? [2-4] ( 5A | 5B ) } $c = /a}b\\/{1,2}/i condition: all of them and filename contains \"x\" }\nrule b { condition: a and for any i in (1..3) : ( @a[i] \\ 2 > 1 ) }")
	f.Add("rule a { condition: true")
	f.Add("rule a { strings: $a = { 4D // x\n 5A } condition: $a }\n/* }")
	f.Add("global private rule a { condition: any of (a*) } }")
	f.Fuzz(func(t *testing.T, text string) {
		sts := checkSplit(t, text)
		if strings.ContainsRune(text, 0) || len(text) > 4<<10 {
			return
		}
		if _, reason := checkText(text); reason != "" {
			return
		}
		var whole strings.Builder
		for i, st := range sts {
			if st.kind == kindJunk && i == len(sts)-1 && strings.HasPrefix(st.fault, "unterminated") {
				continue // libyara says nothing of what does not end with the text
			}
			if st.fault != "" || st.kind == kindJunk {
				t.Fatalf("libyara accepts it, the splitter says of %q: %s", st.text, st.fault)
			}
			whole.WriteString(st.text + "\n")
		}
		if _, reason := checkText(whole.String()); reason != "" {
			t.Fatalf("libyara accepts it whole, but not split: %s", reason)
		}
	})
}
