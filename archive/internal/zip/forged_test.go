package zip

import (
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestZipForged(t *testing.T) {
	for name, c := range forged(t) {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Format, c.data)
			if r == nil {
				t.Fatal(err)
			}
			for _, g := range all {
				t.Logf("%q %s %s %v %d bytes, %v %v", g.Names, g.Method, g.Reading, g.Anomalies, len(g.Data), g.Fault, g.Err)
			}
			if !archivetest.Holds(all) && name != "cut-body" {
				t.Errorf("the marker is not found: %d members, %v", len(all), err)
			}
			if notes := archivetest.NoteNames(all, r); c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
				t.Errorf("anomalies %v lack %s", notes, c.anomaly)
			}
			if !archivetest.Detects(c.data, Format) {
				t.Error("not detected")
			}
		})
	}
}
