package cab

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

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgedCab is a cabinet of one folder, written field by field.
type forgedCab struct {
	method  uint16
	blocks  []cabBlockOf
	files   []forgedCabFile
	edit    func(h []byte) // of the header
	reserve bool
	sum     uint32 // exclusive-or with the checksum of the first block
}

// cabBlockOf is a packed block and its declared size.
type cabBlockOf struct {
	packed []byte
	size   int
}

type forgedCabFile struct {
	name         string
	size, offset uint32
	folder       uint16
}

func mszip(body string) []cabBlockOf {
	var blocks []cabBlockOf
	for len(body) > 0 {
		n := min(len(body), cabBlock)
		blocks = append(blocks, cabBlockOf{append([]byte("CK"), archivetest.Pack(8, body[:n])...), n})
		body = body[n:]
	}
	return blocks
}

func (c forgedCab) bytes() []byte {
	flags, extra := uint16(0), 0
	if c.reserve {
		flags, extra = cabReserve, 4
	}
	var files bytes.Buffer
	for _, f := range c.files {
		archivetest.Put(&files, f.size, f.offset, f.folder, uint32(0), uint16(0x20), f.name+"\x00")
	}
	var data bytes.Buffer
	for i, b := range c.blocks {
		head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(len(b.packed))), uint16(b.size))
		head = append(head, make([]byte, extra)...)
		sum := cabSum(head, cabSum(b.packed, 0))
		if i == 0 {
			sum ^= c.sum
		}
		archivetest.Put(&data, sum, string(head), string(b.packed))
	}
	filesAt := cabHeader + cabFolder
	if c.reserve {
		filesAt += 4 + extra*2
	}
	dataAt := filesAt + files.Len()
	var out bytes.Buffer
	archivetest.Put(&out, "MSCF", uint32(0), uint32(dataAt+data.Len()), uint32(0), uint32(filesAt), uint32(0), byte(3), byte(1),
		uint16(1), uint16(len(c.files)), flags, uint16(1), uint16(0))
	if c.reserve {
		archivetest.Put(&out, uint16(extra), byte(extra), byte(extra), "head")
	}
	archivetest.Put(&out, uint32(dataAt), uint16(len(c.blocks)), c.method, string(make([]byte, extra)), files.String(), data.String())
	h := out.Bytes()
	if c.edit != nil {
		c.edit(h)
	}
	return h
}

// plainCab holds two files in one folder.
func plainCab(a, b string) forgedCab {
	return forgedCab{method: cabMSZIP, blocks: mszip(a + b), files: []forgedCabFile{
		{"a.txt", uint32(len(a)), 0, 0}, {`d\p.js`, uint32(len(b)), uint32(len(a)), 0},
	}}
}

func TestCabPlain(t *testing.T) {
	big := archivetest.Text(100_000)
	stored := forgedCab{blocks: []cabBlockOf{{[]byte("first"), 5}, {[]byte(archivetest.Payload), len(archivetest.Payload)}}, files: []forgedCabFile{{"a.txt", 5, 0, 0}, {`d\p.js`, uint32(len(archivetest.Payload)), 5, 0}}}
	lzxStored := forgedCab{method: cabLZX | 15<<8, files: stored.files, blocks: []cabBlockOf{{archivetest.LZXPlain("first" + archivetest.Payload), 5 + len(archivetest.Payload)}}}
	reserve := plainCab("first", archivetest.Payload)
	reserve.reserve = true
	large := plainCab(big, archivetest.Payload)
	for name, c := range map[string]struct {
		cab   forgedCab
		first string
	}{"mszip": {plainCab("first", archivetest.Payload), "first"}, "stored": {stored, "first"}, "lzx": {lzxStored, "first"}, "reserve": {reserve, "first"}, "blocks": {large, big}} {
		t.Run(name, func(t *testing.T) {
			data := c.cab.bytes()
			all, r, err := archivetest.ReadAll(t, Cab, data)
			if err != nil || len(all) != 2 || all[0].Data != c.first || all[1].Data != archivetest.Payload || all[0].Fault != nil || all[1].Fault != nil {
				t.Fatalf("%+v, %v", all, err)
			}
			if all[1].Names[0] != "d/p.js" {
				t.Errorf("names %q", all[1].Names)
			}
			if n := archivetest.NoteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
			if !archivetest.Detects(data, Cab) {
				t.Error("not detected")
			}
		})
	}
}

