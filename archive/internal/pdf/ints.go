package pdf

import (
	"cmp"
	"slices"
)

// intEntry is an object that is an integer.
type intEntry struct {
	num uint32
	at  int64 // where it stands; the same object is met in every pass
	n   int64
}

// intTable holds the objects that are integers: writers that stream put a
// length behind the data, as an object of its own.
type intTable struct {
	list   []intEntry
	sorted int // the first ones, which are in order
}

// add reports whether there was room.
func (t *intTable) add(num, n, at int64) bool {
	if t.sorted > 0 && slices.Contains(t.of(num), n) {
		return true
	}
	if num < 0 || num > 1<<32-1 || len(t.list) >= pdfInts {
		return num < 0 || num > 1<<32-1
	}
	t.list = append(t.list, intEntry{uint32(num), at, n})
	return true
}

// sort makes what was added available to of.
func (t *intTable) sort() {
	slices.SortFunc(t.list, func(a, b intEntry) int {
		return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(b.at, a.at))
	})
	t.sorted = len(t.list)
}

// of returns the values of an object, the last in the file first.
func (t *intTable) of(num int64) (values []int64) {
	if num < 0 || num > 1<<32-1 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(t.list[:t.sorted], uint32(num), func(e intEntry, n uint32) int {
		return cmp.Compare(e.num, n)
	})
	for ; i < t.sorted && t.list[i].num == uint32(num) && len(values) < pdfVariants; i++ {
		values = append(values, t.list[i].n)
	}
	return values
}
