package office

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func biffRecord(id int, body string) []byte {
	head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(id)), uint16(len(body)))
	return append(head, body...)
}

// TestBIFFJoin puts together what is cut into records, however it is read.
func TestBIFFJoin(t *testing.T) {
	long := archivetest.Text(300)
	book := slices.Concat(biffRecord(biffBOF, "\x00\x06\x05\x00............"), biffRecord(0x0203, "a cell"), biffRecord(biffDrawing, "draw"),
		biffRecord(biffObject, archivetest.Text(200)), biffRecord(biffContinue, "ing,"), biffRecord(biffContinue, "goes on;"), biffRecord(0x0896, long),
		biffRecord(biffContinueFrt12, "twelve bytes<theme>"), biffRecord(biffEOF, ""), []byte("\x00\x00"))
	want := "drawing,goes on;" + long + "<theme>"
	all, r, err := archivetest.ReadAll(t, OLE, cfbForge{files: []cfbFile{{"Workbook", book}}}.bytes())
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 || len(all) != 2 || all[0].Data != string(book) || !all[0].Cut || all[1].Data != want || all[1].Cut {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	if err := iotest.TestReader(newBIFFJoin(bytes.NewReader(book)), []byte(want)); err != nil {
		t.Error(err)
	}
}
