package bombs

import "slices"

var apfss = []Bomb{
	attached("apfs-extents", "a.img", func() []byte { return apfsExtents(10_000, 600_000) }),
	attached("apfs-maps", "a.img", func() []byte { return apfsMaps(2000, 550_000) }),
}

const apfsBlock = 4096

// apfsSeal puts a header before an object of one block, and the checksum into it.
func apfsSeal(b []byte, id, xid uint64, kind uint32) []byte {
	b = append(join(uint64(0), id, xid, kind, uint32(0)), b...)
	b = append(b, make([]byte, apfsBlock-len(b))...)
	const mod = 1<<32 - 1
	var low, high uint64
	for w := b[8:]; len(w) > 0; w = w[4:] {
		low += uint64(le.Uint32(w))
		high += low
	}
	c1 := mod - (low%mod+high%mod)%mod
	c2 := mod - (low%mod+c1)%mod
	le.PutUint64(b, c2<<32|c1)
	return b
}

// apfsNode is a node of a tree, which is no root by its flags.
func apfsNode(flags uint16, keys, values [][]byte) []byte {
	var toc, allKeys, allValues []byte
	for i, k := range keys {
		toc = append(toc, join(uint16(len(allKeys)), uint16(len(k)), uint16(len(allValues)+len(values[i])), uint16(len(values[i])))...)
		allKeys, allValues = append(allKeys, k...), append(slices.Clone(values[i]), allValues...)
	}
	head := join(flags, uint16(0), uint32(len(keys)), uint16(0), uint16(len(toc)), make([]byte, 12), toc, allKeys)
	gap := apfsBlock - 32 - len(head) - len(allValues)
	return apfsSeal(slices.Concat(head, make([]byte, gap), allValues), 0, 0, 3)
}

// apfsTree is a tree of records, whose nodes begin at a block; the last is the root.
func apfsTree(at int, keys, values [][]byte) (blocks []byte, root int) {
	for flags := uint16(2); ; flags = 0 {
		var aboveKeys, aboveValues [][]byte
		for len(keys) > 0 {
			n, room := 0, apfsBlock-56
			for n < len(keys) && len(keys[n])+len(values[n])+8 <= room {
				room -= len(keys[n]) + len(values[n]) + 8
				n++
			}
			root = at + len(blocks)/apfsBlock
			blocks = append(blocks, apfsNode(flags, keys[:n], values[:n])...)
			aboveKeys, aboveValues = append(aboveKeys, keys[0]), append(aboveValues, join(uint64(root)))
			keys, values = keys[n:], values[n:]
		}
		if len(aboveKeys) == 1 {
			return blocks, root
		}
		keys, values = aboveKeys, aboveValues
	}
}

// apfsSuper is a container's superblock.
func apfsSuper(xid uint64, blocks, checks, omap int) []byte {
	b := make([]byte, 992)
	copy(b, "NXSB")
	for off, v := range map[int]uint64{8: uint64(blocks), 32: 2, 72: uint64(checks), 80: 1, 128: uint64(omap), 148: 100, 152: 1026} {
		le.PutUint64(b[off:], v)
	}
	le.PutUint32(b[4:], apfsBlock)
	return apfsSeal(b, 1, xid, 1)
}

// apfsMap is an object map.
func apfsMap(at, root int) []byte {
	return apfsSeal(join(uint64(0), uint64(0), uint64(root)), uint64(at), 1, 0xb)
}

// apfsExtents is files of all lengths that have one stream, of n extents.
func apfsExtents(files, n int) []byte {
	var keys, values [][]byte
	add := func(key, value []byte) { keys, values = append(keys, key), append(values, value) }
	for i := range n {
		add(join(uint64(8<<60|10), uint64(i*apfsBlock)), join(uint64(apfsBlock), uint64(5), uint64(0)))
	}
	for i := range files {
		id := uint64(100 + i)
		size := uint64((n - i) * apfsBlock)
		add(join(3<<60|id), join(uint64(2), uint64(10), make([]byte, 64), uint16(0x8000), make([]byte, 10), uint16(1), uint16(40), uint8(8), uint8(0), uint16(40), size, make([]byte, 32)))
	}
	const first = 4
	tree, root := apfsTree(first, keys, values)
	leaf, volume := first+len(tree)/apfsBlock, first+len(tree)/apfsBlock+1
	object := apfsNode(2, [][]byte{join(uint64(1026), uint64(1))}, [][]byte{join(uint32(0), uint32(apfsBlock), uint64(volume))})
	b := make([]byte, 992)
	copy(b, "APSB")
	for off, v := range map[int]uint64{84: 0x40000002, 96: 3, 104: uint64(root), 232: 1} {
		le.PutUint64(b[off:], v)
	}
	blank := make([]byte, apfsBlock)
	return slices.Concat(apfsSuper(1, volume+1, 1, 3), blank, blank, apfsMap(3, leaf), tree, object, apfsSeal(b, 1026, 1, 13))
}

// apfsMaps is a container with many checkpoints, each of which leads to an object map of n
// objects that is its own, and has no volume.
func apfsMaps(checks, n int) []byte {
	var keys, values [][]byte
	for i := range n {
		keys = append(keys, join(uint64(n-i)<<20, uint64(1)))
		values = append(values, join(uint32(0), uint32(apfsBlock), uint64(1)))
	}
	first := 1 + checks
	tree, root := apfsTree(first+1, keys, values)
	out := apfsSuper(0, first, checks, first)
	for i := range checks {
		out = append(out, apfsSuper(uint64(i+1), first, checks, first)...)
	}
	return slices.Concat(out, apfsMap(first, root), tree)
}
