package settings

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
)

// Base is the sections that every program has; its configuration embeds it.
type Base struct {
	Rules  Rules
	Policy Policy
	Log    Log
	Admin  Admin

	Cache scanner.Cache `toml:"-"` // what NewScanner's scanners share; nil is none

	keeps bool // the program can hold messages
}

// CanHold says that the program can hold messages, so that a policy may ask for
// quarantine.
func (b *Base) CanHold() { b.keeps = true }

// Check returns what is wrong with the sections.
func (b *Base) Check() error {
	_, err := b.Policy.scanner(b.keeps)
	if err != nil {
		err = fmt.Errorf("policy: %w", err)
	}
	return errors.Join(b.Log.Check(), b.Rules.Check(), err)
}

// NewScanner loads the rules and makes a scanner that uses them. The caller
// closes the set when no scan runs any more.
func (b *Base) NewScanner(limits scanner.Limits) (*scanner.Scanner, *ruleset.Set, error) {
	set, err := ruleset.Load(b.Rules.set())
	if err != nil {
		return nil, nil, err
	}
	policy, err := b.Policy.scanner(b.keeps)
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	s, err := scanner.New(scanner.Config{Engines: set.Engines, Policy: policy, Limits: limits, Passwords: slices.Concat(b.Rules.Passwords, set.Passwords()), Cache: b.Cache})
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	return s, set, nil
}

// Admin is the section [admin].
type Admin struct {
	Listen string // host:port of /metrics, /healthz and /readyz; "" is none
}

// CheckDirection returns what is wrong with the direction of a program's mail.
func CheckDirection(d string) error {
	if d != "" && d != "in" && d != "out" {
		return fmt.Errorf("direction: %q is neither in nor out", d)
	}
	return nil
}
