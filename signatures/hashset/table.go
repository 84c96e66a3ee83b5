package hashset

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sort"
)

// kind is a hash function.
type kind uint8

const (
	kindSHA256 kind = iota
	kindSHA1
	kindMD5
	kinds
)

var (
	hashes    = [kinds]crypto.Hash{crypto.SHA256, crypto.SHA1, crypto.MD5}
	widths    = [kinds]int{sha256.Size, sha1.Size, md5.Size}
	ofNothing = func() (d [kinds][]byte) {
		s256, s1, m5 := sha256.Sum256(nil), sha1.Sum(nil), md5.Sum(nil)
		return [kinds][]byte{s256[:], s1[:], m5[:]}
	}()
)

// kindOf returns the hash function whose digests have n bytes.
func kindOf(n int) (kind, bool) {
	for k, w := range widths {
		if w == n {
			return kind(k), true
		}
	}
	return 0, false
}

// anySize is the size of an entry that gives none.
const anySize = -1

// table holds the entries of one hash function: digest, size (8 bytes), label (4
// bytes) one after the other in one slice, sorted by all of that.
type table struct {
	entries []byte
	index   []uint32           // entries before those whose first two bytes are i
	sizes   map[int64]struct{} // that entries give; nil if one gives none
	unsized bool
}

const extraBytes = 8 + 4 // of size and label

func (t *table) add(digest []byte, size int64, label uint32) {
	t.entries = append(t.entries, digest...)
	t.entries = binary.BigEndian.AppendUint64(t.entries, uint64(size))
	t.entries = binary.BigEndian.AppendUint32(t.entries, label)
	if size == anySize {
		t.unsized = true
		return
	}
	if t.sizes == nil {
		t.sizes = map[int64]struct{}{}
	}
	t.sizes[size] = struct{}{}
}

// rows sorts entries of width w in place.
type rows struct {
	b   []byte
	w   int
	tmp []byte
}

func (r *rows) row(i int) []byte   { return r.b[i*r.w : (i+1)*r.w] }
func (r *rows) Len() int           { return len(r.b) / r.w }
func (r *rows) Less(i, j int) bool { return bytes.Compare(r.row(i), r.row(j)) < 0 }
func (r *rows) Swap(i, j int) {
	copy(r.tmp, r.row(i))
	copy(r.row(i), r.row(j))
	copy(r.row(j), r.tmp)
}

// sort puts the entries in order, each once, and makes the index.
func (t *table) sort(k kind) {
	w := widths[k] + extraBytes
	sort.Sort(&rows{t.entries, w, make([]byte, w)})
	n := 0
	for i := 0; i < len(t.entries); i += w {
		e := t.entries[i : i+w]
		if n == 0 || !bytes.Equal(e, t.entries[n-w:n]) {
			n += copy(t.entries[n:], e)
		}
	}
	t.entries = slices.Clip(t.entries[:n])
	if t.unsized {
		t.sizes = nil
	}
	if n == 0 {
		return
	}
	t.index = make([]uint32, 1<<16+1)
	for i := 0; i < n; i += w {
		t.index[1+int(binary.BigEndian.Uint16(t.entries[i:]))]++
	}
	for i := 1; i < len(t.index); i++ {
		t.index[i] += t.index[i-1]
	}
}

func (t *table) len(k kind) int { return len(t.entries) / (widths[k] + extraBytes) }

// mayHave says whether there is an entry for objects of this size.
func (t *table) mayHave(size int64) bool {
	if len(t.entries) == 0 || t.unsized {
		return t.unsized
	}
	_, ok := t.sizes[size]
	return ok
}

// find calls f with the label of each entry for the digest and size.
func (t *table) find(digest []byte, size int64, f func(label uint32)) {
	w := len(digest) + extraBytes
	first := binary.BigEndian.Uint16(digest)
	from, to := int(t.index[first]), int(t.index[int(first)+1])
	i := from + sort.Search(to-from, func(i int) bool {
		return bytes.Compare(t.entries[(from+i)*w:][:len(digest)], digest) >= 0
	})
	for ; i < to && bytes.Equal(t.entries[i*w:][:len(digest)], digest); i++ {
		e := t.entries[i*w+len(digest):]
		if s := int64(binary.BigEndian.Uint64(e)); s == size || s == anySize {
			f(binary.BigEndian.Uint32(e[8:]))
		}
	}
}
