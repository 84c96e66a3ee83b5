package settings

import (
	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
)

// Rules is the section [rules].
type Rules struct {
	Bundled   bool
	Yara      []string
	Hashes    []string
	Passwords []string // tried on what is encrypted, beside those that a message names
}

// NewScanner loads the rules and makes a scanner that uses them. The caller
// closes the set when no scan runs any more.
func NewScanner(r Rules, p Policy, quarantine bool, limits scanner.Limits) (*scanner.Scanner, *ruleset.Set, error) {
	set, err := ruleset.Load(ruleset.Paths{Rules: r.Yara, Hashes: r.Hashes, Bundled: r.Bundled})
	if err != nil {
		return nil, nil, err
	}
	policy, err := p.Scanner(quarantine)
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	s, err := scanner.New(scanner.Config{Engines: set.Engines, Policy: policy, Limits: limits, Passwords: r.Passwords})
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	return s, set, nil
}
