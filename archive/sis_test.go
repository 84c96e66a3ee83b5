package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zlib"
)

func sisZlib(data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(data))
	w.Close()
	return b.String()
}

// forgedSIS is a package of before Symbian 9, written field by field.
type forgedSIS struct {
	second    uint32
	flags     uint16
	languages int
	records   []sisRecordOf
	count     int // declared number of records, 0 for the true one
}

// sisRecordOf is a record of files, one for each language, or any other bytes.
type sisRecordOf struct {
	name   string
	files  []string
	packed bool
	raw    string
}

func (p forgedSIS) bytes() []byte {
	var table, data bytes.Buffer
	n := 0
	for _, r := range p.records {
		if n += len(r.raw); r.raw == "" {
			n += 28 + 8*len(r.files)
			if p.second == sisRelease6 {
				n += 8 + 4*len(r.files)
			}
		}
	}
	base := 100 + n
	place := func(s string) uint32 {
		at := uint32(base + data.Len())
		data.WriteString(s)
		return at
	}
	for _, r := range p.records {
		if r.raw != "" {
			table.WriteString(r.raw)
			continue
		}
		name := r.name
		if p.flags&sisUnicode != 0 {
			name = string(utf16Bytes(name))
		}
		kind := uint32(sisFile)
		if len(r.files) > 1 {
			kind = sisLanguages
		}
		put(&table, kind, uint32(0), uint32(0), uint32(0), uint32(0), uint32(len(name)), place(name))
		var lengths, places, sizes []uint32
		for _, f := range r.files {
			sizes = append(sizes, uint32(len(f)))
			if r.packed {
				f = sisZlib(f)
			}
			lengths, places = append(lengths, uint32(len(f))), append(places, place(f))
		}
		put(&table, lengths, places)
		if p.second == sisRelease6 {
			put(&table, sizes, uint64(0))
		}
	}
	h := make([]byte, 100)
	binary.LittleEndian.PutUint32(h[4:], p.second)
	binary.LittleEndian.PutUint32(h[8:], sisID)
	binary.LittleEndian.PutUint16(h[18:], uint16(max(p.languages, 1)))
	binary.LittleEndian.PutUint16(h[20:], uint16(max(p.count, len(p.records))))
	binary.LittleEndian.PutUint16(h[36:], p.flags)
	binary.LittleEndian.PutUint32(h[52:], 100)
	return slices.Concat(h, table.Bytes(), data.Bytes())
}

func honestSIS() forgedSIS {
	return forgedSIS{second: sisRelease6, flags: sisUnicode, languages: 2, records: []sisRecordOf{
		{name: `!:\System\Apps\a\a.app`, files: []string{payload}, packed: true},
		{raw: "\x03\x00\x00\x00\x04\x00\x00\x00cond"},
		{name: `!:\hilfe.txt`, files: []string{text(5000), "Hilfe"}, packed: true},
		{raw: "\x05\x00\x00\x00"},
		{raw: "\x06\x00\x00\x00"},
		{raw: "\x02\x00\x00\x00\x01\x00\x00\x00" + string(make([]byte, 16+16))},
		{name: `!:\b.txt`, files: []string{"plain all the same"}},
	}}
}

func TestSIS(t *testing.T) {
	data := honestSIS().bytes()
	all, r, err := readAll(t, SIS, data)
	if err != nil || len(all) != 4 || len(noteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, noteNames(all, r))
	}
	for i, want := range []string{payload, text(5000), "Hilfe", "plain all the same"} {
		if all[i].data != want || all[i].err != nil {
			t.Errorf("%s: %d bytes of %d, %v", all[i].Names, len(all[i].data), len(want), all[i].err)
		}
	}
	if all[0].Names[0] != "!:/System/Apps/a/a.app" {
		t.Errorf("name %q", all[0].Names)
	}
	if f := Detect(bytes.NewReader(data), int64(len(data))); !slices.Equal(f, []Format{SIS}) {
		t.Errorf("detected: %v", f)
	}
	old := forgedSIS{second: sisRelease5, records: []sisRecordOf{{name: `C:\a.opl`, files: []string{payload}}, {name: "z", files: []string{sisZlib("kept")}}}}
	all, r, err = readAll(t, SIS, old.bytes())
	if err != nil || len(all) != 2 || all[0].data != payload || all[1].data != sisZlib("kept") || len(noteNames(all, r)) > 0 {
		t.Errorf("release 5: %d members, %v, %v", len(all), err, noteNames(all, r))
	}
}

