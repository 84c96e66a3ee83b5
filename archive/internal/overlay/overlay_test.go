package overlay

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
)

// TestOverlayHonest: a whole file, and one that was padded, carries nothing.
func TestOverlayHonest(t *testing.T) {
	for name, data := range honestOuters(t) {
		for _, data := range [][]byte{data, append(bytes.Clone(data), make([]byte, 3000)...), append(bytes.Clone(data), "\r\n"...)} {
			if archivetest.Detects(data, Format) {
				all, r, err := archivetest.ReadAll(t, Format, data)
				t.Errorf("%s: %d members, %v, %v", name, len(all), err, r.Anomalies())
			}
		}
	}
}

func TestOverlayAppended(t *testing.T) {
	for name, data := range honestOuters(t) {
		t.Run(name, func(t *testing.T) {
			tail := "PK\x03\x04 or whatever " + archivetest.Payload
			bad := append(bytes.Clone(data), tail...)
			if !archivetest.Detects(bad, Format) {
				t.Fatal("not detected")
			}
			all, r, err := archivetest.ReadAll(t, Format, bad)
			if err != nil || len(all) == 0 || !strings.HasSuffix(all[0].Data, tail) || len(all[0].Data) > len(tail)+8 {
				t.Errorf("%d members, %v", len(all), err)
			}
			if !slices.Contains(r.Anomalies(), anomaly.Appended) {
				t.Errorf("anomalies %v", r.Anomalies())
			}
			// Behind padding, the second reading begins with the magic.
			bad = append(append(bytes.Clone(data), make([]byte, 70_000)...), tail...)
			all, _, err = archivetest.ReadAll(t, Format, bad)
			if err != nil || len(all) != 2 || all[1].Data != tail {
				t.Errorf("padded: %d members, %v", len(all), err)
			}
		})
	}
}

