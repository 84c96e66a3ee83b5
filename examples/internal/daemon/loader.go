package daemon

import (
	"io"
	"log/slog"
	"sync"

	"github.com/fivefifty/fivefifty/examples/internal/admin"
	"github.com/fivefifty/fivefifty/scanner"
)

// loader makes a scanner of cfg, and at each further call of the file read anew, so
// that rules, policy and the scan's limits can be changed while the program runs.
type loader[C Config] struct {
	program Program[C]
	file    string
	metrics *admin.Metrics
	log     *slog.Logger

	mu    sync.Mutex
	cfg   C
	again bool
	cache scanner.Cache // of bytes; all scanners share it, one after the other
	bytes int64
}

// paths are the files and folders that were loaded last, and the configuration.
func (l *loader[C]) paths() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	paths := l.cfg.Shared().Rules.Paths()
	if l.file != "" {
		paths = append(paths, l.file)
	}
	return paths
}

// next is a live.Load.
func (l *loader[C]) next() (_ *scanner.Scanner, _ io.Closer, err error) {
	var rules admin.Rules
	defer func() { l.metrics.Loaded(rules, err) }()
	cfg, err := l.read()
	if err != nil {
		return nil, nil, err
	}
	shared := cfg.Shared()
	if shared.Cache, err = l.cacheFor(shared.Rules.CacheBytes, shared.Rules.NewCache); err != nil {
		return nil, nil, err
	}
	s, set, err := shared.NewScanner(cfg.ScannerLimits())
	if err != nil {
		return nil, nil, err
	}
	rules.Summary = set.Summary()
	if e := set.YARA(); e != nil {
		rules.YARA = e.Stats
	}
	tellRules(set, l.log)
	l.mu.Lock()
	l.cfg = cfg
	l.mu.Unlock()
	return s, set, nil
}

// read reads the configuration, but the first time.
func (l *loader[C]) read() (C, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.again {
		l.again = true
		return l.cfg, nil
	}
	return l.program.Read(l.file)
}

// cacheFor returns the cache in use, or another if its size has changed.
func (l *loader[C]) cacheFor(bytes int64, make func() (scanner.Cache, error)) (scanner.Cache, error) {
	if bytes == l.bytes {
		return l.cache, nil
	}
	cache, err := make()
	if err == nil {
		l.cache, l.bytes = cache, bytes
	}
	return cache, err
}
