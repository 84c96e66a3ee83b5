package scanner

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVectors scans the vectors of package mime: the attacks are malicious, and
// their benign twins, as odd as they are, are not.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "mime", "testdata", "vectors", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	const attack = "!FIVEFIFTY-MARKER-attack!"
	engine := engineFunc(func(_ context.Context, obj *Object) ([]Finding, error) {
		b, err := obj.Bytes()
		if err == nil && bytes.Contains(b, []byte(attack)) {
			return []Finding{{Signature: "Test.Attack", Class: ClassMalicious}}, nil
		}
		return nil, err
	})
	s := newScanner(t, Config{Engines: []Engine{engine}})
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			head, msg, ok := bytes.Cut(file, []byte("\n\n"))
			if !ok {
				t.Fatal("no head")
			}
			r := scanString(t, s, string(msg))
			malicious := strings.HasSuffix(name, ".attack")
			if got := r.Verdict == VerdictMalicious; got != malicious {
				t.Errorf("%v\n%s", r.Verdict, head)
				for _, o := range r.Objects {
					t.Logf("%q %s %q %v %v", o.Path, o.Type, o.Reading, o.Anomalies, o.Unchecked)
				}
			}
		})
	}
}
