package archive

import (
	"bytes"
	"slices"
	"testing"
)

func TestZipForged(t *testing.T) {
	for name, c := range forged(t) {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Zip, c.data)
			if r == nil {
				t.Fatal(err)
			}
			for _, g := range all {
				t.Logf("%q %s %s %v %d bytes, %v %v", g.Names, g.Method, g.Reading, g.Anomalies, len(g.data), g.err, g.Err)
			}
			if !holds(all) && name != "cut-body" {
				t.Errorf("the marker is not found: %d members, %v", len(all), err)
			}
			if notes := noteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
			if !slices.Contains(Detect(bytes.NewReader(c.data), int64(len(c.data))), Zip) {
				t.Error("not detected")
			}
		})
	}
}
