package clamav

import "fmt"

// Warning tells of a signature, or of a whole file, that was left out.
type Warning struct {
	File string // path, and within a container "path/member"
	Line int    // from 1; 0 where the whole file is meant
	Name string // of the signature, "" if none is known
	Text string // the reason
}

// String returns the warning on one line, as "file:line: name: reason".
func (w Warning) String() string {
	s := w.File
	if w.Line > 0 {
		s += fmt.Sprintf(":%d", w.Line)
	}
	if w.Name != "" {
		s += ": " + clip(w.Name)
	}
	return s + ": " + w.Text
}

// maxNamed is how many of the signatures of one file that are left out for one
// reason are named. The last warning about the reason says how many there were.
const maxNamed = 10

// losses are the signatures of one file that are left out, by reason.
type losses struct {
	file    string
	named   []Warning
	reasons []string
	count   map[string]int
}

func (l *losses) add(line int, name, reason string) {
	if l.count == nil {
		l.count = map[string]int{}
	}
	if l.count[reason] == 0 {
		l.reasons = append(l.reasons, reason)
	}
	if l.count[reason]++; l.count[reason] <= maxNamed {
		l.named = append(l.named, Warning{File: l.file, Line: line, Name: name, Text: reason})
	}
}

// all returns the warnings, with one for each reason that has more than are named.
func (l *losses) all() []Warning {
	for _, reason := range l.reasons {
		if n := l.count[reason] - maxNamed; n > 0 {
			l.named = append(l.named, Warning{File: l.file, Text: fmt.Sprintf("%d more: %s", n, reason)})
		}
	}
	return l.named
}

// clip bounds text from a file that goes into a warning.
func clip(s string) string {
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	q := fmt.Sprintf("%q", s)
	return q[1 : len(q)-1]
}
