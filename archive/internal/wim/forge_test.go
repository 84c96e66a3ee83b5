package wim

import (
	"crypto/sha1"
	"encoding/binary"
	"testing"

	"github.com/fivefifty/fivefifty/archive/internal/archivetest"
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
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.FuzzRead(t, Format, data, 32<<20) })
}
