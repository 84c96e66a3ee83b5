package main

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
)

// maxWarnings is how many warnings about rules are shown without --verbose:
// public rule sets are full of rules that need something or other.
const maxWarnings = 5

// loadRules loads the engines and tells of what is wrong with their rules.
func loadRules(o *options, stderr io.Writer) (*ruleset.Set, error) {
	set, err := ruleset.Load(ruleset.Paths{Rules: o.Rules, Hashes: o.Hashes, ClamAV: o.ClamAV, Bundled: !o.NoBundled,
		Disable: o.Disable, Every: o.Every, Cache: o.Cache, Isolate: o.Isolate})
	if err != nil {
		return nil, err
	}
	for i, w := range set.Warnings {
		if i == maxWarnings && !o.Verbose {
			fmt.Fprintf(stderr, "scan: … and %s; --verbose shows all\n", count(len(set.Warnings)-i, "more warning"))
			break
		}
		fmt.Fprintln(stderr, "scan: warning:", safe(w))
	}
	if o.Verbose {
		fmt.Fprintln(stderr, "scan: loaded", safe(set.Summary()))
	}
	if len(set.Engines) == 0 {
		fmt.Fprintln(stderr, "scan: warning: no rules and no hashes: only the policy judges")
	}
	return set, nil
}
