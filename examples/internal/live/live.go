// Package live holds the scanner that a running program uses, and exchanges it
// while scans run: those keep the one they began with.
package live

import (
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/scanner"
)

// Load makes a scanner and what releases its rules; nil where there is nothing
// to release.
type Load func() (*scanner.Scanner, io.Closer, error)

// Scanners holds the scanner in use. One that was replaced is closed when its
// last scan has ended. It is safe for concurrent use.
type Scanners struct {
	load Load

	mu      sync.Mutex
	current *Lease
	loading sync.Mutex
}

// New loads the first scanner.
func New(load Load) (*Scanners, error) {
	s := &Scanners{load: load}
	return s, s.Reload()
}

// Lease is one scanner with the number of those who hold it, Scanners included.
type Lease struct {
	*scanner.Scanner
	of      *Scanners
	closer  io.Closer
	holders int
}

// Acquire returns the scanner in use. The caller must call Release.
func (s *Scanners) Acquire() *Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.holders++
	return s.current
}

// Release gives the scanner back.
func (l *Lease) Release() {
	l.of.mu.Lock()
	l.holders--
	last := l.holders == 0
	l.of.mu.Unlock()
	if last && l.closer != nil {
		l.closer.Close()
	}
}

// Reload loads a scanner anew. If it cannot be had, everybody keeps the old one.
// Reloads wait for each other; scans do not wait for them.
func (s *Scanners) Reload() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	fresh, closer, err := s.load()
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.current
	s.current = &Lease{Scanner: fresh, of: s, closer: closer, holders: 1}
	s.mu.Unlock()
	if old != nil {
		old.Release()
	}
	return nil
}
