package office

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/archive/internal/text"
)

// tnefForge collects the attributes of a TNEF stream.
type tnefForge struct{ bytes.Buffer }

func newTNEF() *tnefForge {
	f := &tnefForge{}
	f.WriteString(tnefMagic + "\x01\x00")
	f.add(1, 0x00089006, []byte{0, 0, 1, 0})
	f.add(1, 0x00069007, []byte("\xE3\x04\x00\x00\x00\x00\x00\x00")) // code page 1251
	return f
}

func (f *tnefForge) add(level byte, id uint32, data []byte) {
	f.WriteByte(level)
	f.Write(put32(id))
	f.Write(put32(uint32(len(data))))
	f.Write(data)
	sum := uint16(0)
	for _, b := range data {
		sum += uint16(b)
	}
	f.Write([]byte{byte(sum), byte(sum >> 8)})
}

func (f *tnefForge) attach(title string, data []byte, props []byte) {
	f.add(2, 0x00069002, make([]byte, 14))
	f.add(2, 0x00018010, []byte(title+"\x00"))
	if data != nil {
		f.add(2, 0x0006800F, data)
	}
	if props != nil {
		f.add(2, 0x00069005, props)
	}
}

// mapiProp is one property of a forged list.
type mapiProp struct {
	id, typ uint16
	name    string // of an identifier above mapiNamed
	values  [][]byte
}

func mapiList(props ...mapiProp) []byte {
	b := put32(uint32(len(props)))
	pad := func() { b = append(b, make([]byte, (4-len(b)%4)%4)...) }
	for _, p := range props {
		b = binary.LittleEndian.AppendUint16(b, p.typ)
		b = binary.LittleEndian.AppendUint16(b, p.id)
		if p.id >= mapiNamed {
			b = append(append(b, make([]byte, 16)...), put32(1)...)
			wide := text.UTF16Bytes(p.name + "\x00")
			b = append(append(b, put32(uint32(len(wide)))...), wide...)
			pad()
		}
		variable := mapiFixed(p.typ&^mapiMany) < 0
		if variable || p.typ&mapiMany != 0 {
			b = append(b, put32(uint32(len(p.values)))...)
		}
		for _, v := range p.values {
			if variable {
				b = append(b, put32(uint32(len(v)))...)
			}
			b = append(b, v...)
			pad()
		}
	}
	return b
}

func one(id, typ uint16, value []byte) mapiProp { return mapiProp{id, typ, "", [][]byte{value}} }

// winmail is a message with four attachments.
func winmail() *tnefForge {
	f := newTNEF()
	f.add(1, 0x0002800C, []byte("plain body"))
	f.add(1, 0x00069003, mapiList(
		one(0x0E06, 0x0040, make([]byte, 8)),
		mapiProp{0x8001, mapiUnicode, "named", [][]byte{text.UTF16Bytes("value")}},
		mapiProp{0x8002, mapiBinary | mapiMany, "many", [][]byte{{1}, {2, 3}}},
		mapiProp{0x8003, 2 | mapiMany, "shorts", [][]byte{{1, 0}, {2, 0}}},
		one(0x0E07, 0x000B, []byte{1, 0}),
		one(mapiRTF, mapiBinary, lzfuPack(rtfText1)),
		one(mapiHTML, mapiBinary, []byte("<html>"+archivetest.Marker))))
	f.attach("PRIVET~1.JS", []byte(archivetest.Payload), mapiList(one(mapiLongName, mapiUnicode, text.UTF16Bytes("Привет.js\x00"))))
	f.attach("\xCF\xF0\xE8\xE2.js", []byte(archivetest.Payload+"2"), nil)
	inner := newTNEF()
	inner.attach("in.js", []byte(archivetest.Payload+"inner"), nil)
	f.attach("message", nil, mapiList(one(mapiAttachData, mapiObject, append(make([]byte, 16), inner.Bytes()...)),
		one(mapiDisplayName, mapiString8, []byte("forwarded\x00"))))
	storage := cfbForge{files: []cfbFile{{"\x01Ole10Native", packageStream("p.js", archivetest.Payload)}}}.bytes()
	f.attach("object", nil, mapiList(one(mapiAttachData, mapiObject, append(make([]byte, 16), storage...))))
	return f
}

