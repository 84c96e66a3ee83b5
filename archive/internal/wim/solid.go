package wim

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/fivefifty/fivefifty/archive/internal/device"
	"github.com/fivefifty/fivefifty/archive/internal/input"
	"github.com/fivefifty/fivefifty/archive/internal/level"
)

// solidMark is what a solid resource's own entry in the lookup table has for a size.
const solidMark = 1 << 32

// solidHeader is the length of what a solid resource begins with, in bytes: its
// size, the length of its chunks and how they are compressed.
const solidHeader = 16

// group is a run of entries of the lookup table that are solid: resources, and what
// lies in all of them put together.
type group struct {
	solids []*solid
	blobs  []blob
}

// blob is the content of a file within a group.
type blob struct {
	off, size int64
	metadata  bool
	hash      [20]byte
}

func (g *group) add(w *file, res resource, hash [20]byte) {
	if res.original == solidMark {
		g.solids = append(g.solids, newSolid(w, res))
		return
	}
	g.blobs = append(g.blobs, blob{res.off, res.size, res.flags&wimMetadata != 0, hash})
}

// addGroup adds the files of a group, in the order in which they lie, and empties it.
func (w *file) addGroup(g *group) {
	slices.SortStableFunc(g.blobs, func(a, b blob) int { return cmp.Compare(a.off, b.off) })
	ends := make([]int64, len(g.solids)) // of each resource, where all are put together
	end := int64(0)
	for i, s := range g.solids {
		end = min(end+s.size, 1<<62)
		ends[i] = end
	}
	for _, b := range g.blobs {
		// The first resource that does not end before the file does.
		i, _ := slices.BinarySearch(ends, min(b.off+b.size, 1<<62))
		if i == len(ends) || b.off < ends[i]-g.solids[i].size {
			w.addLost(b)
			continue
		}
		w.addBlob(g.solids[i], b.off-(ends[i]-g.solids[i].size), b)
	}
	*g = group{}
}

// addLost adds a file that lies in no resource.
func (w *file) addLost(b blob) {
	if w.byHash[b.hash] == nil {
		f := w.Add(device.Key{Off: b.off, Size: b.size, Hash: 1 << 63}, nil, nil, nil)
		f.Member.Err = fmt.Errorf("a place in no solid resource: %w", level.ErrMalformed)
		w.byHash[b.hash] = f
	}
}

func (w *file) addBlob(s *solid, off int64, b blob) {
	open := func() io.Reader { return &solidReader{s, off, b.size} }
	if b.metadata {
		w.images = append(w.images, func() (io.Reader, error) { return open(), s.err })
		return
	}
	if w.byHash[b.hash] != nil {
		return
	}
	f := w.Add(device.Key{Off: s.res.off, Size: b.size, Hash: uint64(off) | 1<<63}, nil, nil, open)
	f.Member.Method, f.Member.Err = s.method, s.err
	w.byHash[b.hash] = f
}

// solid is a resource that holds many files one behind the other, in chunks. The chunk
// that was decoded last is kept, so that files that are read in their order cost each
// chunk once.
type solid struct {
	w      *file
	res    resource
	size   int64 // bytes, decompressed
	method string
	err    error // why it is not decoded

	kind   int
	chunks *chunks
	at     int64  // the place of chunks.index
	index  int64  // of the chunk in body, -1 for none
	body   []byte // decoded
	fail   error  // behind body
}

func newSolid(w *file, res resource) *solid {
	s := &solid{w: w, res: res, index: -1}
	var h [solidHeader]byte
	if !w.Dev.Full(h[:], res.off) {
		s.err = fmt.Errorf("solid resource: %w", level.Truncated(io.EOF))
		return s
	}
	s.size = device.OffsetOf(device.LE64(h[:], 0))
	chunk := int64(device.LE32(h[:], 8))
	s.kind = int(min(device.LE32(h[:], 12), kindLZMS+1))
	if s.kind <= kindLZMS {
		s.method = kindNames[s.kind]
	}
	kind := s.kind
	if kind == kindStored { // its chunks are kept in memory all the same
		kind = kindLZMS
	}
	s.err = w.unreadChunks(kind, chunk)
	if s.err == nil {
		s.chunks = newChunks(w.Dev, resource{off: res.off + solidHeader, size: res.size - solidHeader, original: s.size}, chunk, nil)
		s.chunks.data = s.chunks.table + 4*s.chunks.count
	}
	return s
}

