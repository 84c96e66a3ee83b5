package archivetest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Marker stands for what must be found.
const Marker = "FIVEFIFTY-PRIVATE-MARKER-7f1c"

// Got is a member as it was read.
type Got struct {
	*level.Member
	Data  string
	Fault error // of the body; nil at io.EOF
}

// ReadAll reads a container to its end.
func ReadAll(t testing.TB, f *level.Format, data []byte) ([]Got, *level.Reader, error) {
	t.Helper()
	return ReadFrom(t, f, bytes.NewReader(data), int64(len(data)))
}

// Detects says whether a format's signature occurs in data.
func Detects(data []byte, f *level.Format) bool { return len(Detected(data, f)) > 0 }

// Detected are those of some formats whose signature occurs in data.
func Detected(data []byte, among ...*level.Format) []*level.Format {
	return DetectedIn(bytes.NewReader(data), int64(len(data)), among...)
}

// DetectedIn are those of some formats whose signature occurs in a source.
func DetectedIn(src io.ReaderAt, size int64, among ...*level.Format) (found []*level.Format) {
	_ = level.Look(src, size, level.MarksOf(among...), func(p *level.Probe) {
		for _, f := range among {
			if f.Detect(p) {
				found = append(found, f)
			}
		}
	})
	return found
}

// Holds says whether a member's bytes contain the marker.
func Holds(all []Got) bool {
	for _, g := range all {
		if strings.Contains(g.Data, Marker) {
			return true
		}
	}
	return false
}

// NoteNames are all anomalies of a container and of its members.
func NoteNames(all []Got, r *level.Reader) []string {
	names := append([]string(nil), r.Anomalies()...)
	for _, g := range all {
		names = append(names, g.Anomalies...)
	}
	return names
}

// FindForged reads archives by name: each is detected, yields the marker, and has its
// anomaly, if it names one; the one that is called plain has none.
func FindForged(t *testing.T, f *level.Format, all map[string]Forged) {
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			got, r, err := ReadAll(t, f, c.Data)
			if err != nil {
				t.Fatal(err)
			}
			if !Holds(got) || !Detects(c.Data, f) {
				t.Errorf("marker not found:\n%s", Listing(got))
			}
			if n := NoteNames(got, r); c.Anomaly != "" && !slices.Contains(n, c.Anomaly) || name == "plain" && len(n) > 0 {
				t.Errorf("anomalies %v, want %q", n, c.Anomaly)
			}
		})
	}
}

// Listing shows members in the log of a test.
func Listing(all []Got) (out string) {
	for _, g := range all {
		out += fmt.Sprintf("%q %s %q %d bytes %.60q, %v %v\n", g.Names, g.Method, g.Reading, len(g.Data), g.Data, g.Fault, g.Anomalies)
	}
	return out
}

// Find returns the member with that name.
func Find(all []Got, name string) *Got {
	for i := range all {
		if slices.Contains(all[i].Names, name) {
			return &all[i]
		}
	}
	return nil
}

// PayloadOf repeats Payload up to n bytes, or some more.
func PayloadOf(n int) []byte { return []byte(strings.Repeat(Payload, n/len(Payload)+1)) }

// Memory is a source that has all its bytes at hand.
type Memory struct {
	*bytes.Reader
	All []byte
}

func (m Memory) Bytes() ([]byte, error) { return m.All, nil }

// ReadFrom reads a container to its end.
func ReadFrom(t testing.TB, f *level.Format, src io.ReaderAt, size int64) ([]Got, *level.Reader, error) {
	t.Helper()
	r, err := level.Open(f, src, size, level.Limits{})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { r.Close() })
	var all []Got
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all, r, nil
		}
		if err != nil {
			return all, r, err
		}
		body, err := io.ReadAll(r)
		all = append(all, Got{m, string(body), err})
	}
}
