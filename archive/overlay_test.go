package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOverlayHonest: a whole file, and one that was padded, carries nothing.
func TestOverlayHonest(t *testing.T) {
	for name, data := range honestOuters(t) {
		for _, data := range [][]byte{data, append(bytes.Clone(data), make([]byte, 3000)...), append(bytes.Clone(data), "\r\n"...)} {
			if slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), Overlay) {
				all, r, err := readAll(t, Overlay, data)
				t.Errorf("%s: %d members, %v, %v", name, len(all), err, r.Anomalies())
			}
		}
	}
}

func TestOverlayAppended(t *testing.T) {
	for name, data := range honestOuters(t) {
		t.Run(name, func(t *testing.T) {
			tail := "PK\x03\x04 or whatever " + payload
			bad := append(bytes.Clone(data), tail...)
			if !slices.Contains(Detect(bytes.NewReader(bad), int64(len(bad))), Overlay) {
				t.Fatal("not detected")
			}
			all, r, err := readAll(t, Overlay, bad)
			if err != nil || len(all) == 0 || !strings.HasSuffix(all[0].data, tail) || len(all[0].data) > len(tail)+8 {
				t.Errorf("%d members, %v", len(all), err)
			}
			if !slices.Contains(r.Anomalies(), AnomalyAppended) {
				t.Errorf("anomalies %v", r.Anomalies())
			}
			// Behind padding, the second reading begins with the magic.
			bad = append(append(bytes.Clone(data), make([]byte, 70_000)...), tail...)
			all, _, err = readAll(t, Overlay, bad)
			if err != nil || len(all) != 2 || all[1].data != tail {
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
		bad := append(bytes.Clone(outers[name]), "PK\x03\x04 "+payload+last...)
		if !slices.Contains(Detect(bytes.NewReader(bad), int64(len(bad))), Overlay) {
			t.Errorf("%s: not detected", name)
		}
		if all, _, err := readAll(t, Overlay, bad); err != nil || !holds(all) {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
}

func TestOverlaySigned(t *testing.T) {
	cert := bytes.Repeat([]byte("certificate."), 20)
	image := peForge{cert: cert, before: []byte("the installer's data " + payload), after: make([]byte, 6)}.image()
	all, _, err := readAll(t, Overlay, image)
	if err != nil || len(all) != 1 || !holds(all) || strings.Contains(all[0].data, "certificate") {
		t.Errorf("%d members, %v", len(all), err)
	}
}

func TestOverlayResources(t *testing.T) {
	cab := "MSCF\x00\x00\x00\x00" + strings.Repeat("-", 100) + payload
	image := peForge{resources: resourcesOf(10, "CABINET", []byte(cab))}.image()
	all, r, err := readAll(t, Overlay, image)
	if err != nil || len(all) != 1 || all[0].data != cab || all[0].Names[0] != "RCDATA/CABINET" || len(noteNames(all, r)) > 0 {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	for name, body := range map[string]string{"small": cab[:40], "other": strings.Repeat("a string table ", 20)} {
		image := peForge{resources: resourcesOf(6, "X", []byte(body))}.image()
		if all, r, err := readAll(t, Overlay, image); err != nil || len(all) != 0 || len(r.Anomalies()) != 0 {
			t.Errorf("%s: %d members, %v", name, len(all), err)
		}
	}
	loop := resourcesOf(10, "L", []byte(cab))
	copy(loop[20:24], "\x00\x00\x00\x80") // the names' directory is the root again
	if _, _, err := readAll(t, Overlay, peForge{resources: loop}.image()); err != nil {
		t.Error(err)
	}
}

func TestOverlayPictures(t *testing.T) {
	j := honestOuters(t)["jpeg"]
	two := append(bytes.Clone(j), j...) // as cameras write a preview
	all, r, err := readAll(t, Overlay, two)
	if err != nil || len(all) != 1 || len(r.Anomalies()) > 0 {
		t.Errorf("%d members, %v, %v", len(all), err, r.Anomalies())
	}
}

// TestOverlayNSIS reads what a real installer maker makes, plain and signed.
func TestOverlayNSIS(t *testing.T) {
	dir := plant(t, map[string]string{"p.js": payload, "i.nsi": "OutFile out.exe\nRequestExecutionLevel user\nSection\nSetOutPath $TEMP\nFile p.js\nSectionEnd\n"})
	run(t, "makensis", "-V1", filepath.Join(dir, "i.nsi"))
	exe := slurp(t, filepath.Join(dir, "out.exe"))
	all, r, err := readAll(t, Overlay, exe)
	if err != nil || len(all) != 1 || !strings.Contains(all[0].data[:32], "NullsoftInst") {
		t.Errorf("%d members, %v, %v", len(all), err, r.Anomalies())
	}
}

// TestOverlayCodeSigning signs the same, and a cabinet, for which signatures are no
// data.
func TestOverlayCodeSigning(t *testing.T) {
	dir := plant(t, map[string]string{"p.js": payload, "i.nsi": "OutFile out.exe\nRequestExecutionLevel user\nSection\nSetOutPath $TEMP\nFile p.js\nSectionEnd\n"})
	at := func(name string) string { return filepath.Join(dir, name) }
	program(t, "osslsigncode")
	run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at("key.pem"), "-out", at("cert.pem"), "-subj", "/CN=test", "-days", "2")
	sign := func(in, out string) []byte {
		run(t, "osslsigncode", "sign", "-certs", at("cert.pem"), "-key", at("key.pem"), "-in", at(in), "-out", at(out))
		return slurp(t, at(out))
	}
	run(t, "makensis", "-V1", at("i.nsi"))
	plain, _, err := readAll(t, Overlay, slurp(t, at("out.exe")))
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := readAll(t, Overlay, sign("out.exe", "signed.exe"))
	if err != nil || len(all) != 1 || strings.TrimRight(all[0].data, "\x00") != strings.TrimRight(plain[0].data, "\x00") {
		t.Errorf("%d members, %v", len(all), err)
	}
	run(t, "gcab", "-c", at("a.cab"), at("p.js"))
	cab := sign("a.cab", "signed.cab")
	if all, _, err := readAll(t, Overlay, cab); err != nil || len(all) != 0 {
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
		if slices.Contains(Detect(bytes.NewReader(data), int64(len(data))), Overlay) {
			t.Errorf("%s carries something", path)
		}
	}
}

func FuzzOverlay(f *testing.F) {
	for name, data := range honestOuters(f) {
		if name != "elf" {
			f.Add(append(bytes.Clone(data), "PK\x03\x04 "+payload...))
		}
	}
	f.Add(peForge{resources: resourcesOf(10, "C", []byte("MSCF\x00\x00\x00\x00"+payload))}.image())
	f.Fuzz(func(t *testing.T, data []byte) {
		Detect(bytes.NewReader(data), int64(len(data)))
		fuzzRead(t, Overlay, data, 8<<20)
	})
}
