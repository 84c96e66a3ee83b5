//go:build cgo

package yara

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	goyara "github.com/hillu/go-yara/v4"
)

// set is compiled rules, in the two parts of a division.
type set struct {
	plain *goyara.Rules
	deep  *goyara.Rules // nil if no rule needs a costly module
	gates map[ruleKey]bool
}

func (s *set) destroy() {
	if s == nil {
		return
	}
	for _, r := range []*goyara.Rules{s.plain, s.deep} {
		if r != nil {
			r.Destroy()
		}
	}
}

// compileSet compiles units in the two parts of their division. If what was made
// for it does not compile, which the rules themselves do, gates that are always
// open take its place.
func compileSet(units []*unit) (*set, error) {
	d := divide(units)
	s, err := d.compile()
	if err != nil && len(d.deep) > 0 {
		d.open()
		s, err = d.compile()
	}
	return s, err
}

func (d *division) compile() (*set, error) {
	s := &set{gates: d.gates}
	var err error
	if s.plain, err = compileProbed(d.plain); err != nil {
		return nil, err
	}
	if len(d.deep) > 0 {
		if s.deep, err = compileProbed(d.deep); err != nil {
			s.destroy()
			return nil, err
		}
	}
	return s, nil
}

// open replaces the gates of units with a gate that does not compile.
func (d *division) open() {
	for _, u := range d.plain {
		if _, reason := checkText(u.source()); reason == "" {
			continue
		}
		for i := range u.rules {
			r := &u.rules[i]
			if d.gates[ruleKey{u.namespace, r.name}] {
				r.text, r.refs = "rule "+r.name+" { condition: true }", nil
			}
		}
	}
}

func compileProbed(units []*unit) (*goyara.Rules, error) {
	rules, err := compile(units)
	if err != nil {
		return nil, err
	}
	if err := probe(rules); err != nil {
		rules.Destroy()
		return nil, err
	}
	return rules, nil
}

// scan runs the set over data, the values being those of externals.
func (s *set) scan(ctx context.Context, most time.Duration, data []byte, externals []*external, values []string, c *collector) error {
	c.gates, c.gate = s.gates, false
	if err := scanRules(ctx, most, s.plain, data, externals, values, c); err != nil {
		return err
	}
	if !c.gate || s.deep == nil || c.settled() {
		return nil
	}
	c.deep = true
	return scanRules(ctx, most, s.deep, data, externals, values, c)
}

// scanRules runs rules once over data.
func scanRules(ctx context.Context, most time.Duration, rules *goyara.Rules, data []byte, externals []*external, values []string, c *collector) error {
	timeout, err := timeLeft(ctx, time.Now(), most)
	if err != nil {
		return err
	}
	s, err := newScanner(rules, timeout, c)
	if err != nil {
		return err
	}
	defer s.Destroy()
	for i, x := range externals {
		if err := s.DefineVariable(x.name, values[i]); err != nil {
			return fmt.Errorf("yara: external %s: %w", x.name, err)
		}
	}
	err = s.ScanMem(data)
	runtime.KeepAlive(rules)
	return cmp.Or(c.err, scanError(err))
}

// noTryCatch is libyara's SCAN_FLAGS_NO_TRYCATCH, which this version of the
// binding has no name for. Without it libyara installs handlers of SIGSEGV and
// SIGBUS around each scan, for the whole process and without SA_ONSTACK: a nil
// dereference that any other goroutine recovers from then kills the process.
const noTryCatch goyara.ScanFlags = 4

// newScanner is the only place where scanners are made, so that none lacks
// noTryCatch. Each is for one scan: a scanner used again keeps the entry point
// and the externals of the object before.
func newScanner(rules *goyara.Rules, timeout time.Duration, c goyara.ScanCallback) (*goyara.Scanner, error) {
	s, err := goyara.NewScanner(rules)
	if err != nil {
		return nil, fmt.Errorf("yara: libyara: %w", err)
	}
	// Not SCAN_FLAGS_FAST_MODE: with it libyara 4.2.3 forgets, for "any of them in
	// (a..b)", every match of a string but the first.
	s.SetFlags(noTryCatch)
	s.SetTimeout(timeout)
	s.SetCallback(c)
	return s, nil
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

// scanError turns an error of libyara into ours. The text is the same in every
// version of the binding; the type is not.
func scanError(err error) error {
	switch {
	case err == nil:
		return nil
	case err.Error() == "scan timeout":
		return fmt.Errorf("yara: libyara: scan timeout: %w", context.DeadlineExceeded)
	}
	return fmt.Errorf("yara: libyara: %w", err)
}
