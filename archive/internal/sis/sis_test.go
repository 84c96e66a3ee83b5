package sis

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
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
	records   []recordOf
	count     int // declared number of records, 0 for the true one
}

// recordOf is a record of files, one for each language, or any other bytes.
type recordOf struct {
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
		if p.flags&unicode != 0 {
			name = string(text.UTF16Bytes(name))
		}
		kind := uint32(sisFile)
		if len(r.files) > 1 {
			kind = sisLanguages
		}
		archivetest.Put(&table, kind, uint32(0), uint32(0), uint32(0), uint32(0), uint32(len(name)), place(name))
		var lengths, places, sizes []uint32
		for _, f := range r.files {
			sizes = append(sizes, uint32(len(f)))
			if r.packed {
				f = sisZlib(f)
			}
			lengths, places = append(lengths, uint32(len(f))), append(places, place(f))
		}
		archivetest.Put(&table, lengths, places)
		if p.second == sisRelease6 {
			archivetest.Put(&table, sizes, uint64(0))
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
	return forgedSIS{second: sisRelease6, flags: unicode, languages: 2, records: []recordOf{
		{name: `!:\System\Apps\a\a.app`, files: []string{archivetest.Payload}, packed: true},
		{raw: "\x03\x00\x00\x00\x04\x00\x00\x00cond"},
		{name: `!:\hilfe.txt`, files: []string{archivetest.Text(5000), "Hilfe"}, packed: true},
		{raw: "\x05\x00\x00\x00"},
		{raw: "\x06\x00\x00\x00"},
		{raw: "\x02\x00\x00\x00\x01\x00\x00\x00" + string(make([]byte, 16+16))},
		{name: `!:\b.txt`, files: []string{"plain all the same"}},
	}}
}

func TestSIS(t *testing.T) {
	data := honestSIS().bytes()
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 4 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	for i, want := range []string{archivetest.Payload, archivetest.Text(5000), "Hilfe", "plain all the same"} {
		if all[i].Data != want || all[i].Fault != nil {
			t.Errorf("%s: %d bytes of %d, %v", all[i].Names, len(all[i].Data), len(want), all[i].Fault)
		}
	}
	if all[0].Names[0] != "!:/System/Apps/a/a.app" {
		t.Errorf("name %q", all[0].Names)
	}
	if !archivetest.Detects(data, Format) {
		t.Error("not detected")
	}
	old := forgedSIS{second: sisRelease5, records: []recordOf{{name: `C:\a.opl`, files: []string{archivetest.Payload}}, {name: "z", files: []string{sisZlib("kept")}}}}
	all, r, err = archivetest.ReadAll(t, Format, old.bytes())
	if err != nil || len(all) != 2 || all[0].Data != archivetest.Payload || all[1].Data != sisZlib("kept") || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("release 5: %d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
}

// TestSISBroken: what comes before a fault is shown.
func TestSISBroken(t *testing.T) {
	p := honestSIS()
	p.count = 1000
	p.records = append(p.records, recordOf{raw: "\x09\x00\x00\x00"})
	all, _, err := archivetest.ReadAll(t, Format, p.bytes())
	if !errors.Is(err, level.ErrMalformed) || len(all) != 4 || all[0].Data != archivetest.Payload {
		t.Errorf("%d members, %v", len(all), err)
	}
	whole := honestSIS().bytes()
	all, r, err := archivetest.ReadAll(t, Format, whole[:len(whole)-9])
	if err != nil || len(all) != 4 || all[0].Data != archivetest.Payload || !slices.Contains(archivetest.NoteNames(all, r), anomaly.Truncated) {
		t.Errorf("cut: %d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	many := forgedSIS{second: sisRelease6, languages: 65535, count: 65535, records: []recordOf{{raw: "\x01\x00\x00\x00" + string(make([]byte, 2000))}}}
	if all, _, err = archivetest.ReadAll(t, Format, many.bytes()); err == nil || len(all) > 10_000 {
		t.Errorf("many languages: %d members, %v", len(all), err)
	}
}

func FuzzSIS(f *testing.F) {
	f.Add(honestSIS().bytes())
	f.Add(forgedSIS{second: sisRelease5, records: []recordOf{{name: "a", files: []string{archivetest.Payload}}}}.bytes())
	f.Add(forgedSISX(sisxFile1("a.exe", archivetest.Payload)))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, archivetest.DecoderBytes) })
}

// sisxField1 is a field with its type, or without for an array's element.
func sisxField1(kind uint32, body string) string {
	return string(binary.LittleEndian.AppendUint32(nil, kind)) + sisxElement(body)
}

func sisxElement(body string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body + string(make([]byte, -len(body)&3))
}

func sisxArrayOf(kind uint32, elements ...string) string {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	for _, e := range elements {
		b = append(b, sisxElement(e)...)
	}
	return sisxField1(sisxArray, string(b))
}

func sisxPacked(data string, algorithm uint32) string {
	b := string(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, algorithm), uint64(len(data))))
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
		binary.LittleEndian.PutUint32(tail[sisxFileTail-4:], uint32(i))
		infos = append(infos, sisxField1(sisxString, string(text.UTF16Bytes(f.name)))+sisxField1(sisxString, "")+string(tail))
		bodies = append(bodies, sisxPacked(f.data, f.algorithm))
	}
	block := sisxField1(sisxBlock, sisxArrayOf(sisxFileInfo, infos...)+sisxArrayOf(sisxController)+sisxArrayOf(sisxIf))
	controller := sisxField1(sisxController, sisxField1(14, "info")+block)
	unit := sisxArrayOf(sisxFile, bodies...)
	contents := sisxField1(34, "ab") + sisxPacked(controller, 1) + sisxField1(sisxData, sisxArrayOf(sisxUnit, unit))
	return slices.Concat(binary.LittleEndian.AppendUint32(nil, sisxID), make([]byte, 12), []byte(sisxField1(sisxContents, contents)))
}

func TestSISX(t *testing.T) {
	data := forgedSISX(sisxFile1(`!:\sys\bin\a.exe`, archivetest.Payload), sisxFile1(`c:\b.txt`, archivetest.Text(40_001)), sisxFileOf{`c:\c.txt`, "stored", 0})
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 4 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	for name, want := range map[string]string{"!:/sys/bin/a.exe": archivetest.Payload, "c:/b.txt": archivetest.Text(40_001), "c:/c.txt": "stored"} {
		if g := archivetest.Find(all, name); g == nil || g.Data != want || g.Fault != nil {
			t.Errorf("%s: not the same", name)
		}
	}
	if !archivetest.Detects(data, Format) {
		t.Error("not detected")
	}
	unknown, _, err := archivetest.ReadAll(t, Format, forgedSISX(sisxFile1("a", archivetest.Payload), sisxFileOf{"b", "x", 7}))
	if err != nil || len(unknown) != 3 || unknown[1].Data != archivetest.Payload || !errors.Is(unknown[2].Err, level.ErrUnsupported) {
		t.Errorf("algorithm: %d members, %v", len(unknown), err)
	}
	cut, _, err := archivetest.ReadAll(t, Format, data[:len(data)-30])
	if !errors.Is(err, level.ErrMalformed) || len(cut) < 3 || cut[1].Data != archivetest.Payload {
		t.Errorf("cut: %d members, %v", len(cut), err)
	}
}
