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
			if f := Format(row.Name); row.Detect(p) && !cutBySectors(p, f) {
				found = append(found, f)
			}
		}
	})
	return found
}

// cutBySectors says whether a format whose signature may be anywhere is left out: in a
// compound file an archive is cut into sectors, and read as one piece it is broken in
// honest documents. It is found in the stream that holds it, or in the data behind all
// streams; both are members.
func cutBySectors(p *level.Probe, f Format) bool { return f == Zip && rowOf(OLE).Detect(p) }
