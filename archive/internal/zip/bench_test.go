//go:build unix

package zip

import (
	"bytes"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// cpuTime is the processor time of this process so far: the wall clock says little on
// a busy machine.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkZipMethods is the speed of each method, in bytes of output for each
// second of processor time, beside the bare decoder.
func BenchmarkZipMethods(b *testing.B) {
	body := archivetest.Text(1 << 20)
	for _, p := range packers {
		raw := p.pack(b, body)
		data := forge([]entry{p.entry(b, "p", body, nil)}, nil, "")
		b.Run("method="+p.name+"/reader=archive", func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				archivetest.Drain(b, Format, data)
			}
			b.ReportMetric(float64(len(body)*b.N)/1e6/(cpuTime()-start).Seconds(), "MB/cpu-s")
		})
		b.Run("method="+p.name+"/reader=decoder", func(b *testing.B) {
			d := &decoders{dictionary: 1 << 26, left: 1 << 60}
			start := cpuTime()
			for b.Loop() {
				dec, err := d.openBody(p.method, bytes.NewReader(raw), bodyHints{p.flags, int64(len(body))})
				if err != nil {
					b.Fatal(err)
				}
				io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(dec, int64(len(body))), archivetest.Sink[:])
				dec.Release()
			}
			b.ReportMetric(float64(len(body)*b.N)/1e6/(cpuTime()-start).Seconds(), "MB/cpu-s")
		})
	}
}

// BenchmarkZipCiphers is the speed behind a password, its derivation included.
func BenchmarkZipCiphers(b *testing.B) {
	body := archivetest.Text(1 << 20)
	for name, e := range map[string]entry{"traditional": cryptoEntry(8, body, "k"), "aes-256": aesEntry(b, 8, body, "k", 3, 2)} {
		data := forge([]entry{e}, nil, "")
		b.Run("cipher="+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if all := readWith(b, data, tryKeys("k")); all[0].Data != body {
					b.Fatal("not opened")
				}
			}
		})
	}
}

// BenchmarkZipEntries shows that the cost for each member does not grow with their
// number, in the kinds of files that make readers quadratic.
func BenchmarkZipEntries(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		kinds := map[string]func() []byte{
			"plain":       func() []byte { return manyEntries(n, nil) },
			"no-end":      func() []byte { d := manyEntries(n, nil); return d[:len(d)-10] },
			"locals-only": func() []byte { d := manyEntries(n, nil); return d[:bytes.Index(d, sigCentral)] },
			"one-name":    func() []byte { return manyEntries(n, func(e *entry) { e.name = "same" }) },
			"streamed":    func() []byte { return manyEntries(n, func(e *entry) { *e = streamed(*e, true, false) }) },
		}
		for kind, make := range kinds {
			data := make()
			b.Run(fmt.Sprintf("kind=%s/members=%d", kind, n), func(b *testing.B) {
				start := cpuTime()
				for b.Loop() {
					cost(b, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 1 << 20}, 1<<40)
				}
				b.ReportMetric(float64(cpuTime()-start)/float64(b.N*n), "cpu-ns/member")
			})
		}
	}
}

func manyEntries(n int, bend func(*entry)) []byte {
	var entries []entry
	raw := archivetest.Pack(8, "a small body")
	for i := range n {
		e := entry{name: fmt.Sprint("file-", i), method: 8, body: "a small body", raw: raw}
		if bend != nil {
			bend(&e)
		}
		entries = append(entries, e)
	}
	return forge(entries, nil, "")
}

func BenchmarkZipDeflate(b *testing.B) {
	body := archivetest.Text(4 << 20)
	data := archivetest.StdZip(b, archivetest.File{Name: "a", Data: body, Method: 8})
	raw := archivetest.Pack(8, body)
	b.Run("reader=archive", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			archivetest.Drain(b, Format, data)
		}
	})
	b.Run("reader=flate", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		z := flate.NewReader(nil)
		for b.Loop() {
			z.(flate.Resetter).Reset(bytes.NewReader(raw), nil)
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, z, archivetest.Sink[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkZipMembers(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		var files []archivetest.File
		for i := range n {
			files = append(files, archivetest.File{Name: fmt.Sprintf("file-%d", i), Data: "a small body", Method: 8})
		}
		data := archivetest.StdZip(b, files...)
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				archivetest.Drain(b, Format, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}