// TestSISBroken: what comes before a fault is shown.
func TestSISBroken(t *testing.T) {
	p := honestSIS()
	p.count = 1000
	p.records = append(p.records, sisRecordOf{raw: "\x09\x00\x00\x00"})
	all, _, err := readAll(t, SIS, p.bytes())
	if !errors.Is(err, ErrMalformed) || len(all) != 4 || all[0].data != payload {
		t.Errorf("%d members, %v", len(all), err)
	}
	whole := honestSIS().bytes()
	all, r, err := readAll(t, SIS, whole[:len(whole)-9])
	if err != nil || len(all) != 4 || all[0].data != payload || !slices.Contains(noteNames(all, r), AnomalyTruncated) {
		t.Errorf("cut: %d members, %v, %v", len(all), err, noteNames(all, r))
	}
	many := forgedSIS{second: sisRelease6, languages: 65535, count: 65535, records: []sisRecordOf{{raw: "\x01\x00\x00\x00" + string(make([]byte, 2000))}}}
	if all, _, err = readAll(t, SIS, many.bytes()); err == nil || len(all) > 10_000 {
		t.Errorf("many languages: %d members, %v", len(all), err)
	}
}

func FuzzSIS(f *testing.F) {
	f.Add(honestSIS().bytes())
	f.Add(forgedSIS{second: sisRelease5, records: []sisRecordOf{{name: "a", files: []string{payload}}}}.bytes())
	f.Add(forgedSISX(sisxFile1("a.exe", payload)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, SIS, data, oleDecoder) })
}

// sisxField1 is a field with its type, or without for an array's element.
func sisxField1(kind uint32, body string) string {
	return string(le.AppendUint32(nil, kind)) + sisxElement(body)
}

func sisxElement(body string) string {
	return string(le.AppendUint32(nil, uint32(len(body)))) + body + string(make([]byte, -len(body)&3))
}

func sisxArrayOf(kind uint32, elements ...string) string {
	b := string(le.AppendUint32(nil, kind))
	for _, e := range elements {
		b += sisxElement(e)
	}
	return sisxField1(sisxArray, b)
}

func sisxPacked(data string, algorithm uint32) string {
	b := string(le.AppendUint64(le.AppendUint32(nil, algorithm), uint64(len(data))))
	if algorithm == 1 {
		data = sisZlib(data)
	}
	return sisxField1(sisxCompressed, b+data)
}

type sisxFileOf struct {
	name, data string
	algorithm  uint32
}

func sisxFile1(name, data string) sisxFileOf { return sisxFileOf{name, data, 1} }

func forgedSISX(files ...sisxFileOf) []byte {
	var infos, bodies []string
	for i, f := range files {
		tail := make([]byte, sisxFileTail)
		le.PutUint32(tail[sisxFileTail-4:], uint32(i))
		infos = append(infos, sisxField1(sisxString, string(utf16Bytes(f.name)))+sisxField1(sisxString, "")+string(tail))
		bodies = append(bodies, sisxPacked(f.data, f.algorithm))
	}
	block := sisxField1(sisxBlock, sisxArrayOf(sisxFileInfo, infos...)+sisxArrayOf(sisxController)+sisxArrayOf(sisxIf))
	controller := sisxField1(sisxController, sisxField1(14, "info")+block)
	unit := sisxArrayOf(sisxFile, bodies...)
	contents := sisxField1(34, "ab") + sisxPacked(controller, 1) + sisxField1(sisxData, sisxArrayOf(sisxUnit, unit))
	return slices.Concat(le.AppendUint32(nil, sisxID), make([]byte, 12), []byte(sisxField1(sisxContents, contents)))
}

func TestSISX(t *testing.T) {
	data := forgedSISX(sisxFile1(`!:\sys\bin\a.exe`, payload), sisxFile1(`c:\b.txt`, text(40_001)), sisxFileOf{`c:\c.txt`, "stored", 0})
	all, r, err := readAll(t, SIS, data)
	if err != nil || len(all) != 4 || len(noteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, noteNames(all, r))
	}
	for name, want := range map[string]string{"!:/sys/bin/a.exe": payload, "c:/b.txt": text(40_001), "c:/c.txt": "stored"} {
		if g := find(all, name); g == nil || g.data != want || g.err != nil {
			t.Errorf("%s: not the same", name)
		}
	}
	if f := Detect(bytes.NewReader(data), int64(len(data))); !slices.Equal(f, []Format{SIS}) {
		t.Errorf("detected: %v", f)
	}
	unknown, _, err := readAll(t, SIS, forgedSISX(sisxFile1("a", payload), sisxFileOf{"b", "x", 7}))
	if err != nil || len(unknown) != 3 || unknown[1].data != payload || !errors.Is(unknown[2].Err, ErrUnsupported) {
		t.Errorf("algorithm: %d members, %v", len(unknown), err)
	}
	cut, _, err := readAll(t, SIS, data[:len(data)-30])
	if !errors.Is(err, ErrMalformed) || len(cut) < 3 || cut[1].data != payload {
		t.Errorf("cut: %d members, %v", len(cut), err)
	}
}
