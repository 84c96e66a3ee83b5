package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Rules returns n YARA rules of the kinds that public collections hold, in about
// their proportions: text strings, byte patterns with wildcards, regular
// expressions, and conditions on the pe module. None matches the workload.
func Rules(n int) string {
	r := newRand(9)
	var b strings.Builder
	b.WriteString("import \"pe\"\n")
	for i := range n {
		fmt.Fprintf(&b, "rule Bench_%04d {\n", i)
		switch k := r.IntN(20); {
		case k < 12:
			for s, mod := range []string{"", " nocase", " wide ascii"} {
				fmt.Fprintf(section(&b, s), "\t\t$s%d = %q%s\n", s, marker(r), mod)
			}
			b.WriteString("\tcondition: 2 of them\n")
		case k < 17:
			for s := range 2 {
				fmt.Fprintf(section(&b, s), "\t\t$s%d = { %s }\n", s, pattern(r))
			}
			b.WriteString("\tcondition: uint16(0) == 0x5A4D and any of them\n")
		case k < 19:
			fmt.Fprintf(section(&b, 0), "\t\t$s0 = /%s[0-9a-f]{4,16}\\.(exe|dll|scr)/\n", marker(r))
			b.WriteString("\tcondition: $s0 and filesize < 2MB\n")
		default:
			fmt.Fprintf(&b, "\tcondition: pe.is_pe and pe.number_of_sections == 9 and pe.imphash() == \"%032x\"\n", r.Uint64())
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// section begins the section of strings before the first of them.
func section(b *strings.Builder, n int) *strings.Builder {
	if n == 0 {
		b.WriteString("\tstrings:\n")
	}
	return b
}

// marker is a string that no word of the workload holds: its words have no
// digits.
func marker(r *rand.Rand) string {
	list := vocabulary()
	return fmt.Sprintf("%s%05d%s", list[r.IntN(len(list))], r.IntN(1e5), list[r.IntN(len(list))])
}

// pattern is a byte pattern with a wildcard and a jump.
func pattern(r *rand.Rand) string {
	var b [12]byte
	noise(r, b[:])
	return fmt.Sprintf("% X ?? % X [2-6] % X", b[:5], b[5:9], b[9:])
}
