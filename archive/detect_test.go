package archive

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

func FuzzDetect(f *testing.F) {
	f.Add(archivetest.StdZip(f, archivetest.File{Name: "a", Data: "a", Method: 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Detect(bytes.NewReader(data), int64(len(data))) {
			r, err := Open(format, bytes.NewReader(data), int64(len(data)), Limits{})
			if err == nil {
				r.Close()
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := []byte(archivetest.Text(2 << 20))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if len(Detect(bytes.NewReader(data), int64(len(data)))) > 0 {
			b.Fatal("found something")
		}
	}
}

// TestDetectOne: what is plainly of one format is of no other.
func TestDetectOne(t *testing.T) {
	for format, data := range map[Format]string{
		Cab: "MSCF\x00\x00\x00\x00o\x00\x00\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x00\x00\x00\x03\x01\x01\x00\x02\x00\x00\x00\x01\x00\x00\x00" +
			"Y\x00\x00\x00\x01\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00 \x00a.txt\x00" +
			"\x03\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00 \x00b.txt\x00\xfe\x9d\xe5\x00\x0e\x00\x06\x00CK\xca\xcfK-)\xcf\a\x04\x00\x00\xff\xff",
		Szdd: "SZDD\x88\xf0'3At\x0e\x00\x00\x00\xffa text, \xffa text",
		Lzh:  "\x1bk-lh0-\x04\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00 \x00\x05a.txt)\xc8text\x00",
		Arj: "`\xea%\x00\x1e\v\x01\x02\x00\x00\x02" + strings.Repeat("\x00", 17) + " \x00\x00\x00a.arj\x00\x00m\x8aC\x17\x00\x00" +
			"`\xea%\x00\x1e\v\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00ǧ\x8b;\x00\x00 \x00\x00\x00a.txt\x00\x00\xd4\xf637\x00\x00text`\xea\x00\x00",
		Rar: "Rar!\x1a\a\x01\x00\xc5\x1a32\x03\x01\x00\x00\"\x01\x7f\x94\x12\x02\x02\x04\x04\x04\x00ǧ\x8b;\x00\x01\x05a.txttext\x19\xb2:5\x03\x05\x00\x00",
		SevenZip: "7z\xbc\xaf'\x1c\x00\x04~\xa5\x05A\x02\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x00\xba\x17\xb5\xaf" +
			"ab\x01\x04\x06\x00\x01\t\x02\x00\a\v\x01\x00\x01\x01\x00\f\x02\x00\b\r\x02\t\x01\n\x01C\xbe\xb7\xe8\xf9\xef\xbeq\x00\x00\x05\x02" +
			"\x11\x17\x00a\x00.\x00t\x00x\x00t\x00\x00\x00p\x00.\x00j\x00s\x00\x00\x00\x00\x00",
		P7M: "0D\x06\t*\x86H\x86\xf7\r\x01\a\x02\xa0705\x02\x01\x011\x0f0\r\x06\t`\x86H\x01e\x03\x04\x02\x01\x05\x00" +
			"0\x1d\x06\t*\x86H\x86\xf7\r\x01\a\x01\xa0\x10\x04\x0eSubject: a\r\n\r\n1\x00",
		Zip: string(archivetest.StdZip(t, archivetest.File{Name: "a.txt", Data: "text", Method: 8})),
		Tar: string(archivetest.StdTar(t, 0, archivetest.File{Name: "a.txt", Data: "text"})),
	} {
		if found := Detect(strings.NewReader(data), int64(len(data))); !slices.Equal(found, []Format{format}) {
			t.Errorf("%s: detected %v", format, found)
		}
	}
}

// TestDetectCompound: an archive behind a compound file is not looked for, as its
// sectors may lie anywhere.
func TestDetectCompound(t *testing.T) {
	data := make([]byte, 1024)
	copy(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	data = append(data, archivetest.StdZip(t, archivetest.File{Name: "a.txt", Data: "text"})...)
	if found := Detect(bytes.NewReader(data), int64(len(data))); slices.Contains(found, Zip) || !slices.Contains(found, OLE) {
		t.Errorf("detected %v", found)
	}
}
