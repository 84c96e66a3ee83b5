package main

import (
	"io"
	"log/slog"

	"github.com/fivefifty/fivefifty/examples/internal/ruleset"
	"github.com/fivefifty/fivefifty/examples/internal/settings"
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
		return s, set, nil
	}
}

func loadScanner(cfg *config) (*scanner.Scanner, *ruleset.Set, error) {
	return settings.NewScanner(cfg.Rules, cfg.Policy, false,
		scanner.Limits{MessageBytes: cfg.Limits.MessageBytes, Time: cfg.Limits.Scan})
}