// TestOverlayMarkers: the format's own last bytes behind what was appended do not
// hide it.
func TestOverlayMarkers(t *testing.T) {
	outers := honestOuters(t)
	for name, last := range map[string]string{
		"jpeg": "\xff\xd9", "png": "\x00\x00\x00\x00IEND\xae\x42\x60\x82", "gif": "\x00\x3b", "pdf": "\n%%EOF\n",
	} {
		bad := append(bytes.Clone(outers[name]), "PK\x03\x04 "+archivetest.Payload+last...)
		if !archivetest.Detects(bad, Format) {
			t.Errorf("%s: not detected", name)
		}
		if all, _, err := archivetest.ReadAll(t, Format, bad); err != nil || !archivetest.Holds(all) {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
}

func TestOverlaySigned(t *testing.T) {
	cert := bytes.Repeat([]byte("certificate."), 20)
	image := peForge{cert: cert, before: []byte("the installer's data " + archivetest.Payload), after: make([]byte, 6)}.image()
	all, _, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || !archivetest.Holds(all) || strings.Contains(all[0].Data, "certificate") {
		t.Errorf("%d members, %v", len(all), err)
	}
}

func TestOverlayResources(t *testing.T) {
	cab := "MSCF\x00\x00\x00\x00" + strings.Repeat("-", 100) + archivetest.Payload
	image := peForge{resources: resourcesOf(10, "CABINET", []byte(cab))}.image()
	all, r, err := archivetest.ReadAll(t, Format, image)
	if err != nil || len(all) != 1 || all[0].Data != cab || all[0].Names[0] != "RCDATA/CABINET" || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	for name, body := range map[string]string{"small": cab[:40], "other": strings.Repeat("a string table ", 20)} {
		image := peForge{resources: resourcesOf(6, "X", []byte(body))}.image()
		if all, r, err := archivetest.ReadAll(t, Format, image); err != nil || len(all) != 0 || len(r.Anomalies()) != 0 {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
	loop := resourcesOf(10, "L", []byte(cab))
	copy(loop[20:24], "\x00\x00\x00\x80") // the names' directory is the root again
	if _, _, err := archivetest.ReadAll(t, Format, peForge{resources: loop}.image()); err != nil {
		t.Error(err)
	}
}

func TestOverlayPictures(t *testing.T) {
	j := honestOuters(t)["jpeg"]
	for _, tail := range []string{string(j), "\x00\x00\x00\x18ftypmp42 a film", "\x00\x00\x30\x0a notes SEFH\x00\x00SEFT"} {
		all, r, err := archivetest.ReadAll(t, Format, append(bytes.Clone(j), tail...))
		if err != nil || len(all) == 0 || all[0].Data != tail || len(r.Anomalies()) > 0 {
			t.Errorf("%.20q: %d members, %v, %v", tail, len(all), err, r.Anomalies())
		}
	}
}

// TestOverlayNSIS reads what a real installer maker makes, plain and signed.
func TestOverlayNSIS(t *testing.T) {
	dir := archivetest.Plant(t, map[string]string{"p.js": archivetest.Payload, "i.nsi": "OutFile out.exe\nRequestExecutionLevel user\nSection\nSetOutPath $TEMP\nFile p.js\nSectionEnd\n"})
	archivetest.Run(t, "makensis", "-V1", filepath.Join(dir, "i.nsi"))
	exe := archivetest.Slurp(t, filepath.Join(dir, "out.exe"))
	all, r, err := archivetest.ReadAll(t, Format, exe)
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Data[:32], "NullsoftInst") {
		t.Errorf("%d members, %v, %v", len(all), err, r.Anomalies())
	}
}

// TestOverlayCodeSigning signs the same, and a cabinet, for which signatures are no
// data.
func TestOverlayCodeSigning(t *testing.T) {
	dir := archivetest.Plant(t, map[string]string{"p.js": archivetest.Payload, "i.nsi": "OutFile out.exe\nRequestExecutionLevel user\nSection\nSetOutPath $TEMP\nFile p.js\nSectionEnd\n"})
	at := func(name string) string { return filepath.Join(dir, name) }
	archivetest.Program(t, "osslsigncode")
	archivetest.Run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at("key.pem"), "-out", at("cert.pem"), "-subj", "/CN=test", "-days", "2")
	sign := func(in, out string) []byte {
		archivetest.Run(t, "osslsigncode", "sign", "-certs", at("cert.pem"), "-key", at("key.pem"), "-in", at(in), "-out", at(out))
		return archivetest.Slurp(t, at(out))
	}
	archivetest.Run(t, "makensis", "-V1", at("i.nsi"))
	plain, _, err := archivetest.ReadAll(t, Format, archivetest.Slurp(t, at("out.exe")))
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := archivetest.ReadAll(t, Format, sign("out.exe", "signed.exe"))
	if err != nil || len(all) != 1 || strings.TrimRight(all[0].Data, "\x00") != strings.TrimRight(plain[0].Data, "\x00") {
		t.Errorf("%d members, %v", len(all), err)
	}
	archivetest.Run(t, "gcab", "-c", at("a.cab"), at("p.js"))
	cab := sign("a.cab", "signed.cab")
	if all, _, err := archivetest.ReadAll(t, Format, cab); err != nil || len(all) != 0 {
		t.Errorf("a signed cabinet: %d members, %v", len(all), err)
	}
}

// TestOverlayPrograms reads the machine's own programs, which carry nothing.
func TestOverlayPrograms(t *testing.T) {
	for _, path := range []string{"/bin/ls", "/bin/sh", "/usr/bin/perl", "/usr/bin/python3"} {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if archivetest.Detects(data, Format) {
			t.Errorf("%s carries something", path)
		}
	}
}

func FuzzOverlay(f *testing.F) {
	for name, data := range honestOuters(f) {
		if name != "elf" {
			f.Add(append(bytes.Clone(data), "PK\x03\x04 "+archivetest.Payload...))
		}
	}
	f.Add(peForge{resources: resourcesOf(10, "C", []byte("MSCF\x00\x00\x00\x00"+archivetest.Payload))}.image())
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.Detects(data, Format)
		archivetest.FuzzRead(t, Format, data, 8<<20)
	})
}

func BenchmarkOverlay(b *testing.B) {
	body := archivetest.Text(1 << 20)
	archivetest.BenchFormat(b, Format, append(peForge{}.image(), body...), len(body))
}
