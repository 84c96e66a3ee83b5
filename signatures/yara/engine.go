package yara

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// Engine matches objects against YARA rules. It is a [scanner.Engine], safe for
// concurrent use. To change rules, make another and Close this one.
type Engine struct {
	cfg     Config
	matcher matcher
	meter   meter
	rules   rulesDigest

	mu      sync.Mutex
	running int
	closed  bool
}

// matcher has the compiled rules: in this process, or in a worker.
type matcher interface {
	// facts are fixed when the rules are loaded.
	facts() facts

	// match runs the rules over data, once for each list of values of
	// facts.externals; after the first only what depends on the object's name.
	match(ctx context.Context, data []byte, values [][]string) (result, error)

	// list describes all rules, in their order.
	list() ([]Rule, error)

	restarts() int64 // of a worker

	// close frees the rules. Nothing runs any more.
	close()
}

type facts struct {
	reportable int         // rules
	externals  []*external // those that a rule uses
	byName     bool        // a rule depends on the object's name
}

// result is what a scan has found.
type result struct {
	findings []scanner.Finding
	deep     bool // rules with modules were run
}

const engineName = "yara"

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
	digest := digestOf(cfg, units)
	open := localOf
	if len(cfg.Command) > 0 {
		open = newWorker
	}
	m, lost, err := open(cfg, units)
	warnings = append(warnings, lost...)
	if err != nil {
		return nil, warnings, err
	}
	return &Engine{cfg: cfg, matcher: m, rules: digest}, warnings, nil
}

// noRules returns ErrNoRules with the first reason.
func noRules(warnings []Warning) error {
	if len(warnings) == 0 {
		return ErrNoRules
	}
	return fmt.Errorf("%w: %v", ErrNoRules, warnings[0])
}

// Name returns "yara".
func (e *Engine) Name() string { return engineName }

// Rules returns how many rules can be reported: private and disabled ones, and
// those not meant for files, do not count.
func (e *Engine) Rules() int { return e.matcher.facts().reportable }

// List describes all rules that were loaded, in the order of their sources.
func (e *Engine) List() ([]Rule, error) {
	if err := e.acquire(); err != nil {
		return nil, err
	}
	defer e.release()
	return e.matcher.list()
}

// Stats returns what the scans so far have taken.
func (e *Engine) Stats() Stats {
	s := e.meter.stats()
	s.Restarts = e.matcher.restarts()
	return s
}

// Close frees the rules as soon as the last running Inspect returns, and waits
// for none. Inspect then returns ErrClosed. Close again does nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		e.free()
	}
	return nil
}

// free closes the matcher if nobody uses or will use it. e.mu is held.
func (e *Engine) free() {
	if e.closed && e.running == 0 {
		e.matcher.close()
	}
}

func (e *Engine) acquire() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	e.running++
	return nil
}

func (e *Engine) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running--
	e.free()
}

// maxScans bounds the scans of one object under its various names. The Scanner
// keeps no more than 16 names of an object.
const maxScans = 17

// Inspect scans the object, and once more for each further name it bears if a
// rule depends on the name. Findings come in the order of the rules.
func (e *Engine) Inspect(ctx context.Context, obj *scanner.Object) ([]scanner.Finding, error) {
	if err := e.acquire(); err != nil {
		return nil, err
	}
	defer e.release()
	data, err := obj.Bytes()
	if err != nil {
		return nil, fmt.Errorf("yara: %w", err)
	}
	values, rest, err := e.values(ctx, obj)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	res, err := e.matcher.match(ctx, data, values)
	e.meter.add(obj, time.Since(begun), res, err)
	if err == nil && rest {
		err = fmt.Errorf("yara: more than %d names: the rest was not tried", maxScans)
	}
	return res.findings, err
}

// values returns the lists of values of the externals, one for each name that
// makes a difference, and whether there were more names than are tried.
func (e *Engine) values(ctx context.Context, obj *scanner.Object) (lists [][]string, rest bool, err error) {
	facts := e.matcher.facts()
	s := &subject{obj: obj, env: scanner.EnvelopeFrom(ctx)}
	for _, s.name = range names(obj) {
		if len(lists) > 0 && !facts.byName {
			break
		}
		list := make([]string, len(facts.externals))
		for i, x := range facts.externals {
			list[i] = x.valueOf(s)
		}
		if s.err != nil {
			return nil, false, fmt.Errorf("yara: %w", s.err)
		}
		if slices.ContainsFunc(lists, func(l []string) bool { return slices.Equal(l, list) }) {
			continue
		}
		if len(lists) == maxScans {
			return lists, true, nil
		}
		lists = append(lists, list)
	}
	return lists, false, nil
}
