package chm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedChm is a compiled help file, written field by field.
type forgedChm struct {
	entries []entry
	data    []byte // section 0
	edit    func(b []byte)
}

func put(b []byte, v int64) []byte {
	var groups []byte
	for ok := true; ok; ok = v > 0 {
		groups = append(groups, byte(v&0x7f)|0x80)
		v >>= 7
	}
	groups[0] &= 0x7f
	slices.Reverse(groups)
	return append(b, groups...)
}

func (c forgedChm) bytes() []byte {
	const leaf = 4096
	leaves := [][]byte{nil}
	for _, e := range c.entries {
		list := append(put(nil, int64(len(e.name))), e.name...)
		list = put(put(put(list, int64(e.section)), e.offset), e.length)
		if len(leaves[len(leaves)-1])+len(list) > leaf-leafHeader {
			leaves = append(leaves, nil)
		}
		last := &leaves[len(leaves)-1]
		*last = append(*last, list...)
	}
	var out bytes.Buffer
	directory := uint64(0x54 + leaf*len(leaves))
	archivetest.Put(&out, "ITSF", uint32(3), uint32(0x60), uint32(1), uint32(0), uint32(0x409), strings.Repeat("\x00", 32),
		uint64(0x60), uint64(0), uint64(0x60), directory, 0x60+directory)
	archivetest.Put(&out, "ITSP", uint32(1), uint32(0x54), uint32(10), uint32(leaf), uint32(2), uint32(1), uint32(0xffffffff),
		uint32(0), uint32(len(leaves)-1), uint32(0xffffffff), uint32(len(leaves)), strings.Repeat("\x00", 0x54-0x30))
	for _, list := range leaves {
		archivetest.Put(&out, "PMGL", uint32(leaf-leafHeader-len(list)), uint32(0), uint32(0xffffffff), uint32(0xffffffff), string(list))
		out.Write(make([]byte, leaf-leafHeader-len(list)))
	}
	out.Write(c.data)
	b := out.Bytes()
	if c.edit != nil {
		c.edit(b)
	}
	return b
}

// packedChm holds one stored entry, and the others in the packed section.
func packedChm(stored string, files ...archivetest.File) forgedChm {
	var all strings.Builder
	c := forgedChm{entries: []entry{{name: "/", section: 0}, {name: "/#SYSTEM", length: int64(len(stored))}}, data: []byte(stored)}
	for _, f := range files {
		c.entries = append(c.entries, entry{name: f.Name, section: 1, offset: int64(all.Len()), length: int64(len(f.Data))})
		all.WriteString(f.Data)
	}
	body := all.String()
	var frames bytes.Buffer
	resets := new(bytes.Buffer)
	count := (len(body) + 0x7fff) / 0x8000
	archivetest.Put(resets, uint32(2), uint32(count), uint32(8), uint32(0x28), uint64(len(body)), uint64(0), uint64(0x8000))
	for rest := body; rest != ""; rest = rest[min(len(rest), 0x8000):] {
		archivetest.Put(resets, uint64(frames.Len()))
		f := archivetest.LZXPlain(rest[:min(len(rest), 0x8000)])
		frames.Write(f)
		if frames.Len()%2 == 1 {
			frames.WriteByte(0)
		}
	}
	control := new(bytes.Buffer)
	archivetest.Put(control, uint32(6), "LZXC", uint32(2), uint32(1), uint32(2), uint32(1), uint32(0))
	for _, e := range []struct{ name, data string }{{chmControl, control.String()}, {chmResets, resets.String()}, {chmContent, frames.String()}} {
		c.entries = append(c.entries, entry{name: e.name, offset: int64(len(c.data)), length: int64(len(e.data))})
		c.data = append(c.data, e.data...)
	}
	return c
}

func TestChmPlain(t *testing.T) {
	big := archivetest.Text(100_000)
	data := packedChm("system", archivetest.File{Name: "/a.htm", Data: "first"}, archivetest.File{Name: "/big.htm", Data: big}, archivetest.File{Name: "/p.js", Data: archivetest.Payload}).bytes()
	all, r, err := archivetest.ReadAll(t, Format, data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"#SYSTEM": "system", "a.htm": "first", "big.htm": big, "p.js": archivetest.Payload}
	for _, g := range all {
		if g.Fault != nil {
			t.Errorf("%q: %v", g.Names, g.Fault)
		}
		if len(g.Names) > 0 && want[g.Names[0]] == g.Data {
			delete(want, g.Names[0])
		}
	}
	if len(want) > 0 {
		t.Errorf("%d entries are missing", len(want))
	}
	if n := archivetest.NoteNames(all, r); len(n) > 0 {
		t.Errorf("anomalies %v", n)
	}
	if !archivetest.Detects(data, Format) {
		t.Error("not detected")
	}
}

