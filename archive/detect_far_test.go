package archive

import (
	"bytes"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestDetectFar has an archive far behind something else, and as much behind it: 7-Zip
// opens it.
func TestDetectFar(t *testing.T) {
	zip := archivetest.StdZip(t, archivetest.File{Name: "a.txt", Data: archivetest.Payload, Method: 8})
	noise := bytes.Repeat([]byte("\x01\x80junk"), 3<<20/6)
	data := slices.Concat(noise, zip, noise)
	src := archivetest.Memory{Reader: bytes.NewReader(data), All: data}
	if got := Detect(src, int64(len(data))); !slices.Contains(got, Zip) {
		t.Fatalf("detected %v", got)
	}
	r, err := Open(Zip, src, int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	far := slices.Concat(noise, []byte("PK\x03\x04"), noise, []byte("PK\x01\x02"), noise, []byte("PK\x05\x06"), noise)
	if got := Detect(archivetest.Memory{Reader: bytes.NewReader(far), All: far}, int64(len(far))); slices.Contains(got, Zip) {
		t.Error("signatures alone are detected")
	}
	found := false
	for {
		if _, err := r.Next(); err != nil {
			break
		}
		b := make([]byte, 2*len(archivetest.Payload))
		n, _ := r.Read(b)
		found = found || string(b[:n]) == archivetest.Payload
	}
	if !found {
		t.Error("not found")
	}
}
