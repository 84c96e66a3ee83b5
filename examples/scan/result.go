package main

import (
	"fmt"

	"github.com/fivefifty/fivefifty/scanner"
)

// result is what is reported of one file, or of one message in a mailbox.
type result struct {
	file    string
	message int    // number in the mailbox, from 1; 0 if the file is none
	reading string // how the file was read, where it can be read in several ways

	// extra results are those of other readings of the same bytes: they are
	// reported only if they say what no result of the file said before.
	extra bool

	// beyond says that the reading goes beyond the limits as a matter of course:
	// that they are met is no news.
	beyond bool

	report *scanner.Report // nil if the file could not be opened
	err    error
}

// job is the work on one file or one message, and its results.
type job struct {
	work    func() []*result
	done    chan struct{} // closed when results are there
	results []*result
	said    *said // what was said of the file so far, shared by its jobs; nil if it is one job
}

func newJob(work func() []*result) *job {
	return &job{work: work, done: make(chan struct{}), said: new(said)}
}

// failed is a job that is an error.
func failed(file string, err error) *job {
	return newJob(func() []*result { return []*result{{file: file, err: err}} })
}

// said remembers the findings and unchecked entries that were reported of one
// file. It belongs to the goroutine that prints.
type said struct {
	keys map[string]bool
}

// news remembers what r says and reports whether anything of it is new.
func (s *said) news(r *result) bool {
	fresh := r.err != nil
	add := func(key string) {
		if !s.keys[key] {
			fresh = true
			if s.keys == nil {
				s.keys = make(map[string]bool)
			}
			s.keys[key] = true
		}
	}
	if r.report == nil {
		return fresh
	}
	for _, o := range r.report.Objects {
		for _, f := range o.Findings {
			if f.Class == scanner.ClassNotice {
				continue
			}
			add(fmt.Sprintf("%s %s %s %x", f.Engine, f.Signature, f.Class, o.SHA256))
		}
		for _, u := range o.Unchecked {
			if r.beyond && (u.Reason == scanner.ReasonLimit || u.Reason == scanner.ReasonTimeout) {
				continue
			}
			add(fmt.Sprintf("%s %s %x", u.Reason, u.Limit, o.SHA256))
		}
	}
	return fresh
}
