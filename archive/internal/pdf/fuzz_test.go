package pdf

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// pdfFixed is what reading a PDF file may allocate whatever its size: buffers, and
// object streams that expand.
const pdfFixed = 8 << 20

func FuzzPDF(f *testing.F) {
	for _, c := range forgedPDFs() {
		f.Add(c.data)
	}
	for _, c := range encryptedPDFs() {
		f.Add(c.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, pdfFixed) })
}