// TestCabShared: files of the same bytes, as in Microsoft's own installers, are one
// member, for which the folder is not decoded again.
func TestCabShared(t *testing.T) {
	body := archivetest.Text(100_000)
	c := forgedCab{method: cabMSZIP, blocks: mszip(strings.Repeat(body, 10))}
	for i := range uint32(10) {
		for _, name := range []string{"a", "ul_a", "b"} {
			c.files = append(c.files, forgedCabFile{fmt.Sprint(name, i), 100_000, 100_000 * i, 0})
		}
	}
	data := c.bytes()
	all, _, err := archivetest.ReadAll(t, Cab, data)
	if err != nil || len(all) != 10 || all[9].Data != body || !slices.Equal(all[9].Names, []string{"a9", "ul_a9", "b9"}) {
		t.Errorf("%v\n%s", err, archivetest.Listing(all))
	}
	archivetest.Cheap(t, Cab, data)
}

func forgedCabs() map[string]archivetest.Forged {
	edit := func(f func(*forgedCab)) []byte {
		c := plainCab("harmless", archivetest.Payload)
		f(&c)
		return c.bytes()
	}
	head := func(f func(h []byte)) []byte { return edit(func(c *forgedCab) { c.edit = f }) }
	plain := plainCab("harmless", archivetest.Payload).bytes()
	return map[string]archivetest.Forged{
		"stub":        {Data: append([]byte("MZ with MSCF in its code, and much more so that it is as long as a header"), plain...), Anomaly: anomaly.Prepended},
		"appended":    {Data: append(bytes.Clone(plain), "junk"...), Anomaly: anomaly.Appended},
		"two":         {Data: append(plainCab("x", "y").bytes(), plain...), Anomaly: anomaly.Appended},
		"decoy":       {Data: append([]byte("MSCF\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00\x03\x01\x01\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"), plain...), Anomaly: ""},
		"size-zero":   {Data: head(func(h []byte) { binary.LittleEndian.PutUint32(h[8:], 0) }), Anomaly: anomaly.Truncated},
		"size-huge":   {Data: head(func(h []byte) { binary.LittleEndian.PutUint32(h[8:], 1<<31) }), Anomaly: anomaly.Truncated},
		"files-at":    {Data: head(func(h []byte) { binary.LittleEndian.PutUint32(h[16:], 1<<30) }), Anomaly: ""},
		"files-many":  {Data: head(func(h []byte) { binary.LittleEndian.PutUint16(h[28:], 0xffff) }), Anomaly: ""},
		"blocks-zero": {Data: head(func(h []byte) { binary.LittleEndian.PutUint16(h[cabHeader+4:], 0) }), Anomaly: ""},
		"has-next":    {Data: head(func(h []byte) {}), Anomaly: ""},
		"checksum":    {Data: edit(func(c *forgedCab) { c.sum = 1 }), Anomaly: anomaly.CRC},
		"block-size":  {Data: edit(func(c *forgedCab) { c.blocks[0].size = 3 }), Anomaly: ""},
		"file-size":   {Data: edit(func(c *forgedCab) { c.files[1].size = 1 << 31 }), Anomaly: anomaly.Size},
		"from-prev":   {Data: edit(func(c *forgedCab) { c.files[1].folder = cabFromPrev }), Anomaly: ""},
		"to-next":     {Data: edit(func(c *forgedCab) { c.files[1].folder = cabToNext }), Anomaly: ""},
		"bad-folder":  {Data: edit(func(c *forgedCab) { c.files[0].folder = 77 }), Anomaly: ""},
		"overlap": {Data: edit(func(c *forgedCab) {
			c.files = append(c.files, forgedCabFile{"q", uint32(len(archivetest.Payload)), 4, 0}, forgedCabFile{"r", 3, 2, 0})
		}), Anomaly: ""},
		"no-name": {Data: edit(func(c *forgedCab) { c.files[1].name = "" }), Anomaly: anomaly.NameEmpty},
	}
}

