package disk

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/decmpfs"
	"github.com/fivefifty/fivefifty/archive/internal/level"
	"github.com/fivefifty/fivefifty/internal/lzfse/lzfsetest"
)

// packedSample is a compressed file.
type packedSample struct {
	name      string
	kind      uint32
	size      int
	attribute string // behind the header
	resource  string
	want      string
	err       error
}

// attributeValue is com.apple.decmpfs.
func (s packedSample) attributeValue() []byte {
	b := binary.LittleEndian.AppendUint32([]byte("fpmc"), s.kind)
	return append(binary.LittleEndian.AppendUint64(b, uint64(s.size)), s.attribute...)
}

// zlibFork is a resource fork of blocks of zlib.
func zlibFork(blocks ...string) string {
	be, le := binary.BigEndian, binary.LittleEndian
	table := le.AppendUint32(nil, uint32(len(blocks)))
	at := 4 + 8*len(blocks)
	for _, b := range blocks {
		table = le.AppendUint32(le.AppendUint32(table, uint32(at)), uint32(len(b)))
		at += len(b)
	}
	out := make([]byte, 256)
	be.PutUint32(out, 256)
	be.PutUint32(out[4:], uint32(256+4+at))
	be.PutUint32(out[8:], uint32(4+at))
	be.PutUint32(out[12:], 50)
	out = append(be.AppendUint32(out, uint32(at)), table...)
	for _, b := range blocks {
		out = append(out, b...)
	}
	resources := make([]byte, 50) // one, of the type "cmpf"
	copy(resources[24:], "\x00\x1c\x00\x32\x00\x00cmpf\x00\x00\x00\x0a\x00\x01\xff\xff")
	return string(append(out, resources...))
}

// tableFork is a resource fork of blocks of the other kinds.
func tableFork(blocks ...string) string {
	var table []byte
	at := 4 * (len(blocks) + 1)
	for _, b := range blocks {
		table = binary.LittleEndian.AppendUint32(table, uint32(at))
		at += len(b)
	}
	table = binary.LittleEndian.AppendUint32(table, uint32(at))
	return string(table) + strings.Join(blocks, "")
}

func packedSamples(body string) []packedSample {
	zlib, lzvn := archivetest.ZlibOf(body), string(lzfsetest.LZVN([]byte(body)))
	fse := string(lzfsetest.Pack([]byte(body), false))
	big := strings.Repeat("0123456789abcdef", 4096)[:65536]
	all := []packedSample{
		{kind: 1, attribute: body, want: body},
		{kind: 3, attribute: zlib, want: body},
		{kind: 3, attribute: "\xff" + body, want: body},
		{kind: 4, resource: zlibFork(archivetest.ZlibOf(big), zlib), want: big + body},
		{kind: 4, resource: zlibFork("\xff"+big, zlib), want: big + body},
		{kind: 7, attribute: lzvn, want: body},
		{kind: 7, attribute: "\x06" + body, want: body},
		{kind: 8, resource: tableFork(string(lzfsetest.LZVN([]byte(big))), "\x06"+body), want: big + body},
		{kind: 9, attribute: "\xcc" + body, want: body},
		{kind: 9, attribute: body, want: body},
		{kind: 10, resource: tableFork("\xcc"+big, body), want: big + body},
		{kind: 11, attribute: fse, want: body},
		{kind: 11, attribute: "\xff" + body, want: body},
		{kind: 12, resource: tableFork(string(lzfsetest.Pack([]byte(big), false)), fse), want: big + body},
		// One block is broken, one is empty, and the next comes all the same.
		{kind: 4, resource: zlibFork("no zlib", "", zlib), want: body, err: level.ErrMalformed},
		{kind: 8, resource: tableFork("\x70", lzvn), want: body, err: level.ErrMalformed},
		{kind: 14, resource: "ZBM", err: level.ErrUnsupported},
	}
	for i := range all {
		all[i].name = string(rune('a' + i))
		all[i].size = len(all[i].want)
	}
	return all
}

