package autoit

import (
	"crypto/md5"
	"encoding/hex"
	"os"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// The two programs of Debian's clamav-testfiles have the file clam.exe.
func TestDebian(t *testing.T) {
	for _, name := range []string{"clam.ea05.exe", "clam.ea06.exe"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("/usr/share/clamav-testfiles/" + name)
			if err != nil {
				t.Skip("clamav-testfiles is not installed")
			}
			if !archivetest.Detects(data, Format) {
				t.Error("not detected")
			}
			all, r, err := archivetest.ReadAll(t, Format, data)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range all {
				sum := md5.Sum([]byte(g.Data))
				found = found || hex.EncodeToString(sum[:]) == "aa15bcf478d165efd2065190eb473bcb"
			}
			if notes := archivetest.NoteNames(all, r); !found || len(notes) > 0 {
				t.Errorf("clam.exe: %v, anomalies %v", found, notes)
			}
			t.Log(archivetest.Listing(all))
		})
	}
}
