package chm

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func BenchmarkChm(b *testing.B) {
	body := archivetest.Text(1 << 20)
	data := packedChm("s", archivetest.File{Name: "/f", Data: body}).bytes()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		archivetest.Drain(b, Format, data)
	}
}
