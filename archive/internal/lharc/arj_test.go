package lharc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
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
	return append(binary.LittleEndian.AppendUint32(append(out, h...), sum), 0, 0)
}

func arjHeaderOf(kind byte, name, body string) []byte {
	h := []byte{arjFixed, 11, 1, 2, 0, 0, kind, 0, 0, 0, 0, 0}
	h = binary.LittleEndian.AppendUint32(h, uint32(len(body)))
	h = binary.LittleEndian.AppendUint32(h, uint32(len(body)))
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(body)))
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

func forgedArjs() map[string]archivetest.Forged {
	p, o := forgedArj{name: `d\p.js`, body: archivetest.Payload}, forgedArj{name: "o.txt", body: "harmless"}
	edit := func(f func(h []byte)) []byte { q := p; q.edit = f; return forgeArj(o, q) }
	plain := forgeArj(o, p)
	lost := bytes.Clone(plain)
	lost[bytes.Index(lost, []byte("o.txt"))-arjFixed-4]++ // the signature before it
	bad := p
	bad.badCRC = true
	return map[string]archivetest.Forged{
		"plain":      {Data: plain, Anomaly: ""},
		"stub":       {Data: append([]byte("MZ \x60\xea and more"), plain...), Anomaly: anomaly.Prepended},
		"appended":   {Data: append(bytes.Clone(plain), "junk"...), Anomaly: anomaly.Appended},
		"two":        {Data: append(forgeArj(o), plain...), Anomaly: ""},
		"lost":       {Data: lost, Anomaly: anomaly.Gap},
		"header-crc": {Data: forgeArj(o, bad), Anomaly: anomaly.HeaderCRC},
		"crc":        {Data: edit(func(h []byte) { h[20]++ }), Anomaly: anomaly.CRC},
		"size-small": {Data: edit(func(h []byte) { binary.LittleEndian.PutUint32(h[16:], 3) }), Anomaly: anomaly.Size},
		"size-large": {Data: edit(func(h []byte) { binary.LittleEndian.PutUint32(h[16:], 1<<31) }), Anomaly: anomaly.Size},
		"packed":     {Data: edit(func(h []byte) { binary.LittleEndian.PutUint32(h[12:], 1<<31) }), Anomaly: anomaly.Truncated},
		"dir":        {Data: edit(func(h []byte) { h[6] = arjDir }), Anomaly: anomaly.DirData},
		"volume":     {Data: edit(func(h []byte) { h[4] |= arjVolume }), Anomaly: ""},
		"no-name":    {Data: edit(func(h []byte) { clear(h[arjFixed:]) }), Anomaly: anomaly.NameEmpty},
	}
}

func TestArjForged(t *testing.T) { archivetest.FindForged(t, Arj, forgedArjs()) }

func TestArjVolume(t *testing.T) {
	all, _, err := archivetest.ReadAll(t, Arj, forgedArjs()["volume"].Data)
	if err != nil || len(all) < 2 || !errors.Is(all[1].Fault, level.ErrUnsupported) {
		t.Errorf("a piece: %v %s", err, archivetest.Listing(all))
	}
}

func TestArjTool(t *testing.T) {
	tool, err := exec.LookPath("arj")
	if err != nil {
		t.Skip("arj is not installed")
	}
	dir := t.TempDir()
	files := archivetest.Tree(t, dir)
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
		archivetest.CompareTree(t, Arj, data, files, &level.Keys{Passwords: []string{"wrong", "secret"}, Work: 1 << 20})
		if args != "-gsecret" {
			continue
		}
		all, _, err := archivetest.ReadAll(t, Arj, data)
		if err != nil || !all[0].Encrypted || !errors.Is(all[0].Err, level.ErrEncrypted) || all[0].Names[0] != "a.txt" {
			t.Errorf("without a key: %+v, %v", all[0].Member, err)
		}
	}
}

func FuzzArj(f *testing.F) {
	for _, c := range forgedArjs() {
		f.Add(c.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzReadLimits(t, Arj, data, 16<<20, level.Limits{Members: archivetest.FuzzMembers, Keys: &level.Keys{Passwords: []string{"p"}, Work: 1 << 10}})
	})
}
