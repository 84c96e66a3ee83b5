package office

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/cfb"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// wordFiles is about what an honest document of Word consists of.
func wordFiles() []cfbFile {
	fib := append([]byte("\xEC\xA5\xC1\x00"), make([]byte, 1500)...)
	return []cfbFile{
		{"\x01CompObj", append([]byte("\x01\x00\xFE\xFF\x03\x0A\x00\x00"), make([]byte, 100)...)},
		{"\x05SummaryInformation", append([]byte("\xFE\xFF\x00\x00"), make([]byte, 400)...)},
		{"1Table", archivetest.PayloadOf(5000)},
		{"WordDocument", append(fib, archivetest.PayloadOf(9000)...)},
	}
}

func TestOLEStreams(t *testing.T) {
	for _, shift := range []uint{9, 12} {
		forge := cfbForge{shift: shift, files: append(wordFiles(),
			cfbFile{"ObjectPool|_1|\x01Ole10Native", packageStream("p.js", archivetest.Payload)},
			cfbFile{"ObjectPool|_2|Package", archivetest.PayloadOf(70_000)},
			cfbFile{"ObjectPool|_3|Equation Native", []byte(archivetest.Payload)})}
		all, r, err := archivetest.ReadAll(t, OLE, forge.bytes())
		if err != nil || len(archivetest.NoteNames(all, r)) > 0 {
			t.Fatalf("shift %d: %v, %v", shift, err, archivetest.NoteNames(all, r))
		}
		if len(all) != 8 { // each stream, and what is in the package
			t.Errorf("shift %d: %d members", shift, len(all))
		}
		if g := archivetest.Find(all, "C:/tmp/p.js"); g == nil || g.Data != archivetest.Payload || g.Names[0] != "p.js" {
			t.Errorf("shift %d: package: %+v", shift, g)
		}
		if g := archivetest.Find(all, "ObjectPool/_2/Package"); g == nil || g.Data != string(archivetest.PayloadOf(70_000)) {
			t.Errorf("shift %d: no package stream", shift)
		}
		if g := archivetest.Find(all, "ObjectPool/_3/Equation Native"); g == nil || g.Data != archivetest.Payload {
			t.Errorf("shift %d: no equation", shift)
		}
	}
}

func TestOLEDamaged(t *testing.T) {
	files := append(wordFiles(), cfbFile{"A|x", archivetest.PayloadOf(20_000)}, cfbFile{"A|y", []byte(archivetest.Payload)})
	for name, c := range map[string]struct {
		forge   cfbForge
		anomaly string
		missing bool // the big stream may be incomplete
	}{
		"shift lies":        {cfbForge{header: func(h []byte) { h[30] = 99 }}, anomaly.OLEHeader, false},
		"mini shift lies":   {cfbForge{header: func(h []byte) { h[32] = 99 }}, anomaly.OLEHeader, false},
		"cutoff lies":       {cfbForge{header: func(h []byte) { h[57] = 0x40 }}, anomaly.OLEHeader, false},
		"fat not listed":    {cfbForge{header: func(h []byte) { copy(h[76:], "\xFF\xFF\xFF\xFF") }}, anomaly.OLEChain, false},
		"fat elsewhere":     {cfbForge{header: func(h []byte) { copy(h[76:], "\xF0\xFF\xFF\x0F") }}, anomaly.OLEChain, false},
		"directory lost":    {cfbForge{header: func(h []byte) { copy(h[48:], "\xFE\xFF\xFF\xFF") }}, anomaly.OLEHeader, false},
		"directory misled":  {cfbForge{header: func(h []byte) { copy(h[48:], "\x00\x00\x00\x00") }}, anomaly.OLEHeader, false},
		"siblings lost":     {cfbForge{entries: func(d []byte) { copy(d[76:], "\xFF\xFF\xFF\xFF") }}, anomaly.OLEOrphan, false},
		"siblings loop":     {cfbForge{entries: func(d []byte) { copy(d[128*2+68:], "\x02\x00\x00\x00") }}, "", false},
		"root not a root":   {cfbForge{entries: func(d []byte) { d[66] = 1 }}, anomaly.OLEHeader, true},
		"upper size":        {cfbForge{entries: func(d []byte) { d[128*6+124] = 0x7F }}, "", false},
		"a sector cut":      {cfbForge{tail: 100}, anomaly.OLEChain, false},
		"chain loops":       {cfbForge{fat: func(fat []uint32) { fat[60] = 50 }}, "", true},
		"chain ends early":  {cfbForge{fat: func(fat []uint32) { fat[40] = cfb.EndOfChain }}, anomaly.Truncated, true},
		"chain leaves file": {cfbForge{fat: func(fat []uint32) { fat[40] = 0x00FFFFFF }}, anomaly.OLEChain, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.forge.files = files
			all, r, err := archivetest.ReadAll(t, OLE, c.forge.bytes())
			if c.missing && errors.Is(err, level.ErrMalformed) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.anomaly != "" && !slices.Contains(archivetest.NoteNames(all, r), c.anomaly) {
				t.Errorf("anomalies %v, want %s", archivetest.NoteNames(all, r), c.anomaly)
			}
			if c.missing {
				return
			}
			full := false
			for _, g := range all {
				full = full || g.Data == string(archivetest.PayloadOf(20_000))
			}
			if !full || !archivetest.Holds(all) {
				t.Error("a stream is missing")
			}
		})
	}
}

