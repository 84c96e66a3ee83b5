package wim

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// forgeWIM writes a file with one image, whose root holds one file. Compressed
// bodies are given as they are.
func forgeWIM(flags uint32, raw, body string) []byte {
	le := binary.LittleEndian
	out := make([]byte, headerBytes)
	put := func(b string) (off int) {
		off = len(out)
		out = append(out, b...)
		return off
	}
	header := func(at []byte, off, n, original int, flags byte) {
		le.PutUint64(at, uint64(n)|uint64(flags)<<56)
		le.PutUint64(at[8:], uint64(off))
		le.PutUint64(at[16:], uint64(original))
	}
	hash := sha1.Sum([]byte(body))
	bodyAt := put(raw)

	dentry := func(name string, subdir uint64, attributes uint32, hash []byte) []byte {
		b := make([]byte, (dentryBytes+2*len(name)+2+7)&^7)
		le.PutUint64(b, uint64(len(b)))
		le.PutUint32(b[8:], attributes)
		le.PutUint64(b[16:], subdir)
		copy(b[64:], hash)
		le.PutUint16(b[100:], uint16(2*len(name)))
		copy(b[dentryBytes:], archivetest.LEName(name))
		return b
	}
	root := dentry("", 0, 0x10, nil)
	le.PutUint64(root[16:], uint64(8+len(root)+8))
	tree := append([]byte{8, 0, 0, 0, 0, 0, 0, 0}, root...)
	tree = append(tree, make([]byte, 8)...)
	tree = append(tree, dentry("p.js", 0, 0, hash[:])...)
	tree = append(tree, make([]byte, 8)...)
	treeAt := put(string(tree))

	table := make([]byte, 2*entryBytes)
	header(table, treeAt, len(tree), len(tree), wimMetadata)
	kind := byte(0)
	if flags&2 != 0 {
		kind = wimCompressed
	}
	header(table[entryBytes:], bodyAt, len(raw), len(body), kind)
	copy(table[entryBytes+30:], hash[:])
	tableAt := put(string(table))

	copy(out, magic)
	le.PutUint32(out[8:], headerBytes)
	le.PutUint32(out[16:], flags)
	le.PutUint32(out[20:], 32<<10)
	out[40], out[42], out[44] = 1, 1, 1
	header(out[48:], tableAt, len(table), len(table), 0)
	return out
}

// forgeSolid writes a file without images, with one solid resource of chunks of 4 KiB
// and files in it by their places.
func forgeSolid(kind uint32, size int, chunks []string, places ...[2]int) []byte {
	le := binary.LittleEndian
	out := make([]byte, headerBytes)
	at := len(out)
	out = le.AppendUint64(out, uint64(size))
	out = le.AppendUint32(out, 4096)
	out = le.AppendUint32(out, kind)
	for _, c := range chunks {
		out = le.AppendUint32(out, uint32(len(c)))
	}
	for _, c := range chunks {
		out = append(out, c...)
	}
	entry := func(off, n, original int, hash byte) {
		e := make([]byte, entryBytes)
		le.PutUint64(e, uint64(n)|wimSolid<<56)
		le.PutUint64(e[8:], uint64(off))
		le.PutUint64(e[16:], uint64(original))
		e[30] = hash
		out = append(out, e...)
	}
	end := len(out)
	entry(at, end-at, solidMark, 0)
	for i, p := range places {
		entry(p[0], p[1], 0, byte(i+1))
	}
	copy(out, magic)
	le.PutUint32(out[8:], headerBytes)
	le.PutUint32(out[20:], 32<<10)
	out[40], out[42] = 1, 1
	le.PutUint64(out[48:], uint64(len(out)-end))
	le.PutUint64(out[56:], uint64(end))
	le.PutUint64(out[64:], uint64(len(out)-end))
	return out
}

func TestSolidForged(t *testing.T) {
	one, two := strings.Repeat("1", 4096), strings.Repeat("2", 4096)
	data := forgeSolid(kindLZMS, 3*4096, []string{one, two, "odd"},
		[2]int{4000, 200}, [2]int{0, 10}, [2]int{8192, 5}, [2]int{12288, 1}, [2]int{5000, 10})
	all, _, err := archivetest.ReadAll(t, Format, data)
	if err != nil || len(all) != 5 {
		t.Fatalf("%d members, %v", len(all), err)
	}
	for i, want := range []string{one[:10], one[:96] + two[:104], two[:10], "", ""} {
		g := all[i]
		if g.Data != want || (want == "") != errors.Is(g.Fault, level.ErrMalformed) {
			t.Errorf("%d: %d bytes of %d, %v", i, len(g.Data), len(want), g.Fault)
		}
	}
	// What lies behind is decoded only so far if nothing is read.
	many := make([]string, 9000)
	var places [][2]int
	for i := range many {
		many[i] = one
		places = append(places, [2]int{i * 4096, 1})
	}
	all, _, err = archivetest.ReadAll(t, Format, forgeSolid(kindLZX, len(many)*4096, many, places[:200]...))
	if err != nil || len(all) != 200 || all[199].Fault != nil {
		t.Errorf("%d members, %v", len(all), err)
	}
	w := &file{credit: -1}
	if err := (&solid{w: w}).decode(0); !errors.Is(err, level.ErrLimit) {
		t.Errorf("without credit: %v", err)
	}
	for kind, want := range map[uint32]error{kindStored: nil, kindLZMS + 1: level.ErrUnsupported} {
		all, _, err := archivetest.ReadAll(t, Format, forgeSolid(kind, 4096, []string{one}, [2]int{0, 5}))
		if err != nil || len(all) != 1 || !errors.Is(all[0].Fault, want) {
			t.Errorf("kind %d: %v, %+v", kind, err, all)
		}
	}
}

func TestWIMForged(t *testing.T) {
	all, r, err := archivetest.ReadAll(t, Format, forgeWIM(0, archivetest.Payload, archivetest.Payload))
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload || all[0].Names[0] != "p.js" || len(archivetest.NoteNames(all, r)) > 0 {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	// A chunk that is as long as its content is stored.
	all, _, err = archivetest.ReadAll(t, Format, forgeWIM(2|wimLZX, archivetest.Payload, archivetest.Payload))
	if err != nil || len(all) != 1 || all[0].Data != archivetest.Payload {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
	all, _, err = archivetest.ReadAll(t, Format, forgeWIM(2|wimXpress, archivetest.Payload[:300], archivetest.Payload))
	if err != nil || len(all) != 1 || all[0].Fault == nil {
		t.Errorf("%d members, %v: %+v", len(all), err, all)
	}
}

func FuzzWIM(f *testing.F) {
	f.Add(forgeWIM(0, archivetest.Payload, archivetest.Payload))
	f.Add(forgeWIM(2|wimLZX, archivetest.Payload, archivetest.Payload))
	f.Add(forgeWIM(2|wimXpress, archivetest.Payload[:300], archivetest.Payload))
	one := strings.Repeat("1", 4096)
	for kind := range uint32(4) {
		f.Add(forgeSolid(kind, 2*4096, []string{one, "\x01\x02\x03\x04"}, [2]int{4000, 200}, [2]int{0, 10}))
	}
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 32<<20) })
}
