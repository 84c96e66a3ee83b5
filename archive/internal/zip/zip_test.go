package zip

import (
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func TestZipPlain(t *testing.T) {
	files := []archivetest.File{
		{Name: "a.txt", Data: "first", Method: 0}, {Name: "b/", Data: "", Method: 0}, {Name: "b/c.txt", Data: archivetest.Marker, Method: 8}, {Name: "empty", Data: "", Method: 8},
		{Name: "nested.zip", Data: string(archivetest.StdZip(t, archivetest.File{Name: "in.txt", Data: "inner", Method: 0})), Method: 0},
	}
	all, r, err := archivetest.ReadAll(t, Format, archivetest.StdZip(t, files...))
	if err != nil || len(all) != len(files) {
		t.Fatalf("%d members, %v", len(all), err)
	}
	for i, g := range all {
		if g.Fault != nil || g.Data != files[i].Data || g.Names[0] != files[i].Name || g.Reading != "central+local" {
			t.Errorf("member %d: %+v %q %v", i, g.Member, g.Data, g.Fault)
		}
	}
	if n := archivetest.NoteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies of a plain zip: %v", n)
	}
}