// forgePackedHFS is a volume of compressed files.
func forgePackedHFS(samples []packedSample) []byte {
	be := binary.BigEndian
	b := make([]byte, 512*4096)
	block := func(n int) []byte { return b[n*4096:] }
	copy(b[1024:], "H+\x00\x04")
	be.PutUint32(b[1024+32:], uint32(len(samples)))
	be.PutUint32(b[1024+40:], 4096)
	be.PutUint32(b[1024+44:], 512)
	copy(block(2), hfsTree())
	copy(b[1024+192:], hfsForkOf(2*4096, 2, 2))
	thread := func(id, parent uint32, name string) []byte {
		data := append([]byte{0, 3, 0, 0}, hfsKey(parent, name)...)
		return hfsRecord(hfsKey(id, ""), data)
	}
	catalog := [][]byte{hfsRecord(hfsKey(1, "disk"), hfsFolderOf(2)), thread(2, 1, "disk")}
	var attributes [][]byte
	at := 40
	for i, s := range samples {
		id := uint32(20 + i)
		resource := hfsForkOf(0)
		if s.resource != "" {
			n := len(s.resource)/4096 + 1
			resource = hfsForkOf(len(s.resource), uint32(at), uint32(n))
			be.PutUint32(resource[12:], uint32(n))
			copy(block(at), s.resource)
			at += n
		}
		catalog = append(catalog, hfsRecord(hfsKey(2, s.name), hfsFileOf(id, 0x20, hfsForkOf(0), resource)))
		key := be.AppendUint32(be.AppendUint32([]byte{0, 0}, id), 0)
		key = append(be.AppendUint16(key, uint16(len(decmpfs.Attribute))), isoWide(decmpfs.Attribute)...)
		value := s.attributeValue()
		data := append(be.AppendUint32(make([]byte, 0), 0x10), 0, 0, 0, 0, 0, 0, 0, 0)
		data = append(be.AppendUint32(data, uint32(len(value))), value...)
		if i == 1 { // in a fork of its own
			copy(block(30), value)
			data = append([]byte{0, 0, 0, 0x20, 0, 0, 0, 0}, hfsForkOf(len(value), 30, 1)...)
			be.PutUint32(data[8+12:], 1)
		}
		if len(data)%2 != 0 {
			data = append(data, 0)
		}
		attributes = append(attributes, hfsRecord(key, data))
	}
	for _, a := range []struct {
		id         uint32
		name, data string
	}{{20, "note", archivetest.Payload}, {20, "tiny", "of no interest"}, {2, "of the root", archivetest.Payload + "!"}} {
		key := be.AppendUint32(be.AppendUint32([]byte{0, 0}, a.id), 0)
		key = append(be.AppendUint16(key, uint16(len(a.name))), isoWide(a.name)...)
		data := append(be.AppendUint32(make([]byte, 0), 0x10), 0, 0, 0, 0, 0, 0, 0, 0)
		data = append(be.AppendUint32(data, uint32(len(a.data))), a.data...)
		attributes = append(attributes, hfsRecord(key, append(data, make([]byte, len(data)%2)...)))
	}
	const node = 16 << 10
	copy(block(4), hfsTreeOf(node, catalog...))
	copy(b[1024+272:], hfsForkOf(2*node, 4, 8))
	copy(block(12), hfsTreeOf(node, attributes...))
	copy(b[1024+352:], hfsForkOf(2*node, 12, 8))
	for off, n := range map[int]uint32{192: 2, 272: 8, 352: 8} {
		be.PutUint32(b[1024+off+12:], n)
	}
	return b
}

func TestHFSPacked(t *testing.T) {
	samples := packedSamples("packed " + archivetest.Marker)
	all, _, err := archivetest.ReadAll(t, Disk, forgePackedHFS(samples))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{samples[0].name + ":note": archivetest.Payload, ":of the root": archivetest.Payload + "!"} {
		if g := archivetest.Find(all, name); g == nil || g.Data != want || g.Fault != nil {
			t.Errorf("attribute %q: %+v", name, g)
		}
	}
	for _, s := range samples {
		g := archivetest.Find(all, s.name)
		if g == nil {
			t.Errorf("%q is missing: %s", s.name, archivetest.Listing(all))
			continue
		}
		if g.Data != s.want || !errors.Is(g.Fault, s.err) || g.Size != int64(s.size) || s.err == nil && len(g.Anomalies) > 0 {
			t.Errorf("type %d, %q: %d bytes of %d, %v", s.kind, s.name, len(g.Data), len(s.want), g.Fault)
		}
	}
}

// 7-Zip reads the same, where it reads it at all.
func TestHFSPackedJudge(t *testing.T) {
	archivetest.Program(t, "7zz")
	reads := []uint32{3, 4, 7, 8, 9}
	var samples []packedSample
	for i, s := range packedSamples(strings.Repeat("packed ", 6)) {
		if s.err == nil && slices.Contains(reads, s.kind) && i != 1 && s.attribute != s.want {
			samples = append(samples, s)
		}
	}
	samples = append([]packedSample{{name: "0", kind: 7, attribute: "\x06x", size: 1, want: "x"}, {name: "1", kind: 7, attribute: "\x06x", size: 1, want: "x"}}, samples...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "v.hfs"), forgePackedHFS(samples), 0o666); err != nil {
		t.Fatal(err)
	}
	for i, s := range samples {
		if i == 1 {
			continue // its attribute lies where 7-Zip does not look
		}
		if got := archivetest.Shell(t, dir, "7zz e -so -sns- v.hfs disk/"+s.name+" > OUT"); string(got) != s.want {
			t.Errorf("type %d, %q: %d bytes of %d", s.kind, s.name, len(got), len(s.want))
		}
	}
}
