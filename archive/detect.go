package archive

import (
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// marks are the signatures of all formats that may stand anywhere.
var marks = level.MarksOf(formats[:]...)

// Detect returns every format whose signature occurs, in a fixed order. A file
// can be of several formats: which of them a mail client opens depends on its
// name as much as on its bytes. A read error counts as absence.
func Detect(src io.ReaderAt, size int64) []Format {
	var found []Format
	_ = level.Look(src, size, marks, func(p *level.Probe) {
		for _, row := range formats {
			if row.Detect(p) {
				found = append(found, Format(row.Name))
			}
		}
	})
	return found
}
