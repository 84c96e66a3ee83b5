//go:build unix

package archive

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// BenchmarkZipMethods is the speed of each method, in bytes of output for each
// second of processor time, beside the bare decoder.
func BenchmarkZipMethods(b *testing.B) {
	body := text(1 << 20)
	for _, p := range packers {
		raw := p.pack(b, body)
		data := forge([]entry{p.entry(b, "p", body, nil)}, nil, "")
		b.Run("method="+p.name+"/reader=archive", func(b *testing.B) {
			b.ReportAllocs()
			start := zipCPUTime()
			for b.Loop() {
				drain(b, Zip, data)
			}
			b.ReportMetric(float64(len(body)*b.N)/1e6/(zipCPUTime()-start).Seconds(), "MB/cpu-s")
		})
		b.Run("method="+p.name+"/reader=decoder", func(b *testing.B) {
			d := &zipDecoders{dictionary: 1 << 26, left: 1 << 60}
			start := zipCPUTime()
			for b.Loop() {
				dec, err := d.openBody(p.method, bytes.NewReader(raw), bodyHints{p.flags, int64(len(body))})
				if err != nil {
					b.Fatal(err)
				}
				io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(dec, int64(len(body))), sink[:])
				dec.release()
			}
			b.ReportMetric(float64(len(body)*b.N)/1e6/(zipCPUTime()-start).Seconds(), "MB/cpu-s")
		})
	}
}

// BenchmarkZipCiphers is the speed behind a password, its derivation included.
func BenchmarkZipCiphers(b *testing.B) {
	body := text(1 << 20)
	for name, e := range map[string]entry{"traditional": cryptoEntry(8, body, "k"), "aes-256": aesEntry(b, 8, body, "k", 3, 2)} {
		data := forge([]entry{e}, nil, "")
		b.Run("cipher="+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if all := readWith(b, data, tryKeys("k")); all[0].data != body {
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
				start := zipCPUTime()
				for b.Loop() {
					zipCost(b, data, Limits{Members: 1 << 20}, 1<<40)
				}
				b.ReportMetric(float64(zipCPUTime()-start)/float64(b.N*n), "cpu-ns/member")
			})
		}
	}
}

func manyEntries(n int, bend func(*entry)) []byte {
	var entries []entry
	raw := pack(8, "a small body")
	for i := range n {
		e := entry{name: fmt.Sprint("file-", i), method: 8, body: "a small body", raw: raw}
		if bend != nil {
			bend(&e)
		}
		entries = append(entries, e)
	}
	return forge(entries, nil, "")
}
