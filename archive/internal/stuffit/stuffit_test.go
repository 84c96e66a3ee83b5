package stuffit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/anomaly"
	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

func sum16(b []byte) uint16 {
	var c input.CRC16
	c.Write(b)
	return uint16(c)
}

// forgedFork is a fork of a forged file.
type forgedFork struct {
	body   string
	method byte
	packed string // "": by the method
}

func (f forgedFork) bytes() []byte {
	switch {
	case f.packed != "":
		return []byte(f.packed)
	case f.method&oldMethod == repeated:
		return []byte(strings.ReplaceAll(f.body, "\x90", "\x90\x00"))
	case f.method&oldMethod == lzw:
		return archivetest.LZWOf(f.body, lzwBits, true, 20_000)[3:]
	case f.method&oldMethod == huffed:
		return huffedOf(f.body)
	case f.method&oldMethod == lzHuff:
		return method13Of(f.body, 1, true)
	case f.method&oldMethod == arsenic:
		return arsenicOf(f.body, 9)
	}
	return []byte(f.body)
}

// huffedOf packs with a Huffman code.
func huffedOf(body string) []byte {
	type node struct {
		weight      int
		value       byte
		left, right *node
	}
	var counts [256]int
	for _, b := range []byte(body) {
		counts[b]++
	}
	var heap []*node
	for v, n := range counts {
		if n > 0 {
			heap = append(heap, &node{weight: n, value: byte(v)})
		}
	}
	if len(heap) == 0 {
		heap = append(heap, &node{})
	}
	for len(heap) > 1 {
		sort.SliceStable(heap, func(i, k int) bool { return heap[i].weight < heap[k].weight })
		heap = append(heap[2:], &node{weight: heap[0].weight + heap[1].weight, left: heap[0], right: heap[1]})
	}
	var w archivetest.BitWriter
	words := map[byte]string{}
	var walk func(n *node, word string)
	walk = func(n *node, word string) {
		if n.left == nil {
			w.Put(1, 1)
			w.Put(uint64(n.value), 8)
			words[n.value] = word
			return
		}
		w.Put(0, 1)
		walk(n.left, word+"0")
		walk(n.right, word+"1")
	}
	walk(heap[0], "")
	for _, b := range []byte(body) {
		for _, bit := range words[b] {
			w.Put(uint64(bit-'0'), 1)
		}
	}
	return w.Flush()
}

// forged is a file of either format.
type forged struct {
	name           string
	data, resource forgedFork
	in             string // the folder, of version 5
	edit           func(h []byte)
	after          func(h []byte) // once the checksum is set
}

func (f forged) old() []byte {
	h := make([]byte, oldEntry)
	r, d := f.resource.bytes(), f.data.bytes()
	h[0], h[1], h[2] = f.resource.method, f.data.method, byte(len(f.name))
	copy(h[oldName:], f.name)
	be.PutUint16(h[34:], sum16(h[2:34]))
	be.PutUint32(h[62:], 0xffffffff)
	copy(h[66:], "TEXTttxt")
	for at, n := range map[int]int{84: len(f.resource.body), 88: len(f.data.body), 92: len(r), 96: len(d)} {
		be.PutUint32(h[at:], uint32(n))
	}
	be.PutUint16(h[100:], sum16([]byte(f.resource.body)))
	be.PutUint16(h[102:], sum16([]byte(f.data.body)))
	if f.edit != nil {
		f.edit(h)
	}
	be.PutUint16(h[oldCRCAt:], sum16(h[:oldCRCAt]))
	if f.after != nil {
		f.after(h)
	}
	return slices.Concat(h, r, d)
}

func forgeOld(files ...forged) []byte {
	out := append([]byte("SIT!\x00\x01\x00\x00\x00\x00"+oldMark+"\x01"), make([]byte, 7)...)
	for _, f := range files {
		out = append(out, f.old()...)
	}
	be.PutUint32(out[6:], uint32(len(out)))
	be.PutUint16(out[4:], uint16(len(files)))
	return out
}

