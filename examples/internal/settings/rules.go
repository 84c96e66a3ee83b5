package settings

import (
	"errors"
	"slices"
	"time"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
	"github.com/fivefifty/fivefifty/verdictcache"
)

// Rules is the section [rules].
type Rules struct {
	Bundled   bool
	Yara      []string // files and folders
	Hashes    []string
	ClamAV    []string // databases of ClamAV: files and folders
	Disable   []string // YARA rules that are never reported
	Compiled  string   // folder for compiled YARA rules
	Isolate   bool     // libyara runs in a process of its own
	Passwords []string // tried on what is encrypted, beside those that a message names

	Watch      time.Duration // how often files are looked at for changes; 0 never
	CacheBytes int64         `toml:"cache_bytes"` // of the verdict cache; 0 is none
}

// Paths are the files and folders that the rules come from.
func (r *Rules) Paths() []string { return slices.Concat(r.Yara, r.Hashes, r.ClamAV) }

// Check returns what is wrong with the section.
func (r *Rules) Check() error {
	if r.Watch < 0 || r.CacheBytes < 0 {
		return errors.New("rules: watch or cache_bytes is negative")
	}
	return nil
}

// NewCache makes the verdict cache that the section asks for, nil if none.
func (r *Rules) NewCache() (scanner.Cache, error) {
	if r.CacheBytes == 0 {
		return nil, nil
	}
	return verdictcache.New(r.CacheBytes)
}

// set is the section in the loader's terms.
func (r *Rules) set() ruleset.Paths {
	return ruleset.Paths{Rules: r.Yara, Hashes: r.Hashes, ClamAV: r.ClamAV, Bundled: r.Bundled, Disable: r.Disable, Cache: r.Compiled, Isolate: r.Isolate}
}
