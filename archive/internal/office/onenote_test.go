package office

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// oneBlobBytes is a file in a OneNote section, padded and closed.
func oneBlobBytes(data string, length uint64) string {
	b := binary.LittleEndian.AppendUint64([]byte(oneBlob), length)
	b = append(append(b, make([]byte, 12)...), data...)
	b = append(b, make([]byte, (8-len(data)%8)%8)...)
	return string(b) + oneBlobEnd
}

func oneSectionBytes(blobs ...string) []byte {
	return []byte(oneSection + strings.Repeat("\x00", 1008) + strings.Join(blobs, strings.Repeat("other objects ", 2000)))
}

func TestOneNote(t *testing.T) {
	data := oneSectionBytes(oneBlobBytes(archivetest.Payload, uint64(len(archivetest.Payload))), oneBlobBytes("\x89PNG", 4), oneBlobBytes(strings.Repeat(archivetest.Payload, 100), uint64(100*len(archivetest.Payload))))
	all, r, err := archivetest.ReadAll(t, One, data)
	if err != nil || len(all) != 3 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	if all[0].Data != archivetest.Payload || all[1].Data != "\x89PNG" || all[2].Data != strings.Repeat(archivetest.Payload, 100) {
		t.Error("other bytes")
	}
}

// What SharePoint packages is told apart, and is searched all the same.
func TestOneNotePackaged(t *testing.T) {
	data := oneSectionBytes(oneBlobBytes(archivetest.Payload, uint64(len(archivetest.Payload))))
	copy(data[oneFormat:], onePackage)
	all, _, err := archivetest.ReadAll(t, One, data)
	if err != nil || len(all) != 2 || !errors.Is(all[0].Err, level.ErrUnsupported) || all[1].Data != archivetest.Payload {
		t.Errorf("%v: %s", err, archivetest.Listing(all))
	}
}

// TestOneNoteLies has lengths that are wrong: what follows is still found.
func TestOneNoteLies(t *testing.T) {
	for _, length := range []uint64{0, 3, 1 << 62, 1 << 63, 70_000} {
		data := oneSectionBytes(oneBlobBytes("decoy", length), oneBlobBytes(archivetest.Payload, uint64(len(archivetest.Payload))))
		all, _, err := archivetest.ReadAll(t, One, data)
		if err != nil || !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Data == archivetest.Payload }) {
			t.Errorf("length %d: %d members, %v", length, len(all), err)
		}
	}
}

func FuzzOneNote(f *testing.F) {
	f.Add(oneSectionBytes(oneBlobBytes(archivetest.Payload, uint64(len(archivetest.Payload))), oneBlobBytes("x", 1)))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, One, data, 1<<20) })
}
