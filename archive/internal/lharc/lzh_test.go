package lharc

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedLzh is a file of an LHA archive, stored.
type forgedLzh struct {
	name, dir, body string
	level           byte
	method          string       // "": -lh0-
	edit            func([]byte) // before the sum is set, if there is one
}

func lzhExtension(kind byte, body string, width int) []byte {
	b := append([]byte{kind}, body...)
	return append(b, make([]byte, width)...)
}

func (f forgedLzh) bytes() []byte {
	method := f.method
	if method == "" {
		method = "-lh0-"
	}
	var sum input.CRC16
	sum.Write([]byte(f.body))
	crc := uint16(sum)
	common := func(packed int) []byte {
		h := append([]byte{0, 0}, method...)
		h = binary.LittleEndian.AppendUint32(h, uint32(packed))
		h = binary.LittleEndian.AppendUint32(h, uint32(len(f.body)))
		return append(h, 0, 0, 0, 0, 0x20, f.level)
	}
	if f.level == 0 {
		h := common(len(f.body))
		name := f.name
		if f.dir != "" {
			name = f.dir + `\` + name
		}
		h = append(append(h, byte(len(name))), name...)
		return f.seal(binary.LittleEndian.AppendUint16(h, crc))
	}
	// The size of each extended header stands at the end of the one before.
	width := 2
	if f.level == 3 {
		width = 4
	}
	var ext []byte
	size := func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n))[:width] }
	chain := [][]byte{lzhExtension(lzhExtName, f.name, width)}
	if f.dir != "" {
		chain = append(chain, lzhExtension(lzhExtDir, f.dir+"\xff", width))
	}
	first := size(len(chain[0]))
	for i, e := range chain {
		if i+1 < len(chain) {
			copy(e[len(e)-width:], size(len(chain[i+1])))
		}
		ext = append(ext, e...)
	}
	switch f.level {
	case 1:
		h := append(common(len(f.body)+len(ext)), 0)
		h = append(append(binary.LittleEndian.AppendUint16(h, crc), 'U'), first...)
		return append(f.sealHeader(h), append(ext, f.body...)...)
	case 2:
		h := append(binary.LittleEndian.AppendUint16(common(len(f.body)), crc), 'U')
		h = append(append(h, first...), ext...)
		binary.LittleEndian.PutUint16(h, uint16(len(h)))
		return f.plain(h)
	}
	h := append(binary.LittleEndian.AppendUint16(common(len(f.body)), crc), 'U', 0, 0, 0, 0)
	h = append(append(h, first...), ext...)
	binary.LittleEndian.PutUint16(h, 4)
	binary.LittleEndian.PutUint32(h[24:], uint32(len(h)))
	return f.plain(h)
}

func (f forgedLzh) plain(h []byte) []byte {
	if f.edit != nil {
		f.edit(h)
	}
	return append(h, f.body...)
}

func (f forgedLzh) sealHeader(h []byte) []byte {
	h[0] = byte(len(h) - 2)
	if f.edit != nil {
		f.edit(h)
	}
	h[1] += lzhSum(h[2:])
	return h
}

func (f forgedLzh) seal(h []byte) []byte { return append(f.sealHeader(h), f.body...) }

func forgeLzh(files ...forgedLzh) []byte {
	var out []byte
	for _, f := range files {
		out = append(out, f.bytes()...)
	}
	return append(out, 0)
}

func TestLzhLevels(t *testing.T) {
	for level := range byte(4) {
		data := forgeLzh(forgedLzh{name: "a.txt", body: "first", level: level}, forgedLzh{name: "p.js", dir: "d", body: archivetest.Payload, level: level}, forgedLzh{name: "", dir: "e", method: "-lhd-", level: level})
		all, r, err := archivetest.ReadAll(t, Lzh, data)
		if err != nil || len(all) != 3 {
			t.Fatalf("level %d: %d members, %v", level, len(all), err)
		}
		if all[0].Data != "first" || all[1].Data != archivetest.Payload || all[1].Names[0] != "d/p.js" || !all[2].Dir || all[2].Names[0] != "e/" {
			t.Errorf("level %d: %q %q %q", level, all[0].Names, all[1].Names, all[2].Names)
		}
		for _, g := range all {
			if g.Fault != nil {
				t.Errorf("level %d: %q: %v", level, g.Names, g.Fault)
			}
		}
		if n := archivetest.NoteNames(all, r); len(n) > 0 {
			t.Errorf("level %d: anomalies %v", level, n)
		}
		if !archivetest.Detects(data, Lzh) {
			t.Error("not detected")
		}
	}
}

func forgedLzhs() map[string]archivetest.Forged {
	o := forgedLzh{name: "o.txt", body: "harmless"}
	edit := func(level byte, f func(h []byte)) []byte {
		return forgeLzh(o, forgedLzh{name: "p.js", body: archivetest.Payload, level: level, edit: f})
	}
	broken := forgeLzh(o, forgedLzh{name: "p.js", body: archivetest.Payload})
	broken[7]++ // the first file's packed size
	return map[string]archivetest.Forged{
		"appended":   {Data: append(edit(0, nil), "junk"...), Anomaly: anomaly.Appended},
		"behind-end": {Data: append(forgeLzh(o), edit(0, nil)...), Anomaly: ""},
		"behind-gap": {Data: append(append(forgeLzh(o), "junk"...), edit(2, nil)...), Anomaly: anomaly.Gap},
		"damaged":    {Data: broken, Anomaly: anomaly.HeaderCRC},
		"sum":        {Data: edit(0, func(h []byte) { h[1] = 1 }), Anomaly: anomaly.HeaderCRC},
		"crc":        {Data: edit(0, func(h []byte) { h[len(h)-1]++ }), Anomaly: anomaly.CRC},
		"size-small": {Data: edit(0, func(h []byte) { binary.LittleEndian.PutUint32(h[11:], 3) }), Anomaly: anomaly.Size},
		"size-large": {Data: edit(1, func(h []byte) { binary.LittleEndian.PutUint32(h[11:], 1<<31) }), Anomaly: anomaly.Size},
		"packed":     {Data: edit(2, func(h []byte) { binary.LittleEndian.PutUint32(h[7:], 1<<31) }), Anomaly: anomaly.Truncated},
		"dir":        {Data: edit(3, func(h []byte) { h[5] = 'd' }), Anomaly: anomaly.DirData},
		"ext-huge":   {Data: edit(3, func(h []byte) { binary.LittleEndian.PutUint32(h[28:], 1<<31) }), Anomaly: anomaly.NameEmpty},
	}
}

func TestLzhForged(t *testing.T) { archivetest.FindForged(t, Lzh, forgedLzhs()) }

func TestLzhMethods(t *testing.T) {
	for method, want := range map[string]error{"-lh8-": level.ErrUnsupported, "-pms-": level.ErrUnsupported, "-lh5-": level.ErrMalformed, "-lh2-": level.ErrMalformed, "-lh3-": level.ErrMalformed, "-lk7-": level.ErrMalformed, "-pm1-": level.ErrMalformed, "-pm2-": level.ErrMalformed} {
		all, _, err := archivetest.ReadAll(t, Lzh, forgeLzh(forgedLzh{name: "a", body: "\xff\xff\xff\xff", method: method}))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, want) {
			t.Errorf("%s: %+v, %v", method, all, err)
		}
	}
}

// LHARK's method is known by the system of a header of level 1.
func TestLHARK(t *testing.T) {
	for system, want := range map[byte]string{' ': "lk7", 'M': "lh7"} {
		data := forgeLzh(forgedLzh{name: "a", body: "\xff\xff\xff\xff", method: "-lh7-", level: 1, edit: func(h []byte) { h[len(h)-3] = system }})
		all, _, err := archivetest.ReadAll(t, Lzh, data)
		if err != nil || len(all) != 1 || all[0].Method != want {
			t.Errorf("%q: %+v, %v", system, all, err)
		}
	}
}

func TestLzhTool(t *testing.T) {
	tool, err := exec.LookPath("jlha")
	if err != nil {
		t.Skip("jlha is not installed")
	}
	dir := t.TempDir()
	files := archivetest.Tree(t, dir)
	delete(files, "d/ünï 漢.txt")
	for _, args := range []string{"-ao50", "-ao51", "-ao52", "-az1"} {
		out := filepath.Join(t.TempDir(), "a.lzh")
		cmd := exec.Command(tool, args, out, "a.txt", "empty", "d/p.js", "text.txt", "prog.bin")
		cmd.Dir = dir
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("jlha: %v: %s", err, msg)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Skip(err)
		}
		archivetest.CompareTree(t, Lzh, data, files, nil)
	}
}

func FuzzLzh(f *testing.F) {
	for _, c := range forgedLzhs() {
		f.Add(c.Data)
	}
	for _, m := range []string{"-lh1-", "-lh2-", "-lh3-", "-lk7-", "-pm1-", "-pm2-", "-lh5-", "-lhx-", "-lzs-", "-lz5-"} {
		f.Add(forgeLzh(forgedLzh{name: "a", body: "\x00\x05\x02\x80abcdefghijkl", method: m}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each member that is packed costs its window, here 64 KiB at most.
		archivetest.FuzzReadLimits(t, Lzh, data, 32<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 64 << 10})
	})
}