func forgeFive(files ...forged) []byte {
	out := []byte(fiveMagic + "2001" + fiveMore + "\x1a\x00\x05\x10")
	out = append(out, make([]byte, 4+4+2+4+2+14)...)
	be.PutUint16(out[92:], uint16(len(files)))
	be.PutUint32(out[fiveFirstAt:], uint32(len(out)))
	folders := map[string]int{}
	for _, f := range files {
		at := len(out)
		r, d := f.resource.bytes(), f.data.bytes()
		folder := strings.HasSuffix(f.name, "/")
		name := strings.TrimSuffix(f.name, "/")
		h := append([]byte(fiveEntry), 1, 0, 0, 0, 0, 0)
		h = append(h, make([]byte, 16)...)
		h = be.AppendUint32(h, uint32(folders[f.in]))
		h = be.AppendUint16(be.AppendUint16(h, uint16(len(name))), 0)
		h = be.AppendUint32(be.AppendUint32(h, uint32(len(f.data.body))), uint32(len(d)))
		h = append(be.AppendUint16(h, sum16([]byte(f.data.body))), 0, 0, f.data.method, 0)
		if folder {
			h[9] |= fiveFolder
			folders[f.name] = at
		}
		h = append(h, name...)
		be.PutUint16(h[6:], uint16(len(h)))
		if f.edit != nil {
			f.edit(h)
		}
		more := make([]byte, 36)
		if len(f.resource.body) > 0 {
			more[1] = fiveResource
			more = be.AppendUint32(be.AppendUint32(more, uint32(len(f.resource.body))), uint32(len(r)))
			more = append(be.AppendUint16(more, sum16([]byte(f.resource.body))), 0, 0, f.resource.method, 0)
		}
		out = append(out, slices.Concat(h, more, r, d)...)
	}
	be.PutUint32(out[84:], uint32(len(out)))
	return out
}

var formats = map[string]func(...forged) []byte{"old": forgeOld, "five": forgeFive}

func TestMethods(t *testing.T) {
	for format, forge := range formats {
		for name, method := range map[string]byte{"stored": stored, "repeated": repeated, "lzw": lzw, "huffed": huffed} {
			for kind, body := range archivetest.Bodies() {
				if body == "" {
					continue
				}
				data := forge(forged{name: "a.txt", data: forgedFork{body: body, method: method}, resource: forgedFork{body: "icons", method: method}})
				all, r, err := archivetest.ReadAll(t, Format, data)
				if err != nil || len(all) != 2 || all[1].Data != body || all[0].Data != "icons" || all[0].Fault != nil || all[1].Fault != nil || all[0].Reading != "resource" || all[1].Names[0] != "a.txt" {
					t.Errorf("%s %s %s: %v\n%s", format, name, kind, err, archivetest.Listing(all))
					continue
				}
				if n := archivetest.NoteNames(all, r); len(n) > 0 || !archivetest.Detects(data, Format) {
					t.Errorf("%s %s %s: anomalies %v", format, name, kind, n)
				}
			}
		}
	}
}

