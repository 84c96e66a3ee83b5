package clamav

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// index finds the signatures that may match a name: an archive has ten thousand
// names, and a database as many signatures.
type index struct {
	always []int            // signatures whose pattern holds no fixed text
	by     map[string][]int // others, by three bytes that a name must hold, in lower case
}

const gram = 3 // bytes of text by which a signature is found

// newIndex makes an index of all signatures.
func newIndex(list []*memberSignature) *index {
	x := &index{by: map[string][]int{}}
	for i, m := range list {
		if len(m.fixed) < gram {
			x.always = append(x.always, i)
			continue
		}
		best := m.fixed[:gram]
		for at := 1; at+gram <= len(m.fixed); at++ {
			if g := m.fixed[at : at+gram]; len(x.by[g]) < len(x.by[best]) {
				best = g
			}
		}
		x.by[best] = append(x.by[best], i)
	}
	return x
}

// candidates returns the signatures that may match one of names, in order.
func (x *index) candidates(names []string) []int {
	list := slices.Clone(x.always)
	for _, n := range names {
		n = fold(n)
		for at := 0; at+gram <= len(n); at++ {
			list = append(list, x.by[n[at:at+gram]]...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// fold makes the same of all that is the same to "(?i)" and has a form in ASCII.
func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ſ", "s") }

// fixedText returns the longest text, in lower case, that every match of a regular
// expression holds. syntax.Parse bounds how deep expressions are in each other.
func fixedText(re *syntax.Regexp) (best string) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 && slices.ContainsFunc(re.Rune, func(r rune) bool { return r > 0x7f }) {
			return "" // letters of other scripts may have more than two forms
		}
		return fold(string(re.Rune))
	case syntax.OpCapture, syntax.OpPlus:
		return fixedText(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return fixedText(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if s := fixedText(sub); len(s) > len(best) {
				best = s
			}
		}
	}
	return best
}
