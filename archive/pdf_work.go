package archive

import (
	"fmt"
	"io"
)

// Work that is granted for one file, in bytes that pass through a lexer or an
// inner decoder: honest files need less than their size in syntax, and less
// than a tenth of this in object streams.
const (
	pdfWorkBase  = 128 << 20
	pdfWorkTimes = 8 // times the file's size
	pdfRawWeight = 4 // bytes that are only searched or copied cost a quarter
)

// errPDFWork says that streams overlap, or that decoders feed decoders, beyond
// what any honest file does.
var errPDFWork = fmt.Errorf("work: %w", ErrLimit)

// pdfWork is what is left to spend on one file. It makes all costs linear in the
// file's size, however its parts refer to each other.
type pdfWork struct{ left int64 }

func (w *pdfWork) spend(n int64) bool {
	if w.left -= n; w.left < 0 {
		w.left = -1
		return false
	}
	return true
}

// pdfMeter charges for what passes.
type pdfMeter struct {
	r      io.Reader
	work   *pdfWork
	weight int64
}

func (m *pdfMeter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if !m.work.spend(int64(n)/m.weight + 1) {
		return 0, &sourceError{errPDFWork}
	}
	return n, err
}
