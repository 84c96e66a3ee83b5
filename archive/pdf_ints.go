package archive

import (
	"cmp"
	"slices"
)

// pdfIntEntry is an object that is an integer.
type pdfIntEntry struct {
	num uint32
	at  int64 // where it stands; the same object is met in every pass
	n   int64
}

// pdfIntTable holds the objects that are integers: writers that stream put a
// length behind the data, as an object of its own.
type pdfIntTable struct {
	list   []pdfIntEntry
	sorted int // the first ones, which are in order
}

// add reports whether there was room.
func (t *pdfIntTable) add(num, n, at int64) bool {
	if t.sorted > 0 && slices.Contains(t.of(num), n) {
		return true
	}
	if num < 0 || num > 1<<32-1 || len(t.list) >= pdfInts {
		return num < 0 || num > 1<<32-1
	}
	t.list = append(t.list, pdfIntEntry{uint32(num), at, n})
	return true
}

// sort makes what was added available to of.
func (t *pdfIntTable) sort() {
	slices.SortFunc(t.list, func(a, b pdfIntEntry) int {
		return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(b.at, a.at))
	})
	t.sorted = len(t.list)
}

// of returns the values of an object, the last in the file first.
func (t *pdfIntTable) of(num int64) (values []int64) {
	if num < 0 || num > 1<<32-1 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(t.list[:t.sorted], uint32(num), func(e pdfIntEntry, n uint32) int {
		return cmp.Compare(e.num, n)
	})
	for ; i < t.sorted && t.list[i].num == uint32(num) && len(values) < pdfVariants; i++ {
		values = append(values, t.list[i].n)
	}
	return values
}
