//go:build cgo

package yara

import (
	"strings"
	"testing"
)

// FuzzGate makes gates of arbitrary conditions. A gate is one sound rule of
// bounded length, and where libyara accepts the condition, the division that it
// belongs to matches what the rules match when compiled as they are.
func FuzzGate(f *testing.F) {
	for _, c := range []string{
		"$a and not (pe.is_pe or pe.number_of_sections == 1)", "for any i in (0..3) : ( pe.machine == i or @a[i] == 0 )", "r0 or any of (r*)",
		"not defined pe.machine and for any of them : ( $ at pe.entry_point )", "(elf.type == 2) and uint16(0) == 0x5A4D or macho.magic == 1",
	} {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, condition string) {
		const strs = "strings: $a = \"alpha\" $b = { 62 65 } $c = /gam+a/ "
		if len(condition) > 1<<10 || strings.ContainsRune(condition, 0) {
			return
		}
		text := "import \"pe\"\nimport \"elf\"\nimport \"macho\"\nrule r0 { condition: pe.is_pe == 0 }\n" +
			"rule r1 { " + strs + "condition: (" + condition + "\n) and (true or any of them) }\n"
		for _, st := range split(text) {
			if st.kind != kindRule || st.fault != "" {
				continue
			}
			lost := map[string]bool{"pe": true, "elf": true, "r0": true}
			made := gateOf(&rule{statement: st}, "gate", lost)
			if sts := split(made); len(sts) != 1 || sts[0].fault != "" || sts[0].name != "gate" || len(made) > 1<<10+100*len(st.text) {
				t.Fatalf("%q: gate %q", st.text, made)
			}
		}
		if _, reason := checkText(text); reason != "" {
			return
		}
		if strings.Contains(condition, "..") && strings.ContainsAny(condition, "0123456789") && len(condition) > 200 {
			return // loops that take their time
		}
		if _, _, err := checkDivision(t, text); err != nil && !strings.Contains(err.Error(), "timeout") {
			t.Fatal(err)
		}
	})
}