func TestOLETruncatedStillYields(t *testing.T) {
	data := cfbForge{files: []cfbFile{{"first", archivetest.PayloadOf(8000)}, {"last", archivetest.PayloadOf(8000)}}}.bytes()
	// The directory and the FAT are at the end: with them cut off, only the engines'
	// view of the whole file is left, and the error says so.
	_, _, err := archivetest.ReadAll(t, OLE, data[:6000])
	if !errors.Is(err, level.ErrMalformed) {
		t.Errorf("err = %v", err)
	}
}

func TestOLEHugeDIFAT(t *testing.T) {
	// Each of these leads to 127 sectors of the FAT, all of them the same, and to itself.
	data := cfbForge{files: wordFiles(), header: func(h []byte) {
		copy(h[68:], "\x00\x00\x00\x00\xFF\xFF\xFF\xFF")
	}}.bytes()
	all, _, err := archivetest.ReadAll(t, OLE, data)
	if err != nil || len(all) == 0 {
		t.Errorf("%d members, %v", len(all), err)
	}
}

func TestOLEManyEntries(t *testing.T) {
	var files []cfbFile
	for i := range 2000 {
		files = append(files, cfbFile{fmt.Sprint("s", i), []byte(archivetest.Payload)})
	}
	data := cfbForge{files: files}.bytes()
	r, err := level.Open(OLE, bytes.NewReader(data), int64(len(data)), level.Limits{Members: 100})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, level.ErrLimit) {
		t.Errorf("err = %v", err)
	}
}

// TestOLESharedChain has many streams over the same sectors: following them all
// would be quadratic.
func TestOLESharedChain(t *testing.T) {
	files := []cfbFile{{"big", archivetest.PayloadOf(1 << 20)}}
	for i := range 3000 {
		files = append(files, cfbFile{fmt.Sprint("s", i), []byte(archivetest.Payload)})
	}
	data := cfbForge{files: files, entries: func(dir []byte) {
		for i := 2; i < 3002; i++ {
			copy(dir[128*i+116:128*i+124], dir[128+116:128+124])
		}
	}}.bytes()
	r, err := level.Open(OLE, bytes.NewReader(data), int64(len(data)), level.Limits{})
	read := int64(0)
	for err == nil {
		if _, err = r.Next(); err == nil {
			n, _ := io.Copy(io.Discard, r)
			read += n
		}
	}
	if !errors.Is(err, level.ErrLimit) || read > 32*int64(len(data)) {
		t.Errorf("err = %v after %d bytes", err, read)
	}
}

