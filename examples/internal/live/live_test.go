package live

import (
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/fivefifty/fivefifty/scanner"
)

type closer struct{ closed int }

func (c *closer) Close() error { c.closed++; return nil }

func TestReloadKeepsWhatIsHeld(t *testing.T) {
	var made []*closer
	fail := false
	s, err := New(func() (*scanner.Scanner, io.Closer, error) {
		if fail {
			return nil, nil, errors.New("no rules")
		}
		sc, err := scanner.New(scanner.Config{})
		made = append(made, new(closer))
		return sc, made[len(made)-1], err
	})
	if err != nil {
		t.Fatal(err)
	}
	held := s.Acquire()
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if made[0].closed != 0 {
		t.Error("closed while it was held")
	}
	if l := s.Acquire(); l == held {
		t.Error("the old one after a reload")
	} else {
		l.Release()
	}
	held.Release()
	if made[0].closed != 1 || made[1].closed != 0 {
		t.Errorf("closed %d and %d times", made[0].closed, made[1].closed)
	}
	fail = true
	if s.Reload() == nil {
		t.Error("no error")
	}
	if l := s.Acquire(); l.closer != made[1] {
		t.Error("a failed reload took the scanner away")
	}
}

func TestConcurrentUse(t *testing.T) {
	s, err := New(func() (*scanner.Scanner, io.Closer, error) {
		sc, err := scanner.New(scanner.Config{})
		return sc, new(closer), err
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l := s.Acquire()
				if l.closer.(*closer).closed > 0 {
					t.Error("closed while it was held")
				}
				l.Release()
				_ = s.Reload()
			}
		})
	}
	wg.Wait()
}
