package pdf

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// fixed is what reading a PDF file may allocate whatever its size: buffers, and
// object streams that expand.
const fixed = 8 << 20

func FuzzPDF(f *testing.F) {
	for _, c := range forgedPDFs() {
		f.Add(c.data)
	}
	for _, c := range encryptedPDFs() {
		f.Add(c.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, fixed) })
}