func TestOLENativeLies(t *testing.T) {
	good := packageStream("p.js", archivetest.Payload)
	size := bytes.LastIndex(good, []byte(archivetest.Payload)) - 4
	for name, bend := range map[string]func([]byte) []byte{
		"total":    func(b []byte) []byte { b[0]--; return b },
		"size":     func(b []byte) []byte { b[size+1]++; return b },
		"cut":      func(b []byte) []byte { return b[:size+4+len(archivetest.Payload)] },
		"no type":  func(b []byte) []byte { b[bytes.Index(b, []byte{0, 0, 3, 0})+2] = 9; return b },
		"anything": func([]byte) []byte { return append([]byte("\xFF\xFF\xFF\xFF"), archivetest.Payload...) },
	} {
		data := cfbForge{files: []cfbFile{{"\x01Ole10Native", bend(bytes.Clone(good))}}}.bytes()
		if all, _, err := archivetest.ReadAll(t, OLE, data); err != nil || !archivetest.Holds(all) {
			t.Errorf("%s: %v, %d members", name, err, len(all))
		}
	}
}

func TestPowerPointObjects(t *testing.T) {
	inner := cfbForge{files: []cfbFile{{"\x01Ole10Native", packageStream("p.js", archivetest.Payload)}}}.bytes()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(inner)
	w.Close()
	atom := func(head uint16, kind uint16, body []byte) []byte {
		b := binary.LittleEndian.AppendUint16(nil, head)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
		return append(b, body...)
	}
	size := binary.LittleEndian.AppendUint32(nil, uint32(len(inner)))
	objects := append(atom(0x10, pptObject, append(size, packed.Bytes()...)), atom(0, pptObject, inner)...)
	// The last record before the objects claims all that follows, as no list refers to it.
	lie := atom(1, 1001, make([]byte, 40))
	binary.LittleEndian.PutUint32(lie[4:], 1<<30)
	stream := atom(0x0F, 1000, append(lie, objects...))
	all, r, err := archivetest.ReadAll(t, OLE, cfbForge{files: []cfbFile{{"PowerPoint Document", stream}}}.bytes())
	if err != nil || len(all) != 3 || len(archivetest.NoteNames(all, r)) > 0 {
		t.Fatalf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	for _, g := range all[1:] {
		if g.Data != string(inner) || g.Fault != nil {
			t.Errorf("%q: %d bytes, %v", g.Names, len(g.Data), g.Fault)
		}
	}
}

func TestInstallerNames(t *testing.T) {
	for stored, want := range map[string]string{
		"\u4840\u3F3F\u4577\u446C\u3E6A\u44B2\u482F": "!_StringPool",
		"WordDocument": "WordDocument",
	} {
		if got := cfb.MSIName(stored); want != "" && got != want || strings.ContainsAny(got, "\u3F3F\u482D") {
			t.Errorf("oleName(%q) = %q, want %q", stored, got, want)
		}
	}
}

func TestVBA(t *testing.T) {
	text := macroText + strings.Repeat("' another line of a long module\r\n", 1000)
	pcode := append([]byte("\x01\x16"), bytes.Repeat([]byte("pcode"), 500)...)
	broken := macroFiles("Macros", text, pcode)
	broken[1].data = []byte{1, 0, 0xB0, 0xFF}
	moved := macroFiles("Macros", text, pcode)
	moved[1].data = vbaPack(string(vbaDirectory(7, "Module1")))
	stomped := macroFiles("Macros", text, pcode)
	stomped[2].data = append(bytes.Clone(pcode), archivetest.Payload...)
	for name, c := range map[string]struct {
		files  []cfbFile
		Marked bool
	}{
		"word":       {append(wordFiles(), macroFiles("Macros", text, pcode)...), true},
		"excel":      {macroFiles("_VBA_PROJECT_CUR", text, pcode), true},
		"no dir":     {broken, true},
		"bad offset": {moved, true},
		"stomped":    {stomped, false},
	} {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, OLE, cfbForge{files: c.files}.bytes())
			if err != nil || !slices.Contains(r.Anomalies(), anomaly.Macros) {
				t.Fatalf("%v, %v", err, r.Anomalies())
			}
			if stomped := slices.Contains(r.Anomalies(), anomaly.VBANoSource); stomped == c.Marked {
				t.Errorf("anomalies %v", r.Anomalies())
			}
			if !archivetest.Holds(all) {
				t.Error("marker not found")
			}
			found := false
			for _, g := range all {
				if strings.HasSuffix(g.Names[0], "/VBA/Module1.bas") {
					found = g.Data == text && g.Fault == nil
				}
			}
			if found != c.Marked {
				t.Errorf("source found: %v", found)
			}
		})
	}
}

