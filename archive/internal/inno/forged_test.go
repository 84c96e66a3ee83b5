package inno

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// solid is a setup whose files are in one chunk.
func solid(v version, method string) *maker {
	return &maker{version: v, method: method, solid: true, calls: true, unicode: v >= 50205, files: honestFiles(), program: program(1000)}
}

// forgeries change a setup; all of them leave the files where something can reach them.
var forgeries = map[string]func(m *maker){
	"plain":              func(*maker) {},
	"no table":           func(m *maker) { m.table = func(b []byte) { clear(b) } },
	"table to nowhere":   func(m *maker) { m.table = func(b []byte) { copy(b[16:], bytes.Repeat([]byte{0x7f}, len(b)-16)) } },
	"blocks first":       func(m *maker) { m.swapped = true },
	"blocks as they are": func(m *maker) { m.raw = true },
	"old version":        func(m *maker) { m.id = "Inno Setup Setup Data (1.3.3)" },
	"other version":      func(m *maker) { m.id = "Inno Setup Setup Data (5.2.3)" },
	"new version":        func(m *maker) { m.id = "Inno Setup Setup Data (9.9.9)" },
	"no identification":  func(m *maker) { m.id = "Something else" },
	"no version":         func(m *maker) { m.id = "Inno Setup Setup Data (x)" },
}

