package archive

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
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
		blocks = append(blocks, cabBlockOf{append([]byte("CK"), pack(8, body[:n])...), n})
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
		put(&files, f.size, f.offset, f.folder, uint32(0), uint16(0x20), f.name+"\x00")
	}
	var data bytes.Buffer
	for i, b := range c.blocks {
		head := le.AppendUint16(le.AppendUint16(nil, uint16(len(b.packed))), uint16(b.size))
		head = append(head, make([]byte, extra)...)
		sum := cabSum(head, cabSum(b.packed, 0))
		if i == 0 {
			sum ^= c.sum
		}
		put(&data, sum, string(head), string(b.packed))
	}
	filesAt := cabHeader + cabFolder
	if c.reserve {
		filesAt += 4 + extra*2
	}
	dataAt := filesAt + files.Len()
	var out bytes.Buffer
	put(&out, "MSCF", uint32(0), uint32(dataAt+data.Len()), uint32(0), uint32(filesAt), uint32(0), byte(3), byte(1),
		uint16(1), uint16(len(c.files)), flags, uint16(1), uint16(0))
	if c.reserve {
		put(&out, uint16(extra), byte(extra), byte(extra), "head")
	}
	put(&out, uint32(dataAt), uint16(len(c.blocks)), c.method, string(make([]byte, extra)), files.String(), data.String())
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
	big := text(100_000)
	stored := forgedCab{blocks: []cabBlockOf{{[]byte("first"), 5}, {[]byte(payload), len(payload)}}, files: []forgedCabFile{{"a.txt", 5, 0, 0}, {`d\p.js`, uint32(len(payload)), 5, 0}}}
	lzxStored := forgedCab{method: cabLZX | 15<<8, files: stored.files, blocks: []cabBlockOf{{lzxPlain("first" + payload), 5 + len(payload)}}}
	reserve := plainCab("first", payload)
	reserve.reserve = true
	large := plainCab(big, payload)
	for name, c := range map[string]struct {
		cab   forgedCab
		first string
	}{"mszip": {plainCab("first", payload), "first"}, "stored": {stored, "first"}, "lzx": {lzxStored, "first"}, "reserve": {reserve, "first"}, "blocks": {large, big}} {
		t.Run(name, func(t *testing.T) {
			data := c.cab.bytes()
			all, r, err := readAll(t, Cab, data)
			if err != nil || len(all) != 2 || all[0].data != c.first || all[1].data != payload || all[0].err != nil || all[1].err != nil {
				t.Fatalf("%+v, %v", all, err)
			}
			if all[1].Names[0] != "d/p.js" {
				t.Errorf("names %q", all[1].Names)
			}
			if n := noteNames(all, r); len(n) > 0 {
				t.Errorf("anomalies %v", n)
			}
			if f := Detect(bytes.NewReader(data), int64(len(data))); !slices.Equal(f, []Format{Cab}) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

// lzxPlain is a frame of LZX with one stored block.
func lzxPlain(body string) []byte {
	var w bitWriter
	w.put(0, 1) // no translation
	w.put(3, 3)
	w.put(uint64(len(body)), 24)
	raw := w.flush()
	for len(raw)%2 != 0 {
		raw = append(raw, 0)
	}
	for i := 0; i < len(raw); i += 2 {
		raw[i], raw[i+1] = raw[i+1], raw[i]
	}
	for range 3 {
		raw = le.AppendUint32(raw, 1)
	}
	return append(raw, body...)
}

func forgedCabs() map[string]forgedRar {
	edit := func(f func(*forgedCab)) []byte {
		c := plainCab("harmless", payload)
		f(&c)
		return c.bytes()
	}
	head := func(f func(h []byte)) []byte { return edit(func(c *forgedCab) { c.edit = f }) }
	plain := plainCab("harmless", payload).bytes()
	return map[string]forgedRar{
		"stub":        {append([]byte("MZ with MSCF in its code, and much more so that it is as long as a header"), plain...), AnomalyPrepended},
		"appended":    {append(bytes.Clone(plain), "junk"...), AnomalyAppended},
		"two":         {append(plainCab("x", "y").bytes(), plain...), AnomalyAppended},
		"decoy":       {append([]byte("MSCF\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00\x03\x01\x01\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"), plain...), ""},
		"size-zero":   {head(func(h []byte) { le.PutUint32(h[8:], 0) }), AnomalyTruncated},
		"size-huge":   {head(func(h []byte) { le.PutUint32(h[8:], 1<<31) }), AnomalyTruncated},
		"files-at":    {head(func(h []byte) { le.PutUint32(h[16:], 1<<30) }), ""},
		"files-many":  {head(func(h []byte) { le.PutUint16(h[28:], 0xffff) }), ""},
		"blocks-zero": {head(func(h []byte) { le.PutUint16(h[cabHeader+4:], 0) }), ""},
		"has-next":    {head(func(h []byte) {}), ""},
		"checksum":    {edit(func(c *forgedCab) { c.sum = 1 }), AnomalyCRC},
		"block-size":  {edit(func(c *forgedCab) { c.blocks[0].size = 3 }), ""},
		"file-size":   {edit(func(c *forgedCab) { c.files[1].size = 1 << 31 }), AnomalySize},
		"from-prev":   {edit(func(c *forgedCab) { c.files[1].folder = cabFromPrev }), ""},
		"to-next":     {edit(func(c *forgedCab) { c.files[1].folder = cabToNext }), ""},
		"bad-folder":  {edit(func(c *forgedCab) { c.files[0].folder = 77 }), ""},
		"overlap": {edit(func(c *forgedCab) {
			c.files = append(c.files, forgedCabFile{"q", uint32(len(payload)), 4, 0}, forgedCabFile{"r", 3, 2, 0})
		}), ""},
		"no-name": {edit(func(c *forgedCab) { c.files[1].name = "" }), AnomalyNameEmpty},
	}
}

func TestCabForged(t *testing.T) {
	for name, c := range forgedCabs() {
		t.Run(name, func(t *testing.T) {
			all, r, err := readAll(t, Cab, c.data)
			if err != nil && !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			if !holds(all) {
				t.Errorf("marker not found in %d members, %v", len(all), err)
			}
			if n := noteNames(all, r); c.anomaly != "" && !slices.Contains(n, c.anomaly) {
				t.Errorf("anomalies %v, want %q", n, c.anomaly)
			}
			if f := Detect(bytes.NewReader(c.data), int64(len(c.data))); !slices.Contains(f, Cab) {
				t.Errorf("detected %v", f)
			}
		})
	}
}

func TestCabMethods(t *testing.T) {
	for method, want := range map[uint16]error{cabQuantum: ErrMalformed, 9: ErrUnsupported, cabLZX | 31<<8: ErrMalformed, cabLZX: ErrMalformed} {
		c := plainCab("a", payload)
		c.method = method
		all, _, err := readAll(t, Cab, c.bytes())
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
	files := tree(t, dir)
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
		compareTree(t, Cab, data, want, nil)
	}
}

func FuzzCab(f *testing.F) {
	for _, c := range forgedCabs() {
		f.Add(c.data)
	}
	f.Add(forgedCab{method: cabLZX | 15<<8, files: []forgedCabFile{{"a", 5, 0, 0}}, blocks: []cabBlockOf{{lzxPlain("first"), 5}}}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each folder that is opened costs its window, at least 128 KiB.
		fuzzReadLimits(t, Cab, data, 128<<20, Limits{Members: fuzzMembers, Dictionary: 64 << 10})
	})
}
