package input

import (
	"fmt"
	"io"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// ErrWork says that streams overlap, or that decoders feed decoders, beyond
// what any honest file does.
var ErrWork = fmt.Errorf("work: %w", level.ErrLimit)

// Work is what is left to spend on one file. It makes all costs linear in the
// file's size, however its parts refer to each other.
type Work struct{ Left int64 }

// Spend takes n bytes of work and reports whether there was enough left.
func (w *Work) Spend(n int64) bool {
	if w.Left -= n; w.Left < 0 {
		w.Left = -1
		return false
	}
	return true
}

// Meter charges for what passes.
type Meter struct {
	R      io.Reader
	Work   *Work
	Weight int64
}

func (m *Meter) Read(p []byte) (int, error) {
	n, err := m.R.Read(p)
	if !m.Work.Spend(int64(n)/m.Weight + 1) {
		return 0, &level.SourceError{Err: ErrWork}
	}
	return n, err
}
