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
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func sum16(body string) uint16 {
	var c input.CRC16
	c.Write([]byte(body))
	return uint16(c)
}

// forgedARC is a file of an ARC archive.
type forgedARC struct {
	name, body string
	method     byte
	packed     string // "": by the method
	load       uint32 // of Spark
	edit       func(h []byte)
}

// arcPack packs a body by a method.
func arcPack(method byte, body string) string {
	switch method &^ arcSpark {
	case arcPacked:
		return repeatsOf(body)
	case arcSqueezed:
		return squeezedOf(repeatsOf(body))
	case arcCrunch5:
		return crunchedOf(body, false)
	case arcCrunch6, arcCrunch7:
		return crunchedOf(repeatsOf(body), method == arcCrunch7)
	case arcCrunch8:
		return "\x0c" + string(archivetest.LZWOf(repeatsOf(body), 12, true, 5000)[3:])
	case arcSquashed:
		return string(archivetest.LZWOf(body, 13, true, 9000)[3:])
	case arcCompress:
		return "\x0e" + string(archivetest.LZWOf(body, 14, true, 0)[3:])
	}
	return body
}

func (f forgedARC) bytes() []byte {
	if f.packed == "" {
		f.packed = arcPack(f.method, f.body)
	}
	h := append([]byte{arcMark, f.method}, append([]byte(f.name), make([]byte, arcName)...)[:arcName]...)
	h = le.AppendUint32(h, uint32(len(f.packed)))
	h = le.AppendUint16(le.AppendUint16(h, 0x5a21), 0)
	h = le.AppendUint16(h, sum16(f.body))
	if f.method != arcOld {
		h = le.AppendUint32(h, uint32(len(f.body)))
	}
	if f.method&arcSpark != 0 {
		h = append(le.AppendUint32(h, f.load), make([]byte, 8)...)
	}
	if f.edit != nil {
		f.edit(h)
	}
	return append(h, f.packed...)
}

func forgeARC(files ...forgedARC) []byte {
	var out []byte
	for _, f := range files {
		out = append(out, f.bytes()...)
	}
	return append(out, arcMark, arcEnd)
}

var arcMethods = map[string]byte{"old": arcOld, "stored": arcStored, "packed": arcPacked, "squeezed": arcSqueezed, "crunch5": arcCrunch5, "crunch6": arcCrunch6,
	"crunch7": arcCrunch7, "crunch8": arcCrunch8, "squashed": arcSquashed, "spark": arcCrunch8 | arcSpark, "compress": arcCompress | arcSpark}

func TestARCMethods(t *testing.T) {
	for name, method := range arcMethods {
		t.Run(name, func(t *testing.T) {
			for kind, body := range archivetest.Bodies() {
				body += "\x90 and \x90\x90\x90\x90\x90"
				data := forgeARC(forgedARC{name: "A.TXT", body: body, method: method, load: 0xffffff00})
				all, r, err := archivetest.ReadAll(t, ARC, data)
				if err != nil || len(all) != 1 || all[0].Data != body || all[0].Fault != nil {
					t.Errorf("%s: %v\n%s", kind, err, archivetest.Listing(all))
					continue
				}
				if n := archivetest.NoteNames(all, r); len(n) > 0 || !archivetest.Detects(data, ARC) {
					t.Errorf("%s: anomalies %v", kind, n)
				}
			}
		})
	}
}

