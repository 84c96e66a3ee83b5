//go:build unix

package yara

import (
	"bytes"
	"runtime"
	"testing"
)

// FuzzReply reads what a worker gone astray may answer: what comes out is
// bounded, and so is what reading it takes.
func FuzzReply(f *testing.F) {
	for _, v := range []any{reply{Deep: true, Error: "x"}, reply{Rules: []Rule{{Name: "a"}}, More: true}, ready{Warnings: []Warning{{File: "f"}}}} {
		var b bytes.Buffer
		if err := send(&b, v); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("\x03\xff\xff\xff{\"Findings\":[]}"))
	w := &worker{cfg: Config{MaxMatches: 3}}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var rep reply
		if receive(bytes.NewReader(frame), &rep) == nil {
			res, _ := w.judge(rep)
			if len(res.findings) > 3 {
				t.Errorf("%d findings", len(res.findings))
			}
			for _, found := range res.findings {
				if found.Engine != engineName {
					t.Errorf("engine %q", found.Engine)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20+uint64(400*len(frame)) {
			t.Errorf("%d bytes allocated for %d", took, len(frame))
		}
	})
}