// What is wrong with an installer hides neither bytes nor names.
func TestForged(t *testing.T) {
	for _, v := range []version{40206, 50310, 50507, 60100, 60403, 60700} {
		for name, forge := range forgeries {
			t.Run(fmt.Sprintf("%d/%s", v, name), func(t *testing.T) {
				m := solid(v, "zlib")
				forge(m)
				data := m.make()
				all, _, err := archivetest.ReadAll(t, Format, data)
				if err != nil || !archivetest.Detects(data, Format) {
					t.Errorf("%v, or not detected", err)
				}
				for _, f := range m.files {
					if !slices.ContainsFunc(all, func(g archivetest.Got) bool {
						return g.Data == f.body && g.Fault == nil && slices.Contains(g.Names, strings.ReplaceAll(f.name, `\`, "/"))
					}) {
						t.Errorf("%s is lost", f.name)
					}
				}
				if t.Failed() {
					t.Log(archivetest.Listing(all))
				}
			})
		}
	}
}

// holds says whether a member has the program of honestFiles, without a filter.
func holds(all []archivetest.Got, body string) bool {
	return slices.ContainsFunc(all, func(g archivetest.Got) bool { return strings.Contains(g.Data, body) })
}

// Whatever the entries say, all bytes of a chunk come out.
func TestEntries(t *testing.T) {
	l := layouts[0]
	at := 2 * l.slice
	for name, change := range map[string]func(i int, b []byte){
		"other chunk":          func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at:], 12345) },
		"far chunk":            func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at:], 1<<63) },
		"far offset":           func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+8:], 1<<40) },
		"small size":           func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+16:], 10) },
		"huge size":            func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+16:], 1<<62) },
		"packed to 10":         func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+24:], 10) },
		"packed huge":          func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+24:], 1<<63-1) },
		"wrong checksum":       func(i int, b []byte) { b[at+32]++ },
		"all at 0":             func(i int, b []byte) { binary.LittleEndian.PutUint64(b[at+8:], 0) },
		"said to be here":      func(i int, b []byte) { b[len(b)-1] &^= newPacked },
		"said to be encrypted": func(i int, b []byte) { b[len(b)-1] |= newCrypted },
		"other slices":         func(i int, b []byte) { copy(b, "\x07\x00\x00\x00\x09\x00\x00\x00") },
		"zeros":                func(i int, b []byte) { clear(b) },
	} {
		t.Run(name, func(t *testing.T) {
			m := solid(60700, "lzma2")
			m.calls = false
			m.location = change
			m.files = []made{{"{app}\\a.exe", program(70_000)}}
			all, r, err := archivetest.ReadAll(t, Format, m.make())
			if err != nil {
				t.Fatal(err)
			}
			pieces := ""
			for _, g := range all {
				if !strings.HasPrefix(strings.Join(g.Names, ""), "setup-0/") {
					pieces += g.Data
				}
			}
			locked := strings.HasSuffix(name, "encrypted") && errors.Is(all[3].Fault, level.ErrEncrypted)
			if !strings.Contains(pieces, m.files[0].body) && !locked {
				t.Errorf("bytes are lost:\n%s", archivetest.Listing(all))
			}
			faults := len(archivetest.NoteNames(all, r))
			for _, g := range all {
				if g.Fault != nil {
					faults++
				}
			}
			if faults == 0 && !slices.Contains([]string{"other slices", "other chunk", "far chunk", "all at 0"}, name) {
				t.Error("silent")
			}
		})
	}
}

// A gap between files is a member, files that overlap are all read, and what the table
// of files does not know is read too.
func TestGaps(t *testing.T) {
	m := solid(60700, "lzma2")
	m.calls = false
	m.files = []made{{"a", "AAAAAAAAAA"}, {"b", "BBBBBBBBBB"}, {"c", "CCCCCCCCCC"}, {"d", "DDDDDDDDDD"}}
	m.location = func(i int, b []byte) {
		off := []uint64{0, 5, 25, 30}[i]
		n := []uint64{10, 10, 2, 5}[i]
		binary.LittleEndian.PutUint64(b[16:], off)
		binary.LittleEndian.PutUint64(b[24:], n)
	}
	all, r, err := archivetest.ReadAll(t, Format, m.make())
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, g := range all[3:] {
		bodies = append(bodies, g.Data)
	}
	want := []string{"AAAAAAAAAA", "AAAAABBBBB", "BBBBBCCCCC", "CC", "CCC", "DDDDD", "DDDDD", "AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD"}
	if !slices.Equal(bodies, want) {
		t.Errorf("%q\n%s", bodies, archivetest.Listing(all))
	}
	for _, a := range []string{anomaly.Gap, anomaly.Overlap} {
		if !slices.Contains(r.Anomalies(), a) {
			t.Errorf("%q", r.Anomalies())
		}
	}
}

// An entry that goes on too far takes nothing from the others.
func TestBogusEntry(t *testing.T) {
	for _, method := range []string{"zlib", "lzma", "lzma2", "stored"} {
		m := solid(60700, method)
		m.files = append([]made{{"bogus", ""}}, m.files...)
		m.location = func(i int, b []byte) {
			if i == 0 {
				binary.LittleEndian.PutUint64(b[24:], 1<<62)
			}
		}
		all, _, err := archivetest.ReadAll(t, Format, m.make())
		for _, f := range m.files[1:] {
			if g := archivetest.Find(all, strings.ReplaceAll(f.name, `\`, "/")); g == nil || g.Data != f.body || g.Fault != nil {
				t.Errorf("%s: %s: %v\n%s", method, f.name, err, archivetest.Listing(all))
			}
		}
	}
}

// Two setups in one file are both read, and so is one whose identification is gone.
func TestSeveral(t *testing.T) {
	one, two := solid(50507, "zlib"), solid(60403, "lzma")
	two.files = []made{{"{app}\\second.exe", "MZ the second"}}
	all, _, err := archivetest.ReadAll(t, Format, append(one.make(), two.make()...))
	if err != nil || archivetest.Find(all, "{app}/second.exe") == nil || archivetest.Find(all, "{app}/a.exe") == nil {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	two.id = "Something else"
	all, _, err = archivetest.ReadAll(t, Format, two.make())
	if err != nil || !holds(all, "MZ the second") || !holds(all, "compiled code") {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// A setup without its slices has names; a slice without its setup has bytes.
func TestSlices(t *testing.T) {
	for _, method := range []string{"stored", "zlib", "lzma", "lzma2"} {
		m := solid(60100, method)
		m.slice, m.calls = true, false
		all, _, err := archivetest.ReadAll(t, Format, m.make())
		if err != nil || len(all) != 3+len(m.files) {
			t.Fatalf("%v\n%s", err, archivetest.Listing(all))
		}
		if g := archivetest.Find(all, "{app}/a.exe"); g == nil || !errors.Is(g.Err, level.ErrUnsupported) {
			t.Errorf("%s: %s", method, archivetest.Listing(all))
		}
		all, _, err = archivetest.ReadAll(t, Format, m.data)
		if err != nil || !holds(all, m.files[0].body) || !archivetest.Detects(m.data, Format) {
			t.Errorf("%s: %v\n%s", method, err, archivetest.Listing(all))
		}
	}
}

// A chunk that goes on in another slice, and the end of one that began in another.
func TestContinued(t *testing.T) {
	m := solid(60700, "lzma2")
	m.slice, m.calls = true, false
	m.make()
	cut := len(m.data) / 2
	second := "idskb32\x1a\x00\x00\x00\x00\x00\x00\x00\x00" + string(m.data[cut:])
	for name, data := range map[string][]byte{"first": m.data[:cut], "second": []byte(second)} {
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrUnsupported) || len(all[0].Data) < cut/2 || !archivetest.Detects(data, Format) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

// Without a password there are the names.
func TestLocked(t *testing.T) {
	for _, m := range locked() {
		all, _, err := readWith(t, m.make(), &level.Keys{Passwords: []string{"wrong"}, Work: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range all {
			if g.Encrypted && errors.Is(g.Err, level.ErrEncrypted) {
				n++
			}
		}
		named := archivetest.Find(all, "{app}/a.exe") != nil
		if n == 0 || !m.full && (n != len(m.files) || !named) {
			t.Errorf("%s: %s", m, archivetest.Listing(all))
		}
	}
}

// A wrong CRC in a block is noted, and its bytes are used.
func TestBlockCRC(t *testing.T) {
	m := solid(50507, "zlib")
	m.raw = true
	data := m.make()
	i := bytes.Index(data, utf16le("a.exe"))
	data[i] = 'b'
	all, _, err := archivetest.ReadAll(t, Format, data)
	g := archivetest.Find(all, "{app}/b.exe")
	if err != nil || g == nil || g.Data != m.files[0].body || !slices.Contains(all[0].Anomalies, anomaly.CRC) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
}

// Of a setup that is cut off, what is missing is said.
func TestCut(t *testing.T) {
	m := solid(50507, "zlib")
	m.swapped = true
	data := m.make()
	for cut := 0x200; cut < len(data); cut += 7 {
		all, r, err := archivetest.ReadAll(t, Format, data[:cut])
		if err != nil || len(archivetest.NoteNames(all, r)) > 0 || slices.ContainsFunc(all, func(g archivetest.Got) bool { return g.Fault != nil }) {
			continue
		}
		if g := archivetest.Find(all, "{app}/d.js"); g == nil {
			t.Fatalf("cut at %d: silent\n%s", cut, archivetest.Listing(all))
		}
	}
}

// The bodies are the same by bytes, and a source that fails is no fault of the setup.
func TestSources(t *testing.T) {
	samples := map[string]archivetest.Sample{}
	for _, m := range []*maker{solid(50507, "zlib"), solid(60403, "lzma"), solid(60700, "lzma2"), solid(50100, "stored")} {
		m.files = m.files[1:]
		samples[m.String()] = archivetest.Sample{Format: Format, Data: m.make()}
	}
	archivetest.ByByte(t, samples)
	archivetest.SourceFails(t, samples)
}
