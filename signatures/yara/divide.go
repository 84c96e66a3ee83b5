package yara

import (
	"fmt"
	"slices"
	"strings"
)

// division is a set of units in two parts. The second is to be run only on
// objects on which one of the gates matched: elsewhere none of its rules does.
type division struct {
	plain []*unit          // rules that need no costly module, and the gates
	deep  []*unit          // rules that need one, what they refer to, and global rules
	gates map[ruleKey]bool // names of rules in plain that are gates
}

// divide takes apart what needs a costly module.
func divide(units []*unit) division {
	d := division{gates: map[ruleKey]bool{}}
	for _, u := range units {
		modules := map[string]bool{}
		for _, imp := range u.imports {
			if costly[imp.name] != "" {
				modules[imp.name] = true
			}
		}
		lost := u.dependents(modules)
		if len(lost) == 0 {
			d.plain = append(d.plain, u)
			continue
		}
		d.deep = append(d.deep, u.part(lost))
		d.plain = append(d.plain, u.withGates(modules, lost, d.gates))
	}
	return d
}

// withGates returns u without the rules called lost, which need one of modules,
// but with gates in their place. The gates' names are added to gates.
func (u *unit) withGates(modules, lost map[string]bool, gates map[ruleKey]bool) *unit {
	out := &unit{namespace: u.namespace, imports: u.imports}
	forbidden := map[string]bool{}
	for name := range modules {
		forbidden[name] = true
	}
	for name := range lost {
		forbidden[name] = true
	}
	prefix := "gate"
	for slices.ContainsFunc(u.rules, func(r rule) bool { return r.clashes(prefix) }) {
		prefix = "_" + prefix
	}
	var list []rule
	for i, r := range u.rules {
		if !lost[r.name] {
			out.rules = append(out.rules, r)
			continue
		}
		if r.private {
			continue // it is never reported
		}
		name := fmt.Sprint(prefix, i)
		text := gateOf(&r, name, forbidden)
		for _, st := range split(text) {
			list = append(list, rule{statement: st, file: r.file})
		}
		gates[ruleKey{u.namespace, name}] = true
	}
	out.rules = append(out.rules, list...)
	return out
}

// clashes says whether a rule called prefix and a number could be this one, or
// one of a set to which it refers.
func (r *rule) clashes(prefix string) bool {
	if strings.HasPrefix(r.name, prefix) {
		return true
	}
	for ref := range r.refs {
		if set, ok := strings.CutSuffix(ref, "*"); ok && (strings.HasPrefix(prefix, set) || strings.HasPrefix(set, prefix)) {
			return true
		}
	}
	return false
}

// dependents returns the names of the rules that refer to one of refs, or to a
// rule that does. A global rule among them takes all others with it: whether
// they match depends on it.
func (u *unit) dependents(refs map[string]bool) map[string]bool {
	dependent := map[string]bool{}
	if len(refs) == 0 {
		return dependent
	}
	for _, r := range u.rules {
		if !r.refersTo(refs) && !r.refersTo(dependent) {
			continue
		}
		dependent[r.name] = true
		if r.global {
			for _, r := range u.rules {
				dependent[r.name] = true
			}
			return dependent
		}
	}
	return dependent
}

// refersTo says whether the rule's condition has one of these names in it, or a
// set of rules of which one has such a name.
func (r *rule) refersTo(names map[string]bool) bool {
	for ref := range r.refs {
		if names[ref] {
			return true
		}
		prefix, set := strings.CutSuffix(ref, "*")
		for name := range names {
			if set && strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

// part returns the unit with the rules of these names only, the rules that they
// refer to, and global ones. It is nil if there are no names.
func (u *unit) part(names map[string]bool) *unit {
	if len(names) == 0 {
		return nil
	}
	at := map[string]int{}
	var list []rule
	for i, r := range u.rules {
		at[r.name] = i
		if names[r.name] || r.global {
			list = append(list, r)
		}
	}
	need := map[string]bool{}
	for _, r := range append(closure(u.rules, at, list), list...) {
		need[r.name] = true
	}
	return &unit{
		namespace: u.namespace,
		imports:   u.imports,
		rules: slices.DeleteFunc(slices.Clone(u.rules), func(r rule) bool {
			return !need[r.name]
		}),
	}
}

// named returns the part of u that depends on the object's name, nil if none
// does.
func (u *unit) named() *unit {
	refs := map[string]bool{}
	for _, e := range externals {
		if e.ofName {
			refs[e.name] = true
		}
	}
	return u.part(u.dependents(refs))
}
