package archive

import (
	"bytes"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func FuzzDetect(f *testing.F) {
	f.Add(archivetest.StdZip(f, archivetest.File{Name: "a", Data: "a", Method: 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Detect(bytes.NewReader(data), int64(len(data))) {
			r, err := Open(format, bytes.NewReader(data), int64(len(data)), Limits{})
			if err == nil {
				r.Close()
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := []byte(archivetest.Text(2 << 20))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if len(Detect(bytes.NewReader(data), int64(len(data)))) > 0 {
			b.Fatal("found something")
		}
	}
}
