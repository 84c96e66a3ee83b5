//go:build cgo

package yara

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	goyara "github.com/hillu/go-yara/v4"
)

// local is a matcher in this process.
type local struct {
	cfg    Config
	places map[ruleKey]place
	info   map[ruleKey]*info
	known  facts
	all    *set
	named  *set // the part of all that depends on the object's name, nil if none
}

// localOf makes a matcher of units. The warnings are those of what was lost of
// them.
func localOf(cfg Config, units []*unit) (matcher, []Warning, error) {
	b, warnings, err := compiled(cfg, units)
	if err != nil {
		return nil, warnings, err
	}
	l := &local{cfg: cfg, all: b.all, named: b.named, places: placesOf(b.units), info: map[ruleKey]*info{}}
	l.learn()
	l.known.externals, l.known.byName = usedExternals(b.units), b.named != nil
	warnings = append(warnings, l.unknownDisabled()...)
	if l.known.reportable == 0 {
		l.close()
		return nil, warnings, noRules(warnings)
	}
	return l, warnings, nil
}

// build is compiled rules: all of them, those by name (nil if there are none),
// and the units as far as they are in them.
type build struct {
	all, named *set
	units      []*unit
}

// compiled returns the compiled rules of units, from the cache if they are
// there.
func compiled(cfg Config, units []*unit) (*build, []Warning, error) {
	if cfg.Cache == "" {
		return compileNamed(units)
	}
	unused := func(err error) Warning { return Warning{File: cfg.Cache, Text: "cache: " + err.Error()} }
	c, err := openCache(cfg.Cache, units)
	if err != nil {
		b, warnings, e := compileNamed(units)
		return b, append(warnings, unused(err)), e
	}
	defer c.close()
	b, warnings, err := c.load(units)
	if err == nil {
		return b, warnings, nil
	}
	var damage []Warning
	if !errors.Is(err, fs.ErrNotExist) {
		damage = append(damage, unused(err))
	}
	if b, warnings, err = compileNamed(units); err != nil {
		return nil, warnings, err
	}
	if err := c.store(b, warnings); err != nil {
		damage = append(damage, unused(err))
	}
	return b, append(warnings, damage...), nil
}

// compileNamed compiles units, and apart what depends on the object's name, for
// objects that bear several: the whole set need not run again for each.
func compileNamed(units []*unit) (*build, []Warning, error) {
	all, kept, warnings, err := compileAll(units)
	if err != nil {
		return nil, warnings, err
	}
	b := &build{all: all, units: kept}
	part := namedPart(kept)
	if len(part) == 0 {
		return b, warnings, nil
	}
	if b.named, err = compileSet(part); err != nil {
		all.destroy()
		return nil, warnings, errors.Join(errors.New("yara: rules by name"), err)
	}
	return b, warnings, nil
}

// learn keeps of each rule what its matches mean.
func (l *local) learn() {
	for r := range l.rules {
		in := &info{finding: r.finding(), index: l.places[ruleKey{r.Namespace, r.Name}].index, silent: r.Silent != ""}
		if !in.silent {
			l.known.reportable++
		}
		l.info[ruleKey{r.Namespace, r.Name}] = in
	}
}

// rules yields all rules, each once.
func (l *local) rules(yield func(*Rule) bool) {
	met := map[ruleKey]bool{}
	for _, part := range []*goyara.Rules{l.all.plain, l.all.deep} {
		if part == nil {
			continue
		}
		for _, compiled := range part.GetRules() {
			key := ruleKey{compiled.Namespace(), compiled.Identifier()}
			if l.all.gates[key] || met[key] {
				continue
			}
			met[key] = true
			if !yield(l.describe(key, &compiled)) {
				return
			}
		}
		runtime.KeepAlive(part)
	}
}

func (l *local) describe(key ruleKey, compiled *goyara.Rule) *Rule {
	at := l.places[key]
	r := &Rule{
		Namespace: key.namespace, Name: key.name, File: at.file, Line: at.line, Modules: at.modules,
		Tags: compiled.Tags(), Private: compiled.IsPrivate(), Global: compiled.IsGlobal(),
	}
	for _, m := range compiled.Metas() {
		r.Metas = append(r.Metas, Meta{Name: m.Identifier, Value: fmt.Sprint(m.Value)})
	}
	r.Class, r.Score, r.Why = l.cfg.classify(r.Tags, r.Metas)
	r.Silent = l.cfg.silence(r)
	return r
}

// usedExternals returns the externals that have to be set for a scan.
func usedExternals(units []*unit) []*external {
	used := map[string]bool{}
	for _, u := range units {
		for _, r := range u.rules {
			for ref := range r.refs {
				used[ref] = true
			}
		}
	}
	var list []*external
	for i := range externals {
		if used[externals[i].name] {
			list = append(list, &externals[i])
		}
	}
	return list
}

// unknownDisabled warns of entries of Config.Disable that name no rule.
func (l *local) unknownDisabled() []Warning {
	if len(l.cfg.Disable) == 0 {
		return nil
	}
	named := map[string]bool{}
	for key := range l.places {
		named[key.name] = true
		named[key.namespace+":"+key.name] = true
	}
	var warnings []Warning
	for _, d := range l.cfg.Disable {
		if !named[d] {
			warnings = append(warnings, Warning{Rule: d, Text: "disabled, but no rule has this name"})
		}
	}
	slices.SortStableFunc(warnings, func(a, b Warning) int { return cmp.Compare(a.Rule, b.Rule) })
	return warnings
}

// namedPart returns the parts of units that depend on the object's name.
func namedPart(units []*unit) []*unit {
	var named []*unit
	for _, u := range units {
		if n := u.named(); n != nil {
			named = append(named, n)
		}
	}
	return named
}

func (l *local) facts() facts { return l.known }

func (l *local) restarts() int64 { return 0 }

func (l *local) match(ctx context.Context, data []byte, values [][]string) (result, error) {
	c := newCollector(l.info, l.cfg.MaxMatches)
	s := l.all
	for _, list := range values {
		if err := s.scan(ctx, l.cfg.Timeout, data, l.known.externals, list, c); err != nil {
			return c.result(), err
		}
		if c.settled() {
			break
		}
		s = l.named
	}
	return c.result(), nil
}

func (l *local) list() ([]Rule, error) {
	var list []Rule
	for r := range l.rules {
		list = append(list, *r)
	}
	slices.SortStableFunc(list, func(a, b Rule) int {
		return cmp.Compare(l.places[ruleKey{a.Namespace, a.Name}].index, l.places[ruleKey{b.Namespace, b.Name}].index)
	})
	return list, nil
}

func (l *local) close() {
	l.all.destroy()
	l.named.destroy()
	l.all, l.named = nil, nil
	trim()
}
