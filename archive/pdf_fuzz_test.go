package archive

import "testing"

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
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, PDF, data, pdfFixed) })
}
