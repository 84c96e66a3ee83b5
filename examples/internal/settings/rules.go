package settings

import "github.com/fivefifty/fivefifty/examples/internal/ruleset"

// Rules is the section [rules].
type Rules struct {
	Bundled   bool
	Yara      []string // files and folders
	Hashes    []string
	Disable   []string // YARA rules that are never reported
	Cache     string   // folder for compiled YARA rules
	Isolate   bool     // libyara runs in a process of its own
	Passwords []string // tried on what is encrypted, beside those that a message names
}

// paths are the rules in the loader's terms.
func (r *Rules) paths() ruleset.Paths {
	return ruleset.Paths{Rules: r.Yara, Hashes: r.Hashes, Bundled: r.Bundled, Disable: r.Disable, Cache: r.Cache, Isolate: r.Isolate}
}
