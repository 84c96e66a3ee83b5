package yara

import (
	"slices"
	"strings"
)

// check compiles one text on its own, in a namespace of its own. It returns the
// lines of text where something is wrong, as far as they are known, and the
// first reason: "" if nothing is.
type check func(text string) (lines []int, reason string)

// isolator keeps what compiles of one unit and drops the rest, rule by rule.
type isolator struct {
	unit    *unit
	check   check
	modules map[string]string // by name, why it cannot be imported; "" if it can
	kept    []rule
	keptAt  map[string]int    // index in kept, by name
	lost    map[string]string // why, by name
	warn    func(r *rule, line int, reason string)
}

// isolate leaves in u only rules that compile. A rule that refers to a lost one
// is lost with it, and all rules of a unit that loses a global rule: they would
// match what it was there to exclude.
func isolate(u *unit, modules map[string]string, chk check, warn func(r *rule, line int, reason string)) {
	is := &isolator{unit: u, check: chk, modules: modules, keptAt: map[string]int{}, lost: map[string]string{}, warn: warn}
	var global string
	var sound []rule
	for _, r := range u.rules {
		if r.fault != "" {
			is.lost[r.name] = r.fault
		} else {
			sound = append(sound, r)
		}
	}
	is.keep(sound)
	for _, r := range u.rules {
		if _, ok := is.lost[r.name]; ok && r.global {
			global = r.name
		}
	}
	if global != "" {
		for i := range is.kept {
			is.warn(&is.kept[i], is.kept[i].line, "global rule "+global+" is lost")
		}
		is.kept = nil
	}
	u.rules = is.kept
}

// keep takes those of rules, which stand in the order of the text, that compile
// on top of what is kept. Those that do not are taken apart where the compiler
// points, or else in halves, so that few bad rules among many cost few
// compilations. Where it points is a hint only: what counts is what compiles.
func (is *isolator) keep(rules []rule) {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r rule) bool {
		reason := is.refersToLost(&r)
		if reason != "" {
			is.lose(&r, r.line, reason)
		}
		return reason != ""
	})
	if len(rules) == 0 {
		return
	}
	before := is.before(rules)
	lines, reason := is.check(before + join(rules))
	if reason == "" {
		for _, r := range rules {
			is.keptAt[r.name] = len(is.kept)
			is.kept = append(is.kept, r)
		}
		return
	}
	for i := range lines {
		lines[i] -= strings.Count(before, "\n")
	}
	if len(rules) == 1 {
		r := &rules[0]
		line := r.line
		if len(lines) > 0 {
			line += min(max(lines[0]-1, 0), strings.Count(r.text, "\n"))
		}
		is.lose(r, line, reason)
		return
	}
	for _, piece := range pieces(rules, lines) {
		is.keep(piece)
	}
}

// pieces takes rules apart into smaller lists: each rule that one of the lines
// points into stands alone. lines count from 1 in the joined text.
func pieces(rules []rule, lines []int) [][]rule {
	var list [][]rule
	start, line := 0, 1
	for i, r := range rules {
		next := line + strings.Count(r.text, "\n") + 1
		if slices.ContainsFunc(lines, func(l int) bool { return line <= l && l < next }) {
			if start < i {
				list = append(list, rules[start:i])
			}
			list = append(list, rules[i:i+1])
			start = i + 1
		}
		line = next
	}
	if start == 0 {
		return [][]rule{rules[:len(rules)/2], rules[len(rules)/2:]}
	}
	if start < len(rules) {
		list = append(list, rules[start:])
	}
	return list
}

func (is *isolator) lose(r *rule, line int, reason string) {
	is.lost[r.name] = reason
	is.warn(r, line, reason)
}

// refersToLost says why r cannot be kept without even trying.
func (is *isolator) refersToLost(r *rule) string {
	for _, ref := range sorted(r.refs) {
		prefix, set := strings.CutSuffix(ref, "*")
		if set {
			for name := range is.lost {
				if strings.HasPrefix(name, prefix) {
					return "refers to rules " + ref + ", of which " + name + " is lost"
				}
			}
			continue
		}
		if _, ok := is.lost[ref]; ok {
			return "refers to rule " + ref + ", which is lost"
		}
		for _, imp := range is.unit.imports {
			if imp.name == ref && is.modules[ref] != "" {
				return "module " + ref + ": " + is.modules[ref]
			}
		}
	}
	return ""
}

// before returns the imports that the rules use and the kept rules that they
// refer to, however indirectly.
func (is *isolator) before(rules []rule) string {
	need := closure(is.kept, is.keptAt, rules)
	return imports(is.unit, append(slices.Clone(need), rules...)) + join(need)
}

// closure returns those of all, in order, that rules refer to, directly or not.
// at gives the place in all by name.
func closure(all []rule, at map[string]int, rules []rule) []rule {
	need := map[int]bool{}
	for queue := slices.Clone(rules); len(queue) > 0; queue = queue[1:] {
		for ref := range queue[0].refs {
			for _, i := range places(all, at, ref) {
				if !need[i] {
					need[i] = true
					queue = append(queue, all[i])
				}
			}
		}
	}
	var list []rule
	for i := range all {
		if need[i] {
			list = append(list, all[i])
		}
	}
	return list
}

// places returns where in all the rules are that ref means: one rule, those of a
// rule set such as "Loader_*", or none where ref is no rule.
func places(all []rule, at map[string]int, ref string) []int {
	prefix, set := strings.CutSuffix(ref, "*")
	if !set {
		if i, ok := at[ref]; ok {
			return []int{i}
		}
		return nil
	}
	var list []int
	for i := range all {
		if strings.HasPrefix(all[i].name, prefix) {
			list = append(list, i)
		}
	}
	return list
}

// imports returns the import statements that the rules need. The others would
// only cost time: libyara builds each imported module for each scan, and pe
// takes longer than many a small object.
func imports(u *unit, rules []rule) string {
	var b strings.Builder
	done := map[string]bool{}
	for _, imp := range u.imports {
		used := slices.ContainsFunc(rules, func(r rule) bool { return r.refs[imp.name] })
		if used && !done[imp.name] {
			done[imp.name] = true
			b.WriteString(`import "` + imp.name + "\"\n")
		}
	}
	return b.String()
}

// join returns the text of rules.
func join(rules []rule) string {
	var b strings.Builder
	for _, r := range rules {
		b.WriteString(r.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// source returns the whole text of a unit.
func (u *unit) source() string {
	return imports(u, u.rules) + join(u.rules)
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}