// from returns what there is at an offset, up to the end of its chunk.
func (s *solid) from(at int64) ([]byte, error) {
	if s.w.open != s {
		if before := s.w.open; before != nil { // its memory goes to this one
			s.chunks.in, s.chunks.out = before.chunks.in, before.chunks.out
			before.chunks.in, before.chunks.out, before.body, before.index = nil, nil, nil, -1
			before.chunks.decoder = nil // its window may be larger than all else
		}
		s.w.open = s
	}
	if i := at / s.chunks.chunk; i != s.index {
		if err := s.decode(i); err != nil {
			return nil, err
		}
	}
	if off := at - s.index*s.chunks.chunk; off < int64(len(s.body)) {
		return s.body[off:], nil
	}
	return nil, device.FirstError(s.fail, fmt.Errorf("end of a solid resource: %w", level.ErrMalformed))
}

// decode decodes a chunk. Its place is the sum of the lengths of those before it.
func (s *solid) decode(i int64) error {
	c := s.chunks
	if s.w.credit < 0 {
		return input.ErrDrained()
	}
	if i < c.index || s.at == 0 {
		c.index, s.at = 0, c.data
	}
	var e [4]byte
	for ; ; c.index++ {
		if c.index >= c.count || !s.w.Dev.Full(e[:], c.table+4*c.index) {
			return fmt.Errorf("place of a chunk: %w", level.ErrMalformed)
		}
		if !s.w.Dev.Spend(4) {
			return device.ErrWork
		}
		n := int64(device.LE32(e[:], 0))
		if c.index < i {
			s.at += n
			continue
		}
		s.decodeAt(i, s.at, n)
		c.index++
		s.at += n
		return nil
	}
}

// decodeAt decodes the n bytes at an offset of the file, which are chunk i.
func (s *solid) decodeAt(i, at, n int64) {
	c := s.chunks
	s.index, s.body, s.fail = i, nil, nil
	want := min(c.chunk, s.size-i*c.chunk)
	if n > want || at+n > c.end {
		s.fail = fmt.Errorf("place of a chunk: %w", level.ErrMalformed)
		return
	}
	switch {
	case s.kind == kindXpress && c.decoder == nil:
		c.decoder = &xpressDecoder{}
	case s.kind == kindLZX && c.decoder == nil:
		var d lzxChunks
		if d, s.fail = newLZX(c.chunk); s.fail != nil {
			return
		}
		c.decoder = d
	case s.kind == kindLZMS:
		if s.w.lzmsSolid == nil {
			s.w.lzmsSolid = new(lzmsChunks)
		}
		c.lzms = s.w.lzmsSolid
	}
	if int64(cap(c.in)) < n {
		c.in = make([]byte, n)
	}
	in := s.w.Dev.Read(c.in[:n], at)
	switch {
	case int64(len(in)) < n:
		s.fail = fmt.Errorf("chunk: %w", level.Truncated(io.EOF))
		s.body = in[:0]
	case n == want: // stored
		s.body = in
	case s.kind == kindStored:
		s.fail = fmt.Errorf("a stored chunk of %d bytes: %w", n, level.ErrMalformed)
	default:
		s.fail = c.decode(want, in)
		s.body = c.body
	}
	s.w.credit -= max(n, int64(len(s.body)))
}

// solidReader reads one file of a solid resource.
type solidReader struct {
	solid *solid
	at    int64
	left  int64
}

func (r *solidReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	b, err := r.solid.from(r.at)
	if err != nil {
		return 0, err
	}
	n := copy(p[:min(int64(len(p)), r.left)], b)
	r.at += int64(n)
	r.left -= int64(n)
	r.solid.w.credit += int64(n)
	return n, nil
}
