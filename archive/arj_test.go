package archive

import (
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// forgedArj is a file of an ARJ archive, stored.
type forgedArj struct {
	name, body string
	edit       func(h []byte) // before the checksum is set
	badCRC     bool
}

func arjBlock(h []byte, bad bool) []byte {
	out := append(bytes.Clone(sigArj), byte(len(h)), byte(len(h)>>8))
	sum := crc32.ChecksumIEEE(h)
	if bad {
		sum++
	}
	return append(le.AppendUint32(append(out, h...), sum), 0, 0)
}

func arjHeaderOf(kind byte, name, body string) []byte {
	h := []byte{arjFixed, 11, 1, 2, 0, 0, kind, 0, 0, 0, 0, 0}
	h = le.AppendUint32(h, uint32(len(body)))
	h = le.AppendUint32(h, uint32(len(body)))
	h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(body)))
	h = append(h, 0, 0, 0x20, 0, 0, 0)
	return append(append(h, name...), 0, 0)
}

func forgeArj(files ...forgedArj) []byte {
	out := arjBlock(arjHeaderOf(arjMain, "a.arj", ""), false)
	for _, f := range files {
		h := arjHeaderOf(0, f.name, f.body)
		if f.edit != nil {
			f.edit(h)
		}
		out = append(append(out, arjBlock(h, f.badCRC)...), f.body...)
	}
	return append(out, 0x60, 0xea, 0, 0)
}

func forgedArjs() map[string]forgedRar {
	p, o := forgedArj{name: `d\p.js`, body: payload}, forgedArj{name: "o.txt", body: "harmless"}
	edit := func(f func(h []byte)) []byte { q := p; q.edit = f; return forgeArj(o, q) }
	plain := forgeArj(o, p)
	lost := bytes.Clone(plain)
	lost[bytes.Index(lost, []byte("o.txt"))-arjFixed-4]++ // the signature before it
	bad := p
	bad.badCRC = true
	return map[string]forgedRar{
		"plain":      {plain, ""},
		"stub":       {append([]byte("MZ \x60\xea and more"), plain...), AnomalyPrepended},
		"appended":   {append(bytes.Clone(plain), "junk"...), AnomalyAppended},
		"two":        {append(forgeArj(o), plain...), ""},
		"lost":       {lost, AnomalyGap},
		"header-crc": {forgeArj(o, bad), AnomalyHeaderCRC},
		"crc":        {edit(func(h []byte) { h[20]++ }), AnomalyCRC},
		"size-small": {edit(func(h []byte) { le.PutUint32(h[16:], 3) }), AnomalySize},
		"size-large": {edit(func(h []byte) { le.PutUint32(h[16:], 1<<31) }), AnomalySize},
		"packed":     {edit(func(h []byte) { le.PutUint32(h[12:], 1<<31) }), AnomalyTruncated},
		"dir":        {edit(func(h []byte) { h[6] = arjDir }), AnomalyDirData},
		"volume":     {edit(func(h []byte) { h[4] |= arjVolume }), ""},
		"no-name":    {edit(func(h []byte) { clear(h[arjFixed:]) }), AnomalyNameEmpty},
	}
}

func TestArjForged(t *testing.T) {
	for name, c := range forgedArjs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Arj, c.data)
			if err != nil {
				t.Fatal(err)
			}
			if !holds(all) {
				t.Errorf("marker not found in %d members", len(all))
			}
			if n := noteNames(all, r); c.anomaly != "" && !slices.Contains(n, c.anomaly) || name == "plain" && len(n) > 0 {
				t.Errorf("anomalies %v, want %q", n, c.anomaly)
			}
			if name == "volume" && !errors.Is(all[1].err, ErrUnsupported) {
				t.Errorf("a piece: %v", all[1].err)
			}
			if f := Detect(bytes.NewReader(c.data), int64(len(c.data))); !slices.Contains(f, Arj) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

func TestArjTool(t *testing.T) {
	tool, err := exec.LookPath("arj")
	if err != nil {
		t.Skip("arj is not installed")
	}
	dir := t.TempDir()
	files := tree(t, dir)
	delete(files, "d/ünï 漢.txt")
	for _, args := range []string{"-m0", "-m1", "-m2", "-m3", "-m4", "-gsecret"} {
		out := filepath.Join(t.TempDir(), "a.arj")
		cmd := exec.Command(tool, "a", "-y", args, out, "a.txt", "empty", "d/p.js", "text.txt", "prog.bin")
		cmd.Dir = dir
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("arj: %v: %s", err, msg)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		compareTree(t, Arj, data, files, &Keys{Passwords: []string{"wrong", "secret"}, Work: 1 << 20})
		if args != "-gsecret" {
			continue
		}
		all, _, err := readAll(t, Arj, data)
		if err != nil || !all[0].Encrypted || !errors.Is(all[0].Err, ErrEncrypted) || all[0].Names[0] != "a.txt" {
			t.Errorf("without a key: %+v, %v", all[0].Member, err)
		}
	}
}

func FuzzArj(f *testing.F) {
	for _, c := range forgedArjs() {
		f.Add(c.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzReadLimits(t, Arj, data, 16<<20, Limits{Members: fuzzMembers, Keys: &Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}
