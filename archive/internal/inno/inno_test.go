package inno

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// program looks like x86: calls across the border of a filter's block too.
func program(n int) string {
	b := bytes.Repeat([]byte("\x55\x8b\xec\xe8\x10\x02\x00\x00\xe9\xf0\xff\xff\xff\xc3"), n/14+1)
	return "MZ" + string(b[:n]) + archivetest.Marker
}

func honestFiles() []made {
	return []made{
		{`{app}\a.exe`, program(70_000)}, {`{app}\docs\b.txt`, strings.Repeat("a text, ", 3000)},
		{`{tmp}\empty`, ""}, {`{app}\d.js`, "// " + archivetest.Marker},
	}
}

// honest are setups of all layouts.
func honest() (all []*maker) {
	for _, v := range []version{10300, 10306, 10319, 20000, 20008, 30005, 40000, 40001, 40003, 40010, 40100, 40108, 40202, 40206, 50000, 50113, 50203, 50205, 50306, 50310, 50500, 50507, 50600, 60000, 60100, 60300, 60400, 60403, 60500, 60502, 60600, 60700, 70000} {
		methods := []string{"zlib"}
		if v >= 20017 {
			methods = append(methods, "bzip2")
		}
		if v >= 40205 {
			methods = append(methods, "stored", "lzma")
		}
		if v >= 50309 {
			methods = append(methods, "lzma2")
		}
		for _, method := range methods {
			all = append(all, &maker{version: v, method: method, solid: v >= 40001, calls: v >= 40108, unicode: v >= 50205, files: honestFiles(), program: program(20_000)})
		}
	}
	all = append(all, &maker{version: 10210, id: "i1.2.10--32\x1a", method: "zlib", files: honestFiles(), program: program(1000)},
		&maker{version: 10210, id: "i1.2.10--16\x1a", narrow: true, method: "zlib", files: honestFiles(), program: program(1000)},
		&maker{version: 30006, id: "My Inno Setup Extensions Setup Data (3.0.6.1)", extended: true, method: "zlib", files: honestFiles(), program: program(1000)})
	return append(all, locked()...)
}

// locked are setups with a password, "secret".
func locked() (all []*maker) {
	for _, v := range []version{40202, 40206, 50203, 50310, 50500, 60000, 60400, 60403, 60500, 60600, 60700, 70000} {
		for _, method := range []string{"zlib", "lzma"} {
			m := &maker{version: v, method: method, solid: method == "lzma", calls: true, unicode: v >= 50500, files: honestFiles(), program: program(1000), password: "secret"}
			all = append(all, m)
			if v >= 60500 {
				full := *m
				full.full = true
				all = append(all, &full)
			}
		}
	}
	return all
}

func (m *maker) String() string {
	return fmt.Sprintf("%d%.12s/%s/password=%s", m.version, m.id, m.method, m.password)
}

// checkHonest reads a setup that must yield its files under their names, and nothing odd.
func checkHonest(t *testing.T, m *maker, data []byte) {
	t.Helper()
	if !archivetest.Detects(data, Format) {
		t.Error("not detected")
	}
	all, r, err := readWith(t, data, &level.Keys{Passwords: []string{"wrong", "secret"}, Work: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.files {
		name := strings.ReplaceAll(f.name, `\`, "/")
		if g := archivetest.Find(all, name); g == nil || g.Data != f.body || g.Fault != nil {
			t.Errorf("%s is lost", name)
		}
	}
	found := false
	for _, g := range all {
		found = found || g.Data == m.program
	}
	if !found {
		t.Error("the setup program is lost")
	}
	if notes := archivetest.NoteNames(all, r); len(notes) > 0 || len(all) != len(m.files)+3 {
		t.Errorf("honest, and odd: %v", notes)
	}
	if t.Failed() {
		t.Log(archivetest.Listing(all))
	}
}

// readWith is ReadAll with passwords.
func readWith(t *testing.T, data []byte, keys *level.Keys) (all []archivetest.Got, r *level.Reader, err error) {
	t.Helper()
	r, err = level.Open(Format, bytes.NewReader(data), int64(len(data)), level.Limits{Keys: keys})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { r.Close() })
	for {
		m, err := r.Next()
		if err == io.EOF {
			return all, r, nil
		}
		if err != nil {
			return all, r, err
		}
		body, err := io.ReadAll(r)
		all = append(all, archivetest.Got{Member: m, Data: string(body), Fault: err})
	}
}

func TestVersions(t *testing.T) {
	for _, m := range honest() {
		t.Run(m.String(), func(t *testing.T) { checkHonest(t, m, m.make()) })
	}
}

// What innoextract extracts of the same setups is what went in.
func TestJudge(t *testing.T) {
	judge := archivetest.Program(t, "innoextract")
	for _, m := range honest() {
		if m.version > 60100 {
			continue
		}
		t.Run(m.String(), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "setup.exe")
			if err := os.WriteFile(file, m.make(), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(judge, "-s", "-e", "-m", "--password", "secret", "-d", dir, file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, f := range m.files {
				name := strings.NewReplacer("{", "", "}", "", `\`, "/").Replace(f.name)
				if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != f.body {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
