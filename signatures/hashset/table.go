package hashset

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sort"
)

// table looks digests of one kind up, in the bytes that the layout tells of.
type table struct {
	tableLayout
	kind   kind
	blocks []byte
	sizes  []byte // bitmap; nil if an entry gives no size
	rows   []byte
}

// mayHave says whether there may be an entry for what has this size.
func (t *table) mayHave(size int64) bool {
	if t.Rows == 0 || len(t.sizes) == 0 {
		return t.Rows > 0
	}
	bit := sizeBit(size, t.SizesLog)
	return t.sizes[bit/8]>>(bit%8)&1 != 0
}

// maxSame bounds the rows of one digest that are looked at.
const maxSame = 1024

// find calls f with the label of each entry for the digest and size.
func (t *table) find(digest []byte, size int64, f func(label uint32)) error {
	q, fraction := bucketOf(binary.BigEndian.Uint64(digest), t.Blocks)
	block := t.blocks[int(q)*blockSize:][:blockSize]
	if !filterHas(block[4:], digest) {
		return nil
	}
	from, to := binary.LittleEndian.Uint32(block), t.Rows
	if q+1 < t.Blocks {
		to = binary.LittleEndian.Uint32(t.blocks[int(q+1)*blockSize:])
	}
	if from > to || to > t.Rows {
		return damaged("bucket %d has rows %d to %d of %d", q, from, to, t.Rows)
	}
	var buf [maxWidth]byte
	key := shorten(buf[:], digest, q, t.Blocks)
	width := t.rowBytes(t.kind)
	rows := t.rows[int(from)*width : int(to)*width]
	n := len(rows) / width
	i := search(n, fraction, func(i int) bool { return bytes.Compare(rows[i*width:][:len(key)], key) >= 0 })
	for last := min(n, i+maxSame); i < last; i++ {
		row := rows[i*width:][:width]
		if !bytes.Equal(row[:len(key)], key) {
			break
		}
		if s, label := t.value(row[len(key):]); s == anySize || s == size {
			f(label)
		}
	}
	return nil
}

// search returns the first of n rows for which at or above is true, as sort.Search
// does. Digests are spread evenly, so the row stands near where the fraction of
// its bucket says: a walk from there meets two or three lines of the cache.
func search(n int, fraction uint64, atOrAbove func(i int) bool) int {
	if n > 8*perBlock { // one digest very often, or no file of ours
		return sort.Search(n, atOrAbove)
	}
	guess, _ := bits.Mul64(fraction, uint64(n))
	i := int(guess)
	for i < n && !atOrAbove(i) {
		i++
	}
	for i > 0 && atOrAbove(i-1) {
		i--
	}
	return i
}

// value takes a row's value apart.
func (t *table) value(b []byte) (size int64, label uint32) {
	var whole [8]byte
	copy(whole[:], b)
	v := binary.LittleEndian.Uint64(whole[:])
	return int64(v >> t.LabelBits), uint32(v & (1<<t.LabelBits - 1))
}

// filterHas says whether the filter may have the digest.
func filterHas(filter, digest []byte) bool {
	h := binary.LittleEndian.Uint64(digest[8:])
	for range probes {
		bit := filterBit(h)
		if filter[bit/8]>>(bit%8)&1 == 0 {
			return false
		}
		h >>= 12
	}
	return true
}

func filterAdd(filter, digest []byte) {
	h := binary.LittleEndian.Uint64(digest[8:])
	for range probes {
		bit := filterBit(h)
		filter[bit/8] |= 1 << (bit % 8)
		h >>= 12
	}
}

// filterBit turns the lowest 12 bits of h into the number of a bit.
func filterBit(h uint64) uint32 { return uint32(h&0xfff) * filterBits >> 12 }
