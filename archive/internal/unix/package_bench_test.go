package unix

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// BenchmarkPackages has many small members: what one costs.
func BenchmarkPackages(b *testing.B) {
	var files []archivetest.File
	for range 10_000 {
		files = append(files, archivetest.File{Name: "file", Data: "a small body"})
	}
	for f, data := range map[*level.Format][]byte{Tar: archivetest.StdTar(b, 0, files...), Cpio: archivetest.CpioOf(files...), Ar: archivetest.ArOf(files...)} {
		b.Run("format="+f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, f, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(files)), "ns/member")
		})
	}
}
