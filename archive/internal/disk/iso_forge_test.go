package disk

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
)

// isoEntry is a file of a forged disc.
type isoEntry struct {
	name   string
	body   string
	joliet bool         // listed by the supplementary tree only
	rock   string       // system use entries
	flags  byte         // of the record
	bend   func([]byte) // changes the record
	at     uint32       // its place; 0: where the forge puts it
	fixed  bool         // no body is written: it is another's
}

// isoForge writes a disc: descriptors at sector 16 ff., path tables, the two root
// directories, then the bodies.
type isoForge struct {
	entries []isoEntry
	bend    func(image []byte) // changes the finished image
}

// Places of the forge's structures, in sectors.
const (
	isoForgePVD    = 16
	isoForgeSVD    = 17
	isoForgeEnd    = 18
	isoForgeTableL = 20
	isoForgeTableM = 21
	isoForgeRoot   = 22
	isoForgeJoliet = 24
	isoForgeBodies = 26
)

func isoOf(entries ...isoEntry) *isoForge { return &isoForge{entries: entries} }

func putBoth32(b []byte, n uint32) {
	binary.LittleEndian.PutUint32(b, n)
	binary.BigEndian.PutUint32(b[4:], n)
}

func isoRecordOf(name string, lba, size uint32, flags byte, use string) []byte {
	n := 33 + len(name) + (1 - len(name)&1) + len(use)
	n += n & 1
	b := make([]byte, n)
	b[0] = byte(n)
	putBoth32(b[2:], lba)
	putBoth32(b[10:], size)
	b[25] = flags
	b[28], b[31] = 1, 1
	b[32] = byte(len(name))
	copy(b[33:], name)
	copy(b[33+len(name)+(1-len(name)&1):], use)
	return b
}

func isoDescriptor(kind byte, root uint32, escape string) []byte {
	b := make([]byte, isoSector)
	b[0], b[6] = kind, 1
	copy(b[1:], isoMagic)
	copy(b[88:], escape)
	b[128], b[129], b[130], b[131] = 0, 8, 8, 0
	putBoth32(b[132:], 10)
	if kind == isoPrimary {
		binary.LittleEndian.PutUint32(b[140:], isoForgeTableL)
		binary.BigEndian.PutUint32(b[148:], isoForgeTableM)
	}
	copy(b[156:], isoRecordOf("\x00", root, 2*isoSector, isoFlagDir, ""))
	return b
}

func (f *isoForge) image() []byte {
	image := make([]byte, isoForgeBodies*isoSector)
	put := func(sector int, b []byte) { copy(image[sector*isoSector:], b) }
	put(isoForgePVD, isoDescriptor(isoPrimary, isoForgeRoot, ""))
	put(isoForgeSVD, isoDescriptor(isoSupplementary, isoForgeJoliet, "%/E"))
	put(isoForgeEnd, append([]byte{255}, "CD001\x01"...))
	table := make([]byte, 10)
	table[0], table[6] = 1, 1
	binary.LittleEndian.PutUint32(table[2:], isoForgeRoot)
	put(isoForgeTableL, table)
	table[6], table[7] = 0, 1
	binary.BigEndian.PutUint32(table[2:], isoForgeRoot)
	put(isoForgeTableM, table)
	var dirs [2][]byte
	for i, at := range []uint32{isoForgeRoot, isoForgeJoliet} {
		dirs[i] = append(isoRecordOf("\x00", at, 2*isoSector, isoFlagDir, "")[:34], isoRecordOf("\x01", at, 2*isoSector, isoFlagDir, "")[:34]...)
	}
	for _, e := range f.entries {
		at := e.at
		if at == 0 {
			at = uint32(len(image) / isoSector)
		}
		if !e.fixed {
			image = append(image, e.body...)
			image = append(image, make([]byte, -len(image)&(isoSector-1))...)
		}
		tree, name := 0, e.name
		if e.joliet {
			tree, name = 1, isoWide(e.name)
		}
		rec := isoRecordOf(name, at, uint32(len(e.body)), e.flags, e.rock)
		if e.bend != nil {
			e.bend(rec)
		}
		if room := isoSector - len(dirs[tree])%isoSector; room < len(rec) {
			dirs[tree] = append(dirs[tree], make([]byte, room)...)
		}
		dirs[tree] = append(dirs[tree], rec...)
	}
	put(isoForgeRoot, dirs[0][:min(len(dirs[0]), 2*isoSector)])
	put(isoForgeJoliet, dirs[1][:min(len(dirs[1]), 2*isoSector)])
	if f.bend != nil {
		f.bend(image)
	}
	return image
}

// wide is a name in Joliet's encoding.
func isoWide(s string) string {
	var b bytes.Buffer
	for _, c := range []byte(s) {
		b.WriteByte(0)
		b.WriteByte(c)
	}
	return b.String()
}

// zisofsOf compresses in blocks of 32 KiB.
func zisofsOf(body string) string {
	const block = 32 << 10
	blocks := (len(body) + block - 1) / block
	head := append([]byte(nil), zisofsMagic...)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))
	head = append(head, 4, 15, 0, 0)
	var data bytes.Buffer
	for i := range blocks {
		head = binary.LittleEndian.AppendUint32(head, uint32(16+4*(blocks+1)+data.Len()))
		w := zlib.NewWriter(&data)
		w.Write([]byte(body[i*block : min(len(body), (i+1)*block)]))
		w.Close()
	}
	head = binary.LittleEndian.AppendUint32(head, uint32(16+4*(blocks+1)+data.Len()))
	return string(head) + data.String()
}