func TestCabForged(t *testing.T) {
	for name, c := range forgedCabs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := archivetest.ReadAll(t, Cab, c.Data)
			if err != nil && !errors.Is(err, level.ErrMalformed) {
				t.Fatal(err)
			}
			if !archivetest.Holds(all) {
				t.Errorf("marker not found in %d members, %v", len(all), err)
			}
			if n := archivetest.NoteNames(all, r); c.Anomaly != "" && !slices.Contains(n, c.Anomaly) {
				t.Errorf("anomalies %v, want %q", n, c.Anomaly)
			}
			if !archivetest.Detects(c.Data, Cab) {
				t.Error("not detected")
			}
		})
	}
}

func TestCabMethods(t *testing.T) {
	for method, want := range map[uint16]error{cabQuantum: level.ErrMalformed, 9: level.ErrUnsupported, cabLZX | 31<<8: level.ErrMalformed, cabLZX: level.ErrMalformed} {
		c := plainCab("a", archivetest.Payload)
		c.method = method
		all, _, err := archivetest.ReadAll(t, Cab, c.bytes())
		if err != nil || len(all) != 2 || !errors.Is(all[0].Err, want) || all[0].Names[0] != "a.txt" {
			t.Errorf("method %#x: %+v, %v", method, all, err)
		}
	}
}

func TestCabTool(t *testing.T) {
	gcab, err := exec.LookPath("gcab")
	if err != nil {
		t.Skip("gcab is not installed")
	}
	dir := t.TempDir()
	files := archivetest.Tree(t, dir)
	for _, args := range [][]string{{"-c", "-z"}, {"-c"}} {
		out := filepath.Join(t.TempDir(), "a.cab")
		cmd := exec.Command(gcab, append(args, out, "a.txt", "empty", "d/p.js", "text.txt", "prog.bin")...)
		cmd.Dir = dir
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("gcab: %v: %s", err, msg)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, n := range []string{"a.txt", "empty", "d/p.js", "text.txt", "prog.bin"} {
			want[n] = files[n]
		}
		archivetest.CompareTree(t, Cab, data, want, nil)
	}
}

func FuzzCab(f *testing.F) {
	for _, c := range forgedCabs() {
		f.Add(c.Data)
	}
	f.Add(forgedCab{method: cabLZX | 15<<8, files: []forgedCabFile{{"a", 5, 0, 0}}, blocks: []cabBlockOf{{archivetest.LZXPlain("first"), 5}}}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each folder that is opened costs its window, at least 128 KiB.
		archivetest.FuzzReadLimits(t, Cab, data, 128<<20, level.Limits{Members: archivetest.FuzzMembers, Dictionary: 64 << 10})
	})
}

// TestCabBombs: many members each claim much memory and hold nothing, lie far away,
// or share bytes. What shares bytes is output all the same, which the caller counts.
func TestCabBombs(t *testing.T) {
	windows := forgedCab{method: cabLZX | 21<<8, blocks: []cabBlockOf{{archivetest.LZXPlain("x"), 1}}}
	for range 3000 {
		windows.files = append(windows.files, forgedCabFile{"f", 1, 0, 0}, forgedCabFile{"g", 1, 1, 0})
	}
	far := plainCab("x", "y")
	for i := range uint32(3000) {
		far.files = append(far.files, forgedCabFile{"f", 1, 1<<31 + i, 0})
	}
	overlap := forgedCab{method: cabMSZIP, blocks: mszip(archivetest.Text(4 << 20))}
	for i := range uint32(60) {
		overlap.files = append(overlap.files, forgedCabFile{"f", 4 << 20, i, 0})
	}
	t.Run("windows", func(t *testing.T) { archivetest.Bomb(t, Cab, windows.bytes(), false) })
	t.Run("far", func(t *testing.T) { archivetest.Bomb(t, Cab, far.bytes(), true) })
	t.Run("overlap", func(t *testing.T) { archivetest.Bomb(t, Cab, overlap.bytes(), false) })
}
