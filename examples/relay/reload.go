package main

import (
	"io"
	"log/slog"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/scanner"
)

// loader reads the configuration file anew at each call but the first, so that
// rules, policy and the scan's time limit can be changed by SIGHUP.
func loader(cfg *config, file string, log *slog.Logger) func() (*scanner.Scanner, io.Closer, error) {
	first := true
	return func() (*scanner.Scanner, io.Closer, error) {
		if !first {
			fresh, err := readConfig(file)
			if err != nil {
				return nil, nil, err
			}
			cfg = fresh
		}
		first = false
		s, set, err := loadScanner(cfg)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range set.Warnings {
			log.Warn("rules", "warning", w)
		}
		log.Info("rules loaded", "summary", set.Summary())
		return s, closing(set), nil
	}
}

func loadScanner(cfg *config) (*scanner.Scanner, *ruleset.Set, error) {
	set, err := ruleset.Load(ruleset.Paths{Rules: cfg.Rules.Yara, Hashes: cfg.Rules.Hashes, Bundled: cfg.Rules.Bundled})
	if err != nil {
		return nil, nil, err
	}
	p, err := cfg.Policy.scanner()
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	s, err := scanner.New(scanner.Config{
		Engines: set.Engines, Policy: p,
		Limits: scanner.Limits{MessageBytes: cfg.Limits.MessageBytes, Time: cfg.Limits.Scan},
	})
	if err != nil {
		set.Close()
		return nil, nil, err
	}
	return s, set, nil
}

// closing makes the rules' release an io.Closer.
func closing(set *ruleset.Set) io.Closer { return closerFunc(func() { set.Close() }) }

type closerFunc func()

func (f closerFunc) Close() error { f(); return nil }
