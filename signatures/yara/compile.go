//go:build cgo

package yara

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

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

// probe scans one byte. Some rules compile, and then end every scan of the set
// they are in with an internal error: "#a in (1..9)" in libyara 4.2.3.
func probe(rules *goyara.Rules) error {
	s, err := newScanner(rules, time.Second, new(goyara.MatchRules))
	if err != nil {
		return err
	}
	defer s.Destroy()
	err = s.ScanMem([]byte{0})
	runtime.KeepAlive(rules)
	if err = scanError(err); errors.Is(err, context.DeadlineExceeded) {
		return nil // slow is not broken
	}
	return err
}

// compileAll makes one set of all rules of units that compile, and returns with
// it the units as far as they went into it.
func compileAll(units []*unit) (*goyara.Rules, []*unit, []Warning, error) {
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
		if rules, err := compile(units); err == nil && probe(rules) == nil {
			return rules, units, nil, nil
		} else if err == nil {
			rules.Destroy()
		}
	}
	for _, u := range units {
		isolate(u, modules, checkText, warn)
	}
	// What compiles alone compiles together, but for limits on the whole: then
	// files are left out from the end until the rest fits.
	for n := len(units); ; n-- {
		rules, err := compile(units[:n])
		if err == nil {
			return rules, units[:n], warnings, nil
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

// New compiles the rules that cfg names. Rules that do not compile are left out,
// each with a Warning; the error is for a wrong Config, a path that cannot be
// opened, or no usable rule at all (ErrNoRules).
func New(cfg Config) (*Engine, []Warning, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	units, warnings, err := load(cfg)
	if err != nil {
		return nil, warnings, err
	}
	rules, units, lost, err := compileAll(units)
	warnings = append(warnings, lost...)
	if err != nil {
		return nil, warnings, err
	}
	e := &Engine{cfg: cfg, rules: rules, info: map[ruleKey]*info{}}
	warnings = append(warnings, e.learn(units)...)
	if e.reportable == 0 {
		e.Close()
		return nil, warnings, noRules(warnings)
	}
	if err := e.prepareNames(units); err != nil {
		e.Close()
		return nil, warnings, err
	}
	return e, warnings, nil
}

// noRules returns ErrNoRules with the first reason.
func noRules(warnings []Warning) error {
	if len(warnings) == 0 {
		return ErrNoRules
	}
	return fmt.Errorf("%w: %v", ErrNoRules, warnings[0])
}

// learn reads from the compiled rules what their matches mean, and from their
// sources which externals have to be set for a scan.
func (e *Engine) learn(units []*unit) []Warning {
	files := map[ruleKey]string{}
	used := map[string]bool{}
	for _, u := range units {
		for _, r := range u.rules {
			files[ruleKey{u.namespace, r.name}] = r.file
			for ref := range r.refs {
				used[ref] = true
			}
		}
	}
	for i := range externals {
		if used[externals[i].name] {
			e.externals = append(e.externals, &externals[i])
		}
	}
	disabled := map[string]bool{} // those that name a rule
	for _, r := range e.rules.GetRules() {
		key := ruleKey{r.Namespace(), r.Identifier()}
		in := e.describe(key, &r)
		for _, d := range e.cfg.Disable {
			if d == key.name || d == key.namespace+":"+key.name {
				disabled[d] = true
				in.silent = true
			}
		}
		if !in.silent {
			e.reportable++
		}
		e.info[key] = in
	}
	runtime.KeepAlive(e.rules)
	var warnings []Warning
	for _, d := range e.cfg.Disable {
		if !disabled[d] {
			warnings = append(warnings, Warning{Rule: d, Text: "disabled, but no rule has this name"})
		}
	}
	slices.SortStableFunc(warnings, func(a, b Warning) int { return cmp.Compare(a.Rule, b.Rule) })
	return warnings
}

func (e *Engine) describe(key ruleKey, r *goyara.Rule) *info {
	var metas []meta
	for _, m := range r.Metas() {
		metas = append(metas, meta{m.Identifier, m.Value})
	}
	in := &info{silent: r.IsPrivate() || !forFiles(metas)}
	in.finding.Engine = engineName
	in.finding.Signature = key.name
	in.finding.Class, in.finding.Score = e.cfg.classify(r.Tags(), metas)
	in.finding.Detail = line(key.namespace, 200)
	if d := describe(metas); d != "" {
		in.finding.Detail += ": " + d
	}
	return in
}

// prepareNames compiles apart what depends on the object's name, for objects
// that bear several: the whole set need not run again for each.
func (e *Engine) prepareNames(units []*unit) error {
	var named []*unit
	for _, u := range units {
		if n := u.named(); n != nil {
			named = append(named, n)
		}
	}
	if len(named) == 0 {
		return nil
	}
	rules, err := compile(named)
	if err != nil {
		return errors.Join(errors.New("yara: rules by name"), err)
	}
	e.named = rules
	return nil
}