// TestUnar has The Unarchiver read what is forged here.
func TestUnar(t *testing.T) {
	body := archivetest.Text(30_000)
	for format, forge := range formats {
		for name, method := range map[string]byte{"stored": stored, "repeated": repeated, "lzw": lzw, "huffed": huffed} {
			path := filepath.Join(t.TempDir(), "a.sit")
			if err := os.WriteFile(path, forge(forged{name: "a.txt", data: forgedFork{body: body, method: method}}), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := archivetest.Tool(t, "", "unar", "-q", "-o", "-", path); string(got) != body {
				t.Errorf("%s %s: %d bytes of %d", format, name, len(got), len(body))
			}
		}
	}
}

func TestFolders(t *testing.T) {
	p := forged{name: "p.js", data: forgedFork{body: archivetest.Payload, method: huffed}}
	in := p
	in.in = "dir/"
	for format, data := range map[string][]byte{
		"old": forgeOld(forged{name: "dir", data: forgedFork{method: oldFolder}, resource: forgedFork{method: oldFolder}}, p,
			forged{name: "end", data: forgedFork{method: oldUp}, resource: forgedFork{method: oldUp}}, p),
		"five": forgeFive(forged{name: "dir/"}, in, p),
	} {
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 3 || !all[0].Dir || all[1].Names[0] != "dir/p.js" || all[2].Names[0] != "p.js" || all[1].Data != archivetest.Payload {
			t.Errorf("%s: %v\n%s", format, err, archivetest.Listing(all))
		}
	}
}

func forgeds() map[string]archivetest.Forged {
	o, p := forged{name: "o.txt", data: forgedFork{body: "harmless"}}, forged{name: "p.js", data: forgedFork{body: archivetest.Payload, method: huffed}}
	edit := func(f func(h []byte)) forged { q := p; q.edit = f; return q }
	sum := p
	sum.after = func(h []byte) { h[oldCRCAt]++ }
	lost := forgeOld(o, p)
	lost[oldHeader+2] = 0
	start := forgeFive(p)
	start[fiveFirstAt] = 0xff
	return map[string]archivetest.Forged{
		"old-sum":       {Data: forgeOld(o, sum), Anomaly: anomaly.HeaderCRC},
		"old-lost":      {Data: lost, Anomaly: anomaly.Gap},
		"old-appended":  {Data: append(forgeOld(p), bytes.Repeat([]byte("junk"), 50)...), Anomaly: anomaly.Appended},
		"old-gap":       {Data: slices.Concat(forgeOld(o), []byte("junk"), p.old()), Anomaly: anomaly.Gap},
		"old-crc":       {Data: forgeOld(edit(func(h []byte) { h[103]++ })), Anomaly: anomaly.CRC},
		"old-size":      {Data: forgeOld(edit(func(h []byte) { h[88]++ })), Anomaly: anomaly.Size},
		"old-packed":    {Data: forgeOld(edit(func(h []byte) { h[96] = 0x7f })), Anomaly: anomaly.Truncated},
		"old-installer": {Data: append([]byte("ST65"), forgeOld(p)[4:]...), Anomaly: ""},
		"five-gap":      {Data: slices.Concat(forgeFive(o), []byte("junk"), forgeFive(p)[fiveHeader+14:]), Anomaly: anomaly.Gap},
		"five-appended": {Data: append(forgeFive(p), "junk"...), Anomaly: anomaly.Appended},
		"five-crc":      {Data: forgeFive(edit(func(h []byte) { h[43]++ })), Anomaly: anomaly.CRC},
		"five-size":     {Data: forgeFive(edit(func(h []byte) { h[34]++ })), Anomaly: anomaly.Size},
		"five-packed":   {Data: forgeFive(edit(func(h []byte) { h[38] = 0x7f })), Anomaly: anomaly.Truncated},
	}
}

func TestForged(t *testing.T) { archivetest.FindForged(t, Format, forgeds()) }

func TestClasses(t *testing.T) {
	for format, forge := range formats {
		for name, c := range map[string]struct {
			f    forged
			want error
		}{
			"14":      {forged{name: "a", data: forgedFork{body: "b", method: 14}}, level.ErrUnsupported},
			"13":      {forged{name: "a", data: forgedFork{body: "b", method: lzHuff, packed: "\xf0"}}, level.ErrMalformed},
			"13 cut":  {forged{name: "a", data: forgedFork{body: "b", method: lzHuff, packed: "\x10"}}, level.ErrMalformed},
			"13 code": {forged{name: "a", data: forgedFork{body: "b", method: lzHuff, packed: "\x00" + strings.Repeat("\x00", 200)}}, level.ErrMalformed},
			"arsenic": {forged{name: "a", data: forgedFork{body: "b", method: arsenic, packed: "b"}}, level.ErrMalformed},
			"lzah":    {forged{name: "a", data: forgedFork{body: "b", method: lzah, packed: "\x00"}}, level.ErrMalformed},
			"huffed":  {forged{name: "a", data: forgedFork{body: "b", method: huffed, packed: strings.Repeat("\x00", 4000)}}, level.ErrMalformed},
			"cut":     {forged{name: "a", data: forgedFork{body: "bb", method: huffed, packed: "\x80"}}, level.ErrMalformed},
			"lzw":     {forged{name: "a", data: forgedFork{body: "b", method: lzw, packed: "\xff\xff\xff"}}, level.ErrMalformed},
		} {
			all, _, err := archivetest.ReadAll(t, Format, forge(c.f))
			if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, c.want) {
				t.Errorf("%s %s: %v\n%s", format, name, err, archivetest.Listing(all))
			}
		}
	}
	for name, data := range map[string][]byte{
		"old":  forgeOld(forged{name: "a", data: forgedFork{body: "bbbbbbbb", method: oldEncrypted}}),
		"five": forgeFive(forged{name: "a", data: forgedFork{body: "bbbbbbbb"}, edit: func(h []byte) { h[9] |= fiveEncrypted }}),
	} {
		all, _, err := archivetest.ReadAll(t, Format, data)
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, level.ErrEncrypted) {
			t.Errorf("%s encrypted: %v\n%s", name, err, archivetest.Listing(all))
		}
	}
}

func TestSource(t *testing.T) {
	f := []forged{{name: "a", data: forgedFork{body: archivetest.Payload, method: lzw}}, {name: "b", resource: forgedFork{body: "b", method: huffed}}}
	archivetest.SourceFails(t, map[string]archivetest.Sample{"old": {Format: Format, Data: forgeOld(f...)}, "five": {Format: Format, Data: forgeFive(f...)}})
}

func FuzzStuffIt(f *testing.F) {
	for _, c := range forgeds() {
		f.Add(c.Data)
	}
	for _, forge := range formats {
		f.Add(forge(forged{name: "a", data: forgedFork{body: "abcabcabc", method: lzw}, resource: forgedFork{body: "b", method: repeated}}))
		f.Add(forge(forged{name: "a", data: forgedFork{body: "abcabcabc", method: lzHuff}, resource: forgedFork{body: "abcabcabc", method: arsenic}}))
		f.Add(forge(forged{name: "a", data: forgedFork{body: "abcabcabc", method: lzah, packed: "\x00\x05\x02\x80abcdefghijkl"}}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		archivetest.FuzzRead(t, Format, data, 64<<20)
	})
}
