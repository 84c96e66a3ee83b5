//go:build cgo

package yara

import (
	"fmt"
	"slices"

	goyara "github.com/hillu/go-yara/v4"
)

// compile makes rules of units, all in one set. The error is libyara's on the
// first unit that does not compile.
func compile(units []*unit) (*goyara.Rules, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	defer c.Destroy()
	for _, u := range units {
		if len(u.rules) == 0 {
			continue
		}
		if err := c.AddString(u.source(), u.namespace); err != nil {
			return nil, fmt.Errorf("yara: compiling %s: %w", u.namespace, err)
		}
	}
	return c.GetRules()
}

// newCompiler returns a compiler that knows the externals and opens no files.
func newCompiler() (*goyara.Compiler, error) {
	c, err := goyara.NewCompiler()
	if err != nil {
		return nil, fmt.Errorf("yara: libyara: %w", err)
	}
	c.DisableIncludes()
	for _, e := range externals {
		if err := c.DefineVariable(e.name, ""); err != nil {
			c.Destroy()
			return nil, fmt.Errorf("yara: external %s: %w", e.name, err)
		}
	}
	return c, nil
}

// checkText compiles one text alone. It is a check.
func checkText(text string) (lines []int, reason string) {
	c, err := newCompiler()
	if err != nil {
		return nil, err.Error()
	}
	defer c.Destroy()
	if err := c.AddString(text, "check"); err != nil {
		if len(c.Errors) == 0 {
			return nil, err.Error()
		}
		for _, e := range c.Errors {
			lines = append(lines, e.Line)
		}
		return lines, c.Errors[0].Text
	}
	// Some errors show only when the automaton is built.
	rules, err := c.GetRules()
	if err != nil {
		return nil, err.Error()
	}
	defer rules.Destroy()
	if err := probe(rules); err != nil {
		return nil, "libyara compiles it but cannot run it: " + err.Error()
	}
	return nil, ""
}

// compileAll makes one set of all rules of units that compile, and returns with
// it the units as far as they went into it.
func compileAll(units []*unit) (*set, []*unit, []Warning, error) {
	var warnings []Warning
	warn := func(r *rule, line int, reason string) {
		warnings = append(warnings, Warning{File: r.file, Line: line, Rule: r.name, Text: reason})
	}
	modules := checkModules(units)
	clean := !slices.ContainsFunc(units, func(u *unit) bool {
		return slices.ContainsFunc(u.rules, func(r rule) bool { return r.fault != "" }) ||
			slices.ContainsFunc(u.imports, func(imp statement) bool { return modules[imp.name] != "" })
	})
	if clean {
		if s, err := compileSet(units); err == nil {
			return s, units, nil, nil
		}
	}
	for _, u := range units {
		isolate(u, modules, checkText, warn)
	}
	// What compiles alone compiles together, but for limits on the whole: then
	// files are left out from the end until the rest fits.
	for n := len(units); ; n-- {
		s, err := compileSet(units[:n])
		if err == nil {
			return s, units[:n], warnings, nil
		}
		if n == 0 {
			return nil, nil, warnings, err
		}
		for _, r := range units[n-1].rules {
			warn(&r, r.line, err.Error())
		}
	}
}

// checkModules says of each imported module why it cannot be.
func checkModules(units []*unit) map[string]string {
	modules := map[string]string{}
	for _, u := range units {
		for _, imp := range u.imports {
			if imp.name == "magic" {
				// libmagic has no answer for some bytes (FF FE 00 00 and so on), and
				// libyara takes the length of that NULL: the process would end.
				modules[imp.name] = `the module "magic" is not used: libyara faults on it`
			} else if _, ok := modules[imp.name]; !ok {
				_, modules[imp.name] = checkText(`import "` + imp.name + "\"\n")
			}
		}
	}
	return modules
}
