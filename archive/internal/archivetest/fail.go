package archivetest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Failing is a source that fails behind some offset.
type Failing struct {
	*bytes.Reader
	From int64
	Err  error
}

func (s Failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > s.From {
		return 0, s.Err
	}
	return s.Reader.ReadAt(p, off)
}

// brokenSource fails from the nth read on.
type brokenSource struct {
	io.ReaderAt
	left int
}

func (b *brokenSource) ReadAt(p []byte, off int64) (int, error) {
	if b.left--; b.left < 0 {
		return 0, iotest.ErrTimeout
	}
	return b.ReaderAt.ReadAt(p, off)
}

// Sample is a container of a format.
type Sample struct {
	Format *level.Format
	Data   []byte
}

// SourceFails has a source that fails at each read in turn: its error
// comes out, and nothing is blamed on the container.
func SourceFails(t *testing.T, samples map[string]Sample) {
	t.Helper()
	for name, s := range samples {
		for n := 0; ; n++ {
			src := &brokenSource{bytes.NewReader(s.Data), n}
			var faults []error
			r, err := level.Open(s.Format, src, int64(len(s.Data)), level.Limits{})
			if err != nil {
				faults = append(faults, err)
			}
			for err == nil {
				var m *level.Member
				if m, err = r.Next(); err != nil {
					faults = append(faults, err)
					break
				}
				if m.Err != nil {
					faults = append(faults, m.Err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					faults = append(faults, err)
				}
			}
			if src.left >= 0 {
				break
			}
			if !slices.ContainsFunc(faults, func(err error) bool { return errors.Is(err, iotest.ErrTimeout) }) {
				t.Fatalf("%s: the source fails at read %d, and the errors are %v", name, n, faults)
			}
			for _, err := range faults {
				if errors.Is(err, level.ErrMalformed) || errors.Is(err, level.ErrFormat) {
					t.Fatalf("%s: read %d: %v", name, n, err)
				}
			}
		}
	}
}

// ByByte reads bodies byte by byte.
func ByByte(t *testing.T, samples map[string]Sample) {
	t.Helper()
	for name, s := range samples {
		all, _, err := ReadAll(t, s.Format, s.Data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := level.Open(s.Format, bytes.NewReader(s.Data), int64(len(s.Data)), level.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(iotest.OneByteReader(r))
			if string(b) != g.Data {
				t.Errorf("%s: %q: other bytes", name, g.Names)
			}
		}
		r.Close()
	}
}
