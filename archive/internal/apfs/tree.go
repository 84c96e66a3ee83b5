package apfs

import (
	"fmt"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Flags of a node ("B-Trees", btree_node_phys_t).
const (
	nodeRoot   = 0x1
	nodeLeaf   = 0x2
	nodeFixed  = 0x4 // keys and values have one length each
	nodeHashed = 0x8 // identifiers of children count from the root's
)

const (
	tocAt     = 56 // in a node, where its table of contents counts from
	infoBytes = 40 // at the end of a root
	fixedMost = 16 // bytes of a key or value of the trees that fix their lengths
)

// node is a node of a tree. Its table of contents says where keys and values are: keys
// from the table's end on, values backwards from the end of the node.
type node struct {
	flags  uint16
	count  int
	toc    []byte
	keys   []byte
	values []byte
}

func parseNode(b []byte) (n node, ok bool) {
	toc := tocAt + int(device.LE16(b, 40))
	keys := toc + int(device.LE16(b, 42))
	n.flags, n.values = device.LE16(b, 32), b
	if n.flags&nodeRoot != 0 {
		n.values = b[:len(b)-infoBytes]
	}
	if keys > len(n.values) {
		return n, false
	}
	n.toc, n.keys = b[toc:keys], n.values[keys:]
	n.count = int(device.LE32(b, 36))
	fits := len(n.toc) / n.entry()
	ok = n.count <= fits
	n.count = min(n.count, fits)
	return n, ok
}

// entry is the length of an entry of the table of contents.
func (n *node) entry() int {
	if n.flags&nodeFixed != 0 {
		return 4
	}
	return 8
}

// record is the key and the value of an entry; ok is false if they are outside of the
// node. A value may be missing.
func (n *node) record(i int) (key, value []byte, ok bool) {
	e := n.toc[i*n.entry():]
	keyAt, keyBytes := int(device.LE16(e, 0)), fixedMost
	valueAt, valueBytes := int(device.LE16(e, 2)), fixedMost
	if n.flags&nodeFixed == 0 {
		keyBytes = int(device.LE16(e, 2))
		valueAt, valueBytes = int(device.LE16(e, 4)), int(device.LE16(e, 6))
	}
	if keyAt > len(n.keys) {
		return nil, nil, false
	}
	key = n.keys[keyAt:min(keyAt+keyBytes, len(n.keys))]
	if valueAt == 0xffff { // BTOFF_INVALID
		return key, nil, true
	}
	if valueAt > len(n.values) {
		return nil, nil, false
	}
	value = n.values[len(n.values)-valueAt:]
	return key, value[:min(valueBytes, len(value))], true
}

// tree is how a tree is read.
type tree struct {
	// find says where the object of an identifier is; nil if identifiers are blocks.
	find   func(id uint64) (object, bool)
	base   uint64 // what identifiers in hashed nodes count from
	record func(key, value []byte)
	locked bool // a node was encrypted
}

// place finds a node.
func (t *tree) place(id uint64) (object, bool) {
	if t.find != nil {
		return t.find(id)
	}
	return object{block: device.OffsetOf(id)}, true
}

// walk reads all records of a tree whose root is in a block, in their order. Each block
// is read once, whatever leads to it, and each reference to one costs as much.
func (c *container) walk(root object, t *tree) {
	todo := []object{root}
	met := map[int64]bool{root.block: true}
	b := make([]byte, c.block)
	for len(todo) > 0 && c.Over == nil {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if err := c.readBlock(b, at.block); err != nil {
			c.broken(fmt.Errorf("tree: %w", err))
			continue
		}
		if at.flags&objectEncrypted != 0 && !looksLikeNode(b) {
			t.locked = true
			continue
		}
		n, ok := parseNode(b)
		if !ok {
			c.broken(fmt.Errorf("node in block %d: %w", at.block, level.ErrMalformed))
		}
		if n.flags&nodeLeaf != 0 {
			c.leaf(&n, t)
			continue
		}
		from := len(todo)
		todo = c.children(&n, t, todo, met)
		slices.Reverse(todo[from:])
	}
}

// looksLikeNode tells a node from noise.
func looksLikeNode(b []byte) bool {
	kind := device.LE32(b, typeAt) & typeMask
	return kind == typeTree || kind == typeNode
}

// leaf hands out the records of a leaf. Any number of them can be the same bytes.
func (c *container) leaf(n *node, t *tree) {
	for i := range n.count {
		key, value, ok := n.record(i)
		if !ok {
			c.broken(fmt.Errorf("record outside of its node: %w", level.ErrMalformed))
			continue
		}
		if !c.Dev.Spend(int64(len(key) + len(value))) {
			c.Fail(device.ErrWork)
		}
		if c.Over != nil {
			return
		}
		t.record(key, value)
	}
}

// children adds the nodes below one that were not met yet.
func (c *container) children(n *node, t *tree, todo []object, met map[int64]bool) []object {
	for i := range n.count {
		_, value, ok := n.record(i)
		if !ok || len(value) < 8 {
			c.broken(fmt.Errorf("reference outside of its node: %w", level.ErrMalformed))
			continue
		}
		if !c.Dev.Spend(c.block) {
			c.Fail(device.ErrWork)
			return todo
		}
		id := device.LE64(value, 0)
		if n.flags&nodeHashed != 0 {
			id += t.base
		}
		o, ok := t.place(id)
		if !ok || met[o.block] {
			c.broken(fmt.Errorf("node %d is nowhere, or was met before: %w", id, level.ErrMalformed))
			continue
		}
		met[o.block] = true
		todo = append(todo, o)
	}
	return todo
}
