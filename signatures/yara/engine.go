//go:build cgo

package yara

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	goyara "github.com/hillu/go-yara/v4"

	"github.com/fivefifty/fivefifty/scanner"
)

// Engine matches objects against YARA rules. It is a [scanner.Engine], safe for
// concurrent use. To change rules, make another and Close this one.
type Engine struct {
	cfg        Config
	externals  []*external // those that a rule uses
	info       map[ruleKey]*info
	reportable int

	mu      sync.Mutex
	rules   *goyara.Rules
	named   *goyara.Rules // the part of rules that depends on the object's name, nil if none
	running int
	closed  bool
}

type ruleKey struct{ namespace, name string }

const engineName = "yara"

// Name returns "yara".
func (e *Engine) Name() string { return engineName }

// Rules returns how many rules can be reported: private and disabled ones, and
// those not meant for files, do not count.
func (e *Engine) Rules() int { return e.reportable }

// Close frees the rules as soon as the last running Inspect returns, and waits
// for none. Inspect then returns ErrClosed. Close again does nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.free()
	return nil
}

// free destroys the rules if nobody uses or will use them. e.mu is held.
func (e *Engine) free() {
	if !e.closed || e.running > 0 {
		return
	}
	for _, r := range []*goyara.Rules{e.rules, e.named} {
		if r != nil {
			r.Destroy()
		}
	}
	e.rules, e.named = nil, nil
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
	c := &collector{engine: e, met: map[ruleKey]bool{}, lookups: maxLookups}
	sub := &subject{obj: obj, env: scanner.EnvelopeFrom(ctx)}
	var tried [][]string
	rules := e.rules
	for _, sub.name = range names(obj) {
		values := e.values(sub)
		if sub.err != nil {
			return c.kept, fmt.Errorf("yara: %w", sub.err)
		}
		if len(tried) > 0 && (e.named == nil || slices.ContainsFunc(tried, func(t []string) bool { return slices.Equal(t, values) })) {
			continue
		}
		if len(tried) == maxScans {
			return c.kept, fmt.Errorf("yara: more than %d names: the rest was not tried", maxScans)
		}
		tried = append(tried, values)
		if err := e.scan(ctx, rules, data, values, c); err != nil {
			return c.kept, err
		}
		if c.settled() {
			break
		}
		rules = e.named
	}
	return c.kept, nil
}

// values returns the values of e.externals, in their order.
func (e *Engine) values(s *subject) []string {
	list := make([]string, len(e.externals))
	for i, x := range e.externals {
		list[i] = x.valueOf(s)
	}
	return list
}

// scan runs rules once over data.
func (e *Engine) scan(ctx context.Context, rules *goyara.Rules, data []byte, values []string, c *collector) error {
	timeout, err := timeLeft(ctx, time.Now(), e.cfg.Timeout)
	if err != nil {
		return err
	}
	s, err := newScanner(rules, timeout, c)
	if err != nil {
		return err
	}
	defer s.Destroy()
	for i, x := range e.externals {
		if err := s.DefineVariable(x.name, values[i]); err != nil {
			return fmt.Errorf("yara: external %s: %w", x.name, err)
		}
	}
	err = s.ScanMem(data)
	runtime.KeepAlive(rules)
	return c.outcome(err)
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