func TestTNEF(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, TNEF, winmail().Bytes())
	if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%v, %v", err, archivetest.NoteNames(all, r))
	}
	inner := newTNEF()
	inner.attach("in.js", []byte(archivetest.Payload+"inner"), nil)
	for name, want := range map[string]string{
		"body.txt": "plain body", "body.rtf": rtfText1, "body.html": "<html>" + archivetest.Marker,
		"Привет.js": archivetest.Payload, "PRIVET~1.JS": archivetest.Payload, "Прив.js": archivetest.Payload + "2", "forwarded": inner.String(),
	} {
		if g := archivetest.Find(all, name); g == nil || g.Data != want || g.Fault != nil {
			t.Errorf("%s: %+v", name, g)
		}
	}
	if g := archivetest.Find(all, "object"); g == nil || g.Data[:8] != cfb.CfbMagic {
		t.Error("no object")
	}
	if len(all) != 7 {
		t.Errorf("%d members", len(all))
	}
}

func TestTNEFDamaged(t *testing.T) {
	good := winmail().Bytes()
	sum := bytes.Clone(good)
	sum[bytes.Index(sum, []byte(archivetest.Payload))+len(archivetest.Payload)]++
	last := winmail()
	last.attach("last.js", []byte(archivetest.Payload+"last"), nil)
	for name, c := range map[string]struct {
		data    []byte
		anomaly string
	}{
		"checksum":    {sum, anomaly.Checksum},
		"line end":    {append(bytes.Clone(good), "\r\n\r\n"...), ""},
		"garbage":     {append(bytes.Clone(good), "some more bytes"...), anomaly.Appended},
		"cut":         {good[:bytes.Index(good, []byte(archivetest.Payload))+len(archivetest.Payload)-1], anomaly.Truncated},
		"no checksum": {last.Bytes()[:last.Len()-2], ""},
	} {
		all, r, err := archivetest.ReadAll(t, TNEF, c.data)
		if err != nil || !archivetest.Holds(all) {
			t.Errorf("%s: %d members, %v", name, len(all), err)
			continue
		}
		if notes := archivetest.NoteNames(all, r); c.anomaly == "" && len(notes) > 0 || c.anomaly != "" && !slices.Contains(notes, c.anomaly) {
			t.Errorf("%s: anomalies %v", name, notes)
		}
	}
}

func TestTNEFManyAttributes(t *testing.T) {
	f := newTNEF()
	for range 1000 {
		f.add(2, 0x00018010, []byte("title.js\x00"))
	}
	f.add(2, 0x0006800F, []byte(archivetest.Payload))
	all, _, err := archivetest.ReadAll(t, TNEF, f.Bytes())
	if err != nil || !archivetest.Holds(all) {
		t.Errorf("%d members, %v", len(all), err)
	}
}

// TestTNEFJudge compares with what the program tnef extracts.
func TestTNEFJudge(t *testing.T) {
	tool, err := exec.LookPath("tnef")
	if err != nil {
		t.Skip(err)
	}
	f := newTNEF()
	f.attach("a.js", []byte(archivetest.Payload), nil)
	f.attach("b.js", bytes.Repeat([]byte("b"), 100_000), mapiList(one(mapiLongName, mapiString8, []byte("long name.js\x00"))))
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, f.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command(tool, "-f", in, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	all, _, err := archivetest.ReadAll(t, TNEF, f.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(dir)
	for _, e := range files {
		want, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		if e.Name() == "in" {
			continue
		}
		if g := archivetest.Find(all, e.Name()); g == nil || g.Data != string(want) {
			t.Errorf("%s: not the same", e.Name())
		}
	}
	if len(files) != 3 {
		t.Errorf("the tool extracts %d files", len(files)-1)
	}
}

func FuzzTNEF(f *testing.F) {
	f.Add(winmail().Bytes())
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, TNEF, data, archivetest.DecoderBytes) })
}

func TestTNEFNot(t *testing.T) {
	for _, data := range []string{"", tnefMagic[:3], tnefMagic} {
		if _, _, err := archivetest.ReadAll(t, TNEF, []byte(data)); err != nil && !errors.Is(err, level.ErrFormat) {
			t.Errorf("%q: %v", data, err)
		}
	}
}
