package smtprelay

import (
	"io"
	"sync"

	"github.com/fivefifty/fivefifty/scanner"
)

// scanners holds the scanner in use. One that was replaced is closed when its
// last scan has ended.
type scanners struct {
	mu      sync.Mutex
	current *lease
}

// lease is one scanner with the number of those who hold it, the table itself
// included.
type lease struct {
	scanner *scanner.Scanner
	closer  io.Closer
	holders int
}

func (s *scanners) acquire() *lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.holders++
	return s.current
}

func (s *scanners) release(l *lease) {
	s.mu.Lock()
	l.holders--
	last := l.holders == 0
	s.mu.Unlock()
	if last && l.closer != nil {
		l.closer.Close()
	}
}

func (s *scanners) replace(sc *scanner.Scanner, closer io.Closer) {
	s.mu.Lock()
	old := s.current
	s.current = &lease{scanner: sc, closer: closer, holders: 1}
	s.mu.Unlock()
	if old != nil {
		s.release(old)
	}
}
