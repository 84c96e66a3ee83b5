package main

import "github.com/fivefifty/fivefifty/scanner"

// Exit codes. Of many files the first in this order counts: malicious or
// blocked, error, unchecked, clean. So 1 is said even if other files could not
// be read, and 0 only if every file was read and wholly examined.
const (
	exitClean     = 0
	exitRefused   = 1 // malicious or blocked
	exitError     = 2 // a file could not be read, or the command is wrong
	exitUnchecked = 3 // something was not examined, whatever the policy does about it
)

// tally counts results by verdict.
type tally struct {
	malicious, blocked, unchecked, clean int
	failed                               int // results with an error
	bytes                                int64
}

func (t *tally) add(r *result) {
	if r.err != nil {
		t.failed++
	}
	if r.report == nil {
		return
	}
	t.bytes += r.report.Stats.MessageBytes
	switch r.report.Verdict {
	case scanner.VerdictMalicious:
		t.malicious++
	case scanner.VerdictBlocked:
		t.blocked++
	case scanner.VerdictClean:
		t.clean++
	default:
		t.unchecked++
	}
}

func (t *tally) exitCode() int {
	switch {
	case t.malicious+t.blocked > 0:
		return exitRefused
	case t.failed > 0:
		return exitError
	case t.unchecked > 0:
		return exitUnchecked
	}
	return exitClean
}
