package archive

import (
	stdzip "archive/zip"
	"bytes"
	"testing"
)

// file is one member for the generators.
type file struct {
	name, data string
	method     uint16
}

// stdZip makes a zip with the standard library, which writes data descriptors.
func stdZip(t testing.TB, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := stdzip.NewWriter(&buf)
	for _, f := range files {
		m, err := w.CreateHeader(&stdzip.FileHeader{Name: f.name, Method: f.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(f.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestZipPlain(t *testing.T) {
	files := []file{
		{"a.txt", "first", 0}, {"b/", "", 0}, {"b/c.txt", marker, 8}, {"empty", "", 8},
		{"nested.zip", string(stdZip(t, file{"in.txt", "inner", 0})), 0},
	}
	all, r, err := readAll(t, Zip, stdZip(t, files...))
	if err != nil || len(all) != len(files) {
		t.Fatalf("%d members, %v", len(all), err)
	}
	for i, g := range all {
		if g.err != nil || g.data != files[i].data || g.Names[0] != files[i].name || g.Reading != "central+local" {
			t.Errorf("member %d: %+v %q %v", i, g.Member, g.data, g.err)
		}
	}
	if n := noteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies of a plain zip: %v", n)
	}
}
