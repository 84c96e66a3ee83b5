package archive

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// marker stands for what must be found.
const marker = "FIVEFIFTY-PRIVATE-MARKER-7f1c"

// got is a member as it was read.
type got struct {
	*Member
	data string
	err  error // of the body; nil at io.EOF
}

// readAll reads a container to its end.
func readAll(t testing.TB, f Format, data []byte) ([]got, *Reader, error) {
	t.Helper()
	return readFrom(t, f, bytes.NewReader(data), int64(len(data)))
}

// memory is a source that has all its bytes at hand.
type memory struct {
	*bytes.Reader
	all []byte
}

func (m memory) Bytes() ([]byte, error) { return m.all, nil }

func readFrom(t testing.TB, f Format, src io.ReaderAt, size int64) ([]got, *Reader, error) {
	t.Helper()
	r, err := Open(f, src, size, Limits{})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { r.Close() })
	var all []got
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all, r, nil
		}
		if err != nil {
			return all, r, err
		}
		body, err := io.ReadAll(r)
		all = append(all, got{m, string(body), err})
	}
}

// holds says whether a member's bytes contain the marker.
func holds(all []got) bool {
	for _, g := range all {
		if strings.Contains(g.data, marker) {
			return true
		}
	}
	return false
}

// noteNames are all anomalies of a container and of its members.
func noteNames(all []got, r *Reader) []string {
	names := append([]string(nil), r.Anomalies()...)
	for _, g := range all {
		names = append(names, g.Anomalies...)
	}
	return names
}

func TestOpenUnknownFormat(t *testing.T) {
	_, err := Open("nil", strings.NewReader(""), 0, Limits{})
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("err = %v", err)
	}
}

func TestOpenNotThisFormat(t *testing.T) {
	data := bytes.Repeat([]byte("nothing of that kind "), 100)
	for _, f := range formats {
		_, err := Open(f.name, bytes.NewReader(data), int64(len(data)), Limits{})
		if !errors.Is(err, ErrFormat) || errors.Is(err, ErrMalformed) {
			t.Errorf("%s: err = %v, want ErrFormat", f.name, err)
		}
		if !strings.HasPrefix(err.Error(), "archive: "+string(f.name)+": ") {
			t.Errorf("%s: err = %q", f.name, err)
		}
	}
}

func TestNegativeLimit(t *testing.T) {
	for _, l := range []Limits{{Members: -1}, {NameBytes: -1}, {Dictionary: -1}} {
		if _, err := Open(Zip, strings.NewReader(""), 0, l); err == nil || errors.Is(err, ErrFormat) {
			t.Errorf("%+v: err = %v", l, err)
		}
	}
}