// TestOLEDecoys has streams that make a storage look like another kind: what else is in
// it must not be lost by that.
func TestOLEDecoys(t *testing.T) {
	native := cfbFile{"\x01Ole10Native", packageStream("p.js", archivetest.Payload)}
	source := cfbFile{"\x01Ole10Native", append(bytes.Clone(native.data), vbaPack(macroText)...)}
	for name, decoys := range map[string][]cfbFile{
		"appended":  {{"dir", vbaPack(string(vbaDirectory(uint32(len(native.data)), "\x01Ole10Native")))}, {"_VBA_PROJECT", []byte("\xCC\x61")}, source},
		"message":   {{msgProperties, make([]byte, 32)}},
		"macros":    {{"dir", vbaPack("x")}, {"_VBA_PROJECT", []byte("\xCC\x61")}},
		"listed":    {{"dir", vbaPack(string(vbaDirectory(0, "\x01Ole10Native")))}, {"_VBA_PROJECT", []byte("\xCC\x61")}},
		"encrypted": {{"EncryptedPackage", archivetest.PayloadOf(100)}, {"EncryptionInfo", archivetest.PayloadOf(100)}},
		"managed":   {{"\x09DRMContent", archivetest.PayloadOf(100)}},
	} {
		if name != "appended" {
			decoys = append(decoys, native)
		}
		all, _, err := archivetest.ReadAll(t, OLE, cfbForge{files: decoys}.bytes())
		if g := archivetest.Find(all, "p.js"); err != nil || g == nil || g.Data != archivetest.Payload {
			t.Errorf("%s: %v, %v", name, err, all)
		}
	}
}

// TestOLEAppended has an archive behind a compound file, as in an installer that Java
// also runs.
func TestOLEAppended(t *testing.T) {
	archive := archivetest.StdZip(t, archivetest.File{Name: "p.js", Data: archivetest.Payload, Method: 8}, archivetest.File{Name: "noise", Data: string(archivetest.PayloadOf(9000)), Method: 0})
	data := append(cfbForge{files: wordFiles()}.bytes(), archive...)
	all, r, err := archivetest.ReadAll(t, OLE, data)
	if err != nil || len(all) != 5 || all[4].Data != string(archive) || !slices.Contains(r.Anomalies(), anomaly.Appended) {
		t.Errorf("%d members, %v, %v", len(all), err, archivetest.NoteNames(all, r))
	}
	if !archivetest.Detects(data, OLE) {
		t.Error("not detected")
	}
}

// TestOLEShort: of a short stream whose chain breaks, most readers take what there is,
// and others take the sectors of long streams.
func TestOLEShort(t *testing.T) {
	body := archivetest.PayloadOf(100)
	data := cfbForge{files: []cfbFile{{"a", body}, {"b", archivetest.PayloadOf(6000)}}}.bytes()
	table := (int(binary.LittleEndian.Uint32(data[60:])) + 1) << 9
	binary.LittleEndian.PutUint32(data[table:], 0x50001)
	all, _, err := archivetest.ReadAll(t, OLE, data)
	if err != nil || !slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Reading == "cut" && g.Data == string(body[:64]) }) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}
