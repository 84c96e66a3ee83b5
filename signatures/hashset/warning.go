package hashset

import "fmt"

// Warning tells of a line, or of a whole list, that was left out.
type Warning struct {
	File string // as given to Load or Read
	Line int    // from 1; 0 where the whole list is meant
	Text string
}

// String returns the warning on one line, as "file:line: reason".
func (w Warning) String() string {
	if w.Line == 0 {
		return fmt.Sprintf("%s: %s", w.File, w.Text)
	}
	return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Text)
}

// maxWarnings bounds the warnings that are kept of one list: one that is not a
// list of digests has a warning for every line.
const maxWarnings = 100

// warnings are those of one list.
type warnings struct {
	file  string
	list  []Warning
	count int
}

func (w *warnings) add(line int, format string, args ...any) {
	if w.count++; w.count <= maxWarnings {
		w.list = append(w.list, Warning{File: w.file, Line: line, Text: fmt.Sprintf(format, args...)})
	}
}

// all returns the warnings, with one about those that were not kept.
func (w *warnings) all() []Warning {
	if n := w.count - maxWarnings; n > 0 {
		w.list = append(w.list, Warning{File: w.file, Text: fmt.Sprintf("%d more lines could not be used", n)})
	}
	return w.list
}