func forgedARCs() map[string]archivetest.Forged {
	o, p := forgedARC{name: "O.TXT", body: "harmless", method: arcStored}, forgedARC{name: "P.JS", body: archivetest.Payload, method: arcCrunch8}
	edit := func(f func(h []byte)) []byte { q := p; q.edit = f; return forgeARC(o, q) }
	sub := forgedARC{name: "SUB", method: arcFolder, packed: "\x1a"}
	sub.packed = ""
	lost := forgeARC(o, p)
	lost[31]++ // the body of the first file
	return map[string]archivetest.Forged{
		"folder":   {Data: slices.Concat(sub.bytes(), p.bytes(), []byte{arcMark, arcUp}, o.bytes(), []byte{arcMark, arcEnd}), Anomaly: ""},
		"spark":    {Data: slices.Concat(forgedARC{name: "Dir", method: arcStored | arcSpark, load: 0xfffddc00}.bytes(), p.bytes(), []byte{arcMark, arcSpark}, []byte{arcMark, arcEnd}), Anomaly: ""},
		"appended": {Data: append(forgeARC(p), "PKARC's comment"...), Anomaly: anomaly.Appended},
		"twice":    {Data: append(forgeARC(o), forgeARC(p)...), Anomaly: ""},
		"gap":      {Data: slices.Concat(o.bytes(), []byte("junk"), p.bytes(), []byte{arcMark, arcEnd}), Anomaly: anomaly.Gap},
		"crc":      {Data: edit(func(h []byte) { h[23]++ }), Anomaly: anomaly.CRC},
		"size":     {Data: edit(func(h []byte) { h[25]++ }), Anomaly: anomaly.Size},
		"small":    {Data: edit(func(h []byte) { h[25]-- }), Anomaly: anomaly.Size},
		"packed":   {Data: edit(func(h []byte) { h[18] = 0x7f }), Anomaly: anomaly.Truncated},
		"no-end":   {Data: p.bytes(), Anomaly: ""},
		"no-date":  {Data: forgeARC(forgedARC{name: "P.JS", body: archivetest.Payload, method: arcStored, edit: func(h []byte) { h[19], h[20] = 0, 0 }}), Anomaly: ""},
		"info":     {Data: forgeARC(o, forgedARC{name: "INFO", body: archivetest.Payload, method: arcInfo}), Anomaly: ""},
	}
}

func TestARCForged(t *testing.T) {
	for name, c := range forgedARCs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, ARC, c.Data)
			if err != nil {
				t.Fatal(err)
			}
			if !archivetest.Holds(all) || !archivetest.Detects(c.Data, ARC) {
				t.Errorf("marker not found:\n%s", archivetest.Listing(all))
			}
			if n := archivetest.NoteNames(all, r); c.Anomaly != "" && !slices.Contains(n, c.Anomaly) || c.Anomaly == "" && len(n) > 0 {
				t.Errorf("anomalies %v, want %q", n, c.Anomaly)
			}
		})
	}
	all, _, _ := archivetest.ReadAll(t, ARC, forgedARCs()["folder"].Data)
	if len(all) != 3 || !all[0].Dir || all[1].Names[0] != "SUB/P.JS" || all[2].Names[0] != "O.TXT" {
		t.Errorf("folder:\n%s", archivetest.Listing(all))
	}
}

