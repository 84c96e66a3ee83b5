package yara

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fivefifty/fivefifty/scanner"
)

// Stats is what an Engine's scans have taken since it was made.
type Stats struct {
	Objects  int64         // examined, the failed ones too
	Bytes    int64         // of these objects
	Deep     int64         // objects for which rules with modules were run
	Matched  int64         // objects with a finding
	Timeouts int64         // objects for which the time was not enough
	Errors   int64         // objects that were not examined for another reason
	Time     time.Duration // spent on all objects, by the clock
	Slowest  Slowest
	Restarts int64 // of the worker, if there is one
}

// Slowest is the object that took the longest time.
type Slowest struct {
	Time   time.Duration
	Path   string // Object.Path: from mail, never to be joined to a path
	Type   string // Object.Type
	Size   int64  // bytes
	SHA256 scanner.Digest
}

// meter adds up Stats. The zero value is ready.
type meter struct {
	mu  sync.Mutex
	sum Stats
}

func (m *meter) stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sum
}

// add counts one object.
func (m *meter) add(obj *scanner.Object, took time.Duration, res result, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.sum
	s.Objects++
	s.Bytes += obj.Size
	s.Time += took
	if res.deep {
		s.Deep++
	}
	if len(res.findings) > 0 {
		s.Matched++
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.Timeouts++
	case err != nil:
		s.Errors++
	}
	if took > s.Slowest.Time {
		s.Slowest = Slowest{Time: took, Path: line(obj.Path, 300), Type: obj.Type, Size: obj.Size, SHA256: obj.SHA256}
	}
}