func forgedChms() map[string][]byte {
	edit := func(f func(*forgedChm)) []byte {
		c := packedChm("system", archivetest.File{Name: "/o.htm", Data: archivetest.Text(70_000)}, archivetest.File{Name: "/p.js", Data: archivetest.Payload})
		f(&c)
		return c.bytes()
	}
	at := func(c *forgedChm, name string) *entry {
		for i := range c.entries {
			if c.entries[i].name == name {
				return &c.entries[i]
			}
		}
		return nil
	}
	return map[string][]byte{
		"plain":     edit(func(*forgedChm) {}),
		"no-resets": edit(func(c *forgedChm) { at(c, chmResets).name = "::x" }),
		"stored":    edit(func(c *forgedChm) { c.entries = append(c.entries, entry{name: "/q", offset: 3, length: 3}) }),
		"dir":       edit(func(c *forgedChm) { at(c, "/p.js").name = "/p.js/" }),
		"overlap": edit(func(c *forgedChm) {
			c.entries = append(c.entries, entry{name: "/q", section: 1, offset: 10, length: 70_000})
		}),
		"length":     edit(func(c *forgedChm) { at(c, "/p.js").length = 1 << 40 }),
		"far":        edit(func(c *forgedChm) { at(c, "/o.htm").offset = 1 << 50 }),
		"leaf-free":  edit(func(c *forgedChm) { c.edit = func(b []byte) { binary.LittleEndian.PutUint32(b[0x60+0x54+4:], 1<<31) } }),
		"leaf-count": edit(func(c *forgedChm) { c.edit = func(b []byte) { binary.LittleEndian.PutUint32(b[0x60+0x2c:], 1<<31) } }),
		"dir-length": edit(func(c *forgedChm) { c.edit = func(b []byte) { binary.LittleEndian.PutUint64(b[0x50:], 1<<60) } }),
		"no-name":    edit(func(c *forgedChm) { at(c, "/p.js").name = "" }),
	}
}

func TestChmForged(t *testing.T) {
	for name, data := range forgedChms() {
		t.Run(name, func(t *testing.T) {
			all, _, err := archivetest.ReadAll(t, Format, data)
			if err != nil && !errors.Is(err, level.ErrMalformed) {
				t.Fatal(err)
			}
			if !archivetest.Holds(all) {
				t.Errorf("marker not found in %d members, %v", len(all), err)
			}
		})
	}
}

func TestChmTool(t *testing.T) {
	var tool string
	for _, name := range []string{"chmcmd", "chmcmd-3.2.2"} {
		if p, err := exec.LookPath(name); err == nil {
			tool = p
		}
	}
	if tool == "" {
		t.Skip("chmcmd of Free Pascal is not installed")
	}
	dir := t.TempDir()
	files := map[string]string{"a.htm": archivetest.Text(300_000), "b.htm": archivetest.Payload, "p.bin": string(archivetest.PackedProgram(100_000))}
	project := "[OPTIONS]\nCompiled file=out.chm\nDefault topic=a.htm\n\n[FILES]\n"
	for n, d := range files {
		project += n + "\n"
		if err := os.WriteFile(filepath.Join(dir, n), []byte(d), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "p.hhp"), []byte(project), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "p.hhp")
	cmd.Dir = dir
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("chmcmd: %v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, "out.chm"))
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		if len(g.Names) > 0 && files[g.Names[0]] == g.Data && g.Fault == nil {
			delete(files, g.Names[0])
		}
	}
	if len(files) > 0 {
		t.Errorf("%d files are missing", len(files))
	}
}

func FuzzChm(f *testing.F) {
	for _, data := range forgedChms() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzReadLimits(t, Format, data, 1<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 64 << 10})
	})
}

// TestChmBomb: many members share bytes.
func TestChmBomb(t *testing.T) {
	c := packedChm("s", archivetest.File{Name: "/f", Data: archivetest.Text(1 << 20)})
	for i := range int64(60) {
		c.entries = append(c.entries, entry{name: fmt.Sprintf("/%d", i), section: 1, offset: i, length: 1 << 20})
	}
	archivetest.Bomb(t, Format, c.bytes(), false)
}