func TestARCClasses(t *testing.T) {
	for name, c := range map[string]struct {
		f    forgedARC
		want error
	}{
		"crushed":   {forgedARC{name: "A", body: "b", method: arcCrushed}, level.ErrUnsupported},
		"distilled": {forgedARC{name: "A", body: "b", method: arcDistill}, level.ErrUnsupported},
		"squeezed":  {forgedARC{name: "A", body: "b", method: arcSqueezed, packed: "\xff\xff"}, level.ErrMalformed},
		"loop":      {forgedARC{name: "A", body: "b", method: arcSqueezed, packed: "\x01\x00\x00\x00\x00\x00\xff\xff"}, level.ErrMalformed},
		"crunched":  {forgedARC{name: "A", body: "b", method: arcCrunch5, packed: "\xff\xff\xff"}, level.ErrMalformed},
		"lzw":       {forgedARC{name: "A", body: "b", method: arcSquashed, packed: "\xff\xff\xff"}, level.ErrMalformed},
		"bits":      {forgedARC{name: "A", body: "b", method: arcCompress | arcSpark, packed: "\x1f\xff"}, level.ErrUnsupported},
		"empty":     {forgedARC{name: "A", body: "b", method: arcCrunch8, packed: "\x0c"}, level.ErrMalformed},
		"repeat":    {forgedARC{name: "A", body: "b", method: arcPacked, packed: "b\x90"}, level.ErrMalformed},
	} {
		all, _, err := archivetest.ReadAll(t, ARC, forgeARC(c.f))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, c.want) {
			t.Errorf("%s: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

func TestNotARC(t *testing.T) {
	for _, data := range []string{
		"", "\x1a", "\x1a\x00", "\x1a\x45\xdf\xa3" + strings.Repeat("\x01", 40), "\x1a\x08" + strings.Repeat("\x00", 40), "\x1a\x02two words here and more of them, and more",
		"\x1a\x02A.TXT\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f and more", "\x1a\x0c" + strings.Repeat("A", 60),
		"\x1a\x01\x30\x00\x26\x00\x0f\x00\x9d\x01\x41\x05xterm|\x21\x5a terminal, and so on",
	} {
		if archivetest.Detects([]byte(data), ARC) || archivetest.Detects([]byte(data), ZOO) {
			t.Errorf("%q is detected", data)
		}
		if _, _, err := archivetest.ReadAll(t, ARC, []byte(data)); !errors.Is(err, level.ErrFormat) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// TestARCPeers has Debian's arc pack, and nomarch and The Unarchiver read what is
// forged here.
func TestARCPeers(t *testing.T) {
	body := archivetest.Text(20_000) + strings.Repeat("a", 500)
	t.Run("arc", func(t *testing.T) {
		tool, err := exec.LookPath("arc")
		if err != nil {
			t.Skip(err)
		}
		for _, option := range []string{"a", "as", "aq"} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "TEXT.TXT"), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tool, option, "OUT.arc", "TEXT.TXT")
			cmd.Dir = dir
			if msg, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%s: %v: %s", option, err, msg)
			}
			data, err := os.ReadFile(filepath.Join(dir, "OUT.arc"))
			if err != nil {
				t.Fatal(err)
			}
			archivetest.WantBody(t, ARC, data, body)
		}
	})
	for name, method := range arcMethods {
		path := filepath.Join(t.TempDir(), "a.arc")
		if err := os.WriteFile(path, forgeARC(forgedARC{name: "TEXT.TXT", body: body, method: method, load: 0xffffff00}), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run("nomarch/"+name, func(t *testing.T) {
			if method == arcOld || method == arcCrunch7 || method&arcSpark != 0 {
				t.Skip("not a method of nomarch")
			}
			if got := archivetest.Tool(t, "", "nomarch", "-p", path); string(got) != body {
				t.Errorf("%d bytes of %d", len(got), len(body))
			}
		})
		t.Run("unar/"+name, func(t *testing.T) {
			if got := archivetest.Tool(t, "", "unar", "-q", "-o", "-", path); string(got) != body {
				t.Errorf("%d bytes of %d", len(got), len(body))
			}
		})
	}
}

func TestSources(t *testing.T) {
	archivetest.SourceFails(t, map[string]archivetest.Sample{
		"arc": {Format: ARC, Data: forgeARC(forgedARC{name: "A", body: archivetest.Payload, method: arcCrunch8}, forgedARC{name: "B", body: "b", method: arcStored})},
		"zoo": {Format: ZOO, Data: forgeZOO(forgedZOO{name: "A", body: archivetest.Payload, method: zooLZW}, forgedZOO{name: "B", body: "b"})},
	})
}

func BenchmarkARCMembers(b *testing.B) {
	archivetest.BenchMembers(b, ARC, func(n int, name func(int) string, body string) []byte {
		files := make([]forgedARC, n)
		for i := range n {
			files[i] = forgedARC{name: name(i), body: body, method: arcCrunch8}
		}
		return forgeARC(files...)
	})
}

func BenchmarkARC(b *testing.B) {
	body := archivetest.Text(1 << 20)
	for name, method := range arcMethods {
		b.Run("method="+name, func(b *testing.B) {
			archivetest.BenchFormat(b, ARC, forgeARC(forgedARC{name: "A", body: body, method: method, load: 0xffffff00}), len(body))
		})
	}
}

func FuzzARC(f *testing.F) {
	for _, c := range forgedARCs() {
		f.Add(c.Data)
	}
	for _, method := range arcMethods {
		f.Add(forgeARC(forgedARC{name: "A", body: archivetest.Payload, method: method, load: 0xffffff00}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzRead(t, ARC, data, 64<<20)
	})
}
