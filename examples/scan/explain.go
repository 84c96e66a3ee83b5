package main

import (
	"fmt"
	"strings"

	"github.com/fivefifty/fivefifty/scanner"
)

// explainFinding says in lines where a finding's signature comes from and where
// it matched.
func explainFinding(f scanner.Finding) (lines []string) {
	var from []string
	if f.Source != "" {
		from = append(from, "from "+safe(f.Source))
	}
	if f.Namespace != "" {
		from = append(from, "namespace "+safe(f.Namespace))
	}
	if f.Score != 0 {
		from = append(from, fmt.Sprintf("score %d", f.Score))
	}
	if len(from) > 0 {
		lines = append(lines, strings.Join(from, ", "))
	}
	if f.Reference != "" {
		lines = append(lines, "reference "+safe(f.Reference))
	}
	var places []string
	for _, m := range f.Matches {
		places = append(places, fmt.Sprintf("%s at %#x (%d bytes)", safe(m.Name), m.Offset, m.Length))
	}
	if len(places) > 0 {
		lines = append(lines, "matched "+strings.Join(places, ", "))
	}
	return lines
}
