package arc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedZOO is a file of a ZOO archive.
type forgedZOO struct {
	name, dir, long, body string
	method                byte
	packed                string // "": by the method
	comment               string
	edit                  func(h []byte)
}

func forgeZOO(files ...forgedZOO) []byte {
	out := append([]byte("ZOO 2.10 Archive.\x1a\x00\x00"), zooMark...)
	out = le.AppendUint32(le.AppendUint32(out, 42), ^uint32(42)+1)
	out = append(out, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0)[:42]
	for _, f := range files {
		if f.packed == "" {
			f.packed = f.body
			if f.method == zooLZW {
				f.packed = zooLZWOf(f.body, 3000)
			}
		}
		h := append([]byte(zooMark), 2, f.method)
		at := len(out)
		extra := append([]byte{byte(len(f.long)), byte(len(f.dir))}, f.long+f.dir...)
		data := at + zooVariable + len(extra)
		next := data + len(f.packed) + len(f.comment)
		h = le.AppendUint32(le.AppendUint32(h, uint32(next)), uint32(data))
		h = le.AppendUint16(le.AppendUint32(h, 0x5a21), sum16(f.body))
		h = le.AppendUint32(le.AppendUint32(h, uint32(len(f.body))), uint32(len(f.packed)))
		h = append(h, 2, 0, 0, 0)
		if f.comment != "" {
			h = le.AppendUint16(le.AppendUint32(h, uint32(data+len(f.packed))), uint16(len(f.comment)))
		} else {
			h = append(h, 0, 0, 0, 0, 0, 0)
		}
		h = append(h, append([]byte(f.name), make([]byte, zooName)...)[:zooName]...)
		h = append(le.AppendUint16(h, uint16(len(extra))), 127, 0, 0)
		h = append(h, extra...)
		if f.edit != nil {
			f.edit(h)
		}
		out = append(append(append(out, h...), f.packed...), f.comment...)
	}
	return append(append(out, zooMark...), make([]byte, zooVariable)...)
}

// lh5 packs a body with a program that writes LHA archives.
func lh5(t testing.TB, body string) string {
	t.Helper()
	tool, err := exec.LookPath("jlha")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "-ao50", "a.lzh", "f")
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("jlha: %v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, "a.lzh"))
	if err != nil || string(data[2:7]) != "-lh5-" {
		t.Skip("no lh5")
	}
	n := int(le.Uint32(data[7:]))
	switch data[20] {
	case 0:
		return string(data[2+int(data[0]):][:n])
	case 2:
		return string(data[le.Uint16(data):][:n])
	}
	t.Skipf("header of level %d", data[20])
	return ""
}

func TestZOOHonest(t *testing.T) {
	for kind, body := range archivetest.Bodies() {
		files := []forgedZOO{{name: "A.TXT", body: body}, {name: "B.TXT", body: body, method: zooLZW}}
		data := forgeZOO(files...)
		all, r, err := archivetest.ReadAll(t, ZOO, data)
		if err != nil || len(all) != len(files) || !archivetest.Detects(data, ZOO) {
			t.Fatalf("%s: %v\n%s", kind, err, archivetest.Listing(all))
		}
		for _, g := range all {
			if g.Data != body || g.Fault != nil {
				t.Errorf("%s: %q: %d bytes of %d, %v", kind, g.Names, len(g.Data), len(body), g.Fault)
			}
		}
		if n := archivetest.NoteNames(all, r); len(n) > 0 {
			t.Errorf("%s: anomalies %v", kind, n)
		}
	}
}

// TestZOOUnar has The Unarchiver read what is forged here.
func TestZOOUnar(t *testing.T) {
	body := archivetest.Text(50_000)
	for name, f := range map[string]forgedZOO{
		"lzw": {name: "A.TXT", body: body, method: zooLZW}, "lzh": {name: "A.TXT", body: body, method: zooLZH, packed: lh5(t, body)},
	} {
		data := forgeZOO(f)
		archivetest.WantBody(t, ZOO, data, body)
		path := filepath.Join(t.TempDir(), "a.zoo")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := archivetest.Tool(t, "", "unar", "-q", "-o", "-", path); string(got) != body {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(body))
		}
	}
}

func forgedZOOs() map[string]archivetest.Forged {
	o, p := forgedZOO{name: "O.TXT", body: "harmless"}, forgedZOO{name: "P.JS", body: archivetest.Payload, method: zooLZW}
	edit := func(f func(h []byte)) []byte { q := p; q.edit = f; return forgeZOO(o, q) }
	unlinked := forgeZOO(o, p)
	le.PutUint32(unlinked[42+6:], uint32(len(unlinked)-zooVariable-4))
	loop := forgeZOO(p, o)
	le.PutUint32(loop[42+6:], 42)
	noted := p
	noted.body, noted.packed, noted.comment = "x", "", archivetest.Marker
	return map[string]archivetest.Forged{
		"unlinked": {Data: unlinked, Anomaly: anomaly.Gap},
		"loop":     {Data: loop, Anomaly: anomaly.Gap},
		"deleted":  {Data: edit(func(h []byte) { h[30] = 1 }), Anomaly: ""},
		"start":    {Data: func() []byte { b := forgeZOO(p); b[24] = 0xff; return b }(), Anomaly: anomaly.Gap},
		"next":     {Data: edit(func(h []byte) { h[9] = 0x7f }), Anomaly: anomaly.Truncated},
		"crc":      {Data: edit(func(h []byte) { h[18]++ }), Anomaly: anomaly.CRC},
		"size":     {Data: edit(func(h []byte) { h[20]++ }), Anomaly: anomaly.Size},
		"packed":   {Data: edit(func(h []byte) { h[27] = 0x7f }), Anomaly: anomaly.Truncated},
		"nameless": {Data: forgeZOO(forgedZOO{body: archivetest.Payload}), Anomaly: anomaly.NameEmpty},
		"comment":  {Data: forgeZOO(noted), Anomaly: ""},
		"terminal": {Data: edit(func(h []byte) { copy(h[6:10], "\x00\x00\x00\x00") }), Anomaly: anomaly.Gap},
	}
}

func TestZOOForged(t *testing.T) { archivetest.FindForged(t, ZOO, forgedZOOs()) }

func TestZOONames(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, ZOO, forgeZOO(forgedZOO{name: "LONGNA~1.JS", long: "long name.js\x00", dir: "a/b\x00", body: "b"}, forgedZOO{name: "B", body: "b", method: 9}))
	if err != nil || len(all) != 2 || all[0].Names[0] != "a/b/long name.js" || !slices.Contains(all[0].Names, "LONGNA~1.JS") || !errors.Is(all[1].Fault, level.ErrUnsupported) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	if _, _, err := archivetest.ReadAll(t, ZOO, []byte(strings.Repeat("ZOO ", 20))); !errors.Is(err, level.ErrFormat) {
		t.Error(err)
	}
}

func FuzzZOO(f *testing.F) {
	for _, c := range forgedZOOs() {
		f.Add(c.Data)
	}
	f.Add(forgeZOO(forgedZOO{name: "A", body: "abc", method: zooLZH, packed: "\x00\x05\x02\x80abcdefghijkl"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzRead(t, ZOO, data, 64<<20)
	})
}
