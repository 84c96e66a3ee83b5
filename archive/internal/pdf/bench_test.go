//go:build unix

package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// contentPDF is a file of pages, as most are.
func contentPDF(pages int) []byte {
	f := forgePDF()
	for i := range pages {
		f.stream(10+i, "/Filter/FlateDecode", pdfZlib(archivetest.Text(40_000)))
	}
	return f.end("")
}

// cpuTime is the processor time that the test has used.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano())
}

func BenchmarkPDFContent(b *testing.B) {
	data := contentPDF(100)
	b.Run("reader=archive", func(b *testing.B) {
		b.ReportAllocs()
		used := cpuTime()
		for b.Loop() {
			archivetest.Drain(b, Format, data)
		}
		perCPU(b, used, 100*40_000)
	})
	raw := archivetest.Pack(8, strings.Repeat(archivetest.Text(40_000), 100))
	b.Run("reader=flate", func(b *testing.B) {
		in := newInflater(nil)
		defer in.release()
		used := cpuTime()
		for b.Loop() {
			in.reset(bytes.NewReader(raw))
			in.restart()
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, in, archivetest.Sink[:]); err != nil {
				b.Fatal(err)
			}
		}
		perCPU(b, used, 100*40_000)
	})
}

// perCPU reports decoded bytes in a second of processor time, which other programs
// on the machine change less than time.
func perCPU(b *testing.B, since time.Duration, n int) {
	b.ReportMetric(float64(b.N)*float64(n)/1e6/(cpuTime()-since).Seconds(), "MB/cpu-s")
}

// BenchmarkPDFObjects shows that the cost is linear in the number of objects.
func BenchmarkPDFObjects(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		f := forgePDF()
		for i := range n {
			f.obj(10+i, "<</Type/Annot/Rect[0 0 1 1]/P 3 0 R/Contents(a comment)>>")
		}
		data := f.end("")
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			used := cpuTime()
			for b.Loop() {
				archivetest.Drain(b, Format, data)
			}
			b.ReportMetric(float64(cpuTime()-used)/float64(b.N*n), "cpu-ns/object")
		})
	}
}

func BenchmarkPDFFilters(b *testing.B) {
	body := archivetest.Text(1 << 20)
	for _, c := range []struct{ name, dict, data string }{
		{"hex", "/Filter/AHx", hexOf(body)},
		{"85", "/Filter/A85", a85Of(body)},
		{"lzw", "/Filter/LZW/DecodeParms<</EarlyChange 0>>", lzwOf(body)},
		{"runlength", "/Filter/RL", runsOf(body)},
		{"png", "/Filter/Fl/DecodeParms<</Predictor 15/Columns 64>>", pdfZlib(pngRows(body, 64))},
		{"broken-flate", "/Filter/Fl", brokenFlate(body)},
	} {
		data := forgePDF().stream(9, c.dict, c.data).end("")
		b.Run("filter="+c.name, func(b *testing.B) {
			used := cpuTime()
			for b.Loop() {
				archivetest.Drain(b, Format, data)
			}
			perCPU(b, used, len(body))
		})
	}
}
