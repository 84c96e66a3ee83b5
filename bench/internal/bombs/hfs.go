package bombs

import (
	"bytes"
	"slices"
)

var hfss = []Bomb{
	attached("hfs-runs", "a.img", func() []byte { return hfsRuns(80_000, 12<<20) }),
	attached("hfs-files", "a.img", func() []byte { return hfsRuns(80_000, 1<<10) }),
}

// hfsFork is a fork in one extent.
func hfsFork(size, block, blocks int) []byte {
	return joinBE(uint64(size), uint32(0), uint32(blocks), uint32(block), uint32(blocks), make([]byte, 56))
}

// hfsTree is a B-tree of leaves, for records of one length.
func hfsTree(records []byte, each int) []byte {
	const node = 32 << 10
	head := make([]byte, node)
	head[8], head[32] = 1, node>>8
	tree := head
	for per := (node - 16) / (each + 2) * each; len(records) > 0; records = records[min(per, len(records)):] {
		part := records[:min(per, len(records))]
		leaf := make([]byte, node)
		leaf[8] = 0xff
		n := len(part) / each
		be.PutUint16(leaf[10:], uint16(n))
		copy(leaf[14:], part)
		for i := range n {
			be.PutUint16(leaf[node-2*(i+1):], uint16(14+i*each))
		}
		tree = append(tree, leaf...)
	}
	return tree
}

// hfsRuns is n files that are said to be compressed by an attribute whose extents are
// listed in so many bytes, and all of them empty.
func hfsRuns(n, runs int) []byte {
	const block = 4096
	run := joinBE(uint16(10), byte(0), byte(0), uint32(0), uint32(0), make([]byte, 64))
	extents := hfsTree(fill(run, runs), len(run))
	key := joinBE(uint16(0), uint32(16), uint32(0), uint16(17))
	for _, c := range "com.apple.decmpfs" {
		key = be.AppendUint16(key, uint16(c))
	}
	attribute := joinBE(uint16(len(key)), key, uint32(0x20), uint32(0), uint64(1<<20), make([]byte, 72))
	attributes := hfsTree(attribute, len(attribute))
	file := joinBE(uint16(6), uint32(2), uint16(0), uint16(2), make([]byte, 6), uint32(16), make([]byte, 76+160))
	catalog := hfsTree(bytes.Repeat(file, n), len(file))
	head := make([]byte, 512)
	copy(head, "H+\x00\x04")
	be.PutUint32(head[40:], block)
	at := 1
	for i, tree := range [][]byte{extents, catalog, attributes} {
		copy(head[192+80*i:], hfsFork(len(tree), at, len(tree)/block))
		at += len(tree) / block
	}
	return slices.Concat(padded(append(make([]byte, 1024), head...), block), extents, catalog, attributes)
}
