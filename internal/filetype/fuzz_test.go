package filetype

import (
	"bytes"
	"runtime"
	"testing"
)

// counting is a source that counts how often it is asked.
type counting struct {
	*bytes.Reader
	reads int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.Reader.ReadAt(p, off)
}

func FuzzDetect(f *testing.F) {
	for _, s := range samples(f) {
		f.Add([]byte(s.data))
	}
	Detect([]byte("x"), nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		src := &counting{Reader: bytes.NewReader(b)}
		got := Detect(b[:min(len(b), headSize)], src)
		runtime.ReadMemStats(&after)
		// The pools may have been emptied by the collector: one scratch, one inflater, and room for the test itself.
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("allocated %d bytes", n)
		}
		if src.reads > maxReads {
			t.Errorf("%d reads", src.reads)
		}
		if _, ok := Lookup(got.Name); !ok {
			t.Errorf("type %q is not in the table", got.Name)
		}
		if again := Detect(nil, bytes.NewReader(b)); again != got {
			t.Errorf("%s with a head, %s without", got.Name, again.Name)
		}
	})
}
