package apfs

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// Flags of an object in a map ("Object Maps", omap_val_t).
const (
	objectDeleted   = 0x1
	objectEncrypted = 0x4
)

// object is where an object was put by a transaction.
type object struct {
	id, xid uint64
	block   int64
	flags   uint32
}

// objects is an object map, by identifier and transaction.
type objects []object

// maxObjects bounds a map: as many nodes are 4 GiB at least.
const maxObjects = 1 << 20

// readObjects reads an object map: what there is of it, and an error if it is none.
func (c *container) readObjects(at int64) (objects, error) {
	b := make([]byte, c.block)
	if err := c.readBlock(b, at); err != nil {
		return nil, fmt.Errorf("object map: %w", err)
	}
	if device.LE32(b, typeAt)&typeMask != typeMap {
		return nil, fmt.Errorf("object map: %w", level.ErrMalformed)
	}
	var all objects
	t := tree{record: func(key, value []byte) {
		if len(key) < 16 || len(value) < 16 {
			return
		}
		if len(all) == maxObjects {
			c.Fail(fmt.Errorf("object map: %w", level.ErrLimit))
			return
		}
		all = append(all, object{device.LE64(key, 0), device.LE64(key, 8), device.OffsetOf(device.LE64(value, 8)), device.LE32(value, 0)})
	}}
	c.walk(object{block: device.OffsetOf(device.LE64(b, 48))}, &t)
	slices.SortFunc(all, compare)
	return all, nil
}

// compare puts what was deleted before what was not.
func compare(a, b object) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(b.flags&objectDeleted, a.flags&objectDeleted), cmp.Compare(a.xid, b.xid))
}

// find is an object as it was at a transaction; or one that was deleted, or the oldest of
// those that are younger.
//
// QUIRK: 7-Zip asks for neither.
func (all objects) find(id, xid uint64) (object, bool) {
	i := sort.Search(len(all), func(i int) bool { return compare(all[i], object{id: id, xid: xid}) > 0 })
	switch {
	case i > 0 && all[i-1].id == id:
		return all[i-1], true
	case i < len(all) && all[i].id == id:
		return all[i], true
	}
	return object{}, false
}
