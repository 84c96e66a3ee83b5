// Package spool holds objects' bytes: in pooled memory while the message's
// allowance lasts, then in a temporary file without a name that is mapped for
// reading. The SHA-256 is taken in the same copy.
//
// # Limits
//
// Of files, what is mapped is the system's to keep or to drop, and on Linux no more of it
// is resident than what was read since the last large Buffer was finished.
//
// A Store's Buffers together hold no more memory than its allowance, and one
// Buffer no more than half of it. The rest is on disk; how much may come is for
// the caller to bound.
//
// # Security
//
// Files have mode 0600 and, where the system allows, no name from the moment
// they exist. They only grow, no more is mapped than was written, and nobody else
// can cut them, so that reading a map cannot fault.
package spool

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"slices"
	"sync"
)

// Store hands out the Buffers of one message. It is not safe for concurrent use.
type Store struct {
	dir     string
	limit   int64 // bytes of memory for all Buffers
	used    int64
	spooled int64
	large   []*Buffer // that are mapped and not small
}

// largeBytes is the size from which on a map is worth a system call.
const largeBytes = 1 << 20

// keep notes that a Buffer is mapped. When one comes, the others are those that it came
// out of or that wait, of which there may be many: containers that hold containers.
// What of them is in memory would count all together.
func (s *Store) keep(b *Buffer) {
	if len(b.mapped) < largeBytes {
		return
	}
	for _, other := range s.large {
		forget(other.mapped)
	}
	s.large = append(s.large, b)
}

// drop is the end of keep.
func (s *Store) drop(b *Buffer) {
	if i := slices.Index(s.large, b); i >= 0 {
		s.large = slices.Delete(s.large, i, i+1)
	}
}

// NewStore returns a Store that keeps up to memory bytes in memory and the rest
// in files in dir.
func NewStore(dir string, memory int64) *Store { return &Store{dir: dir, limit: memory} }

// Spooled returns the bytes that were written to disk so far.
func (s *Store) Spooled() int64 { return s.spooled }

// Buffer is one object's bytes: first written, then finished, then read.
type Buffer struct {
	store  *Store
	mem    []byte // the bytes while they are in memory
	block  *block // that mem is the beginning of; nil if mem is empty
	file   *file  // the bytes once they are not in memory
	view   bool   // block or file belongs to another Buffer, which may append to it
	mapped []byte // file, mapped
	size   int64
	hash   hash.Hash
	sum    [sha256.Size]byte
	done   bool
}

var hashes = sync.Pool{New: func() any { return sha256.New() }}

// New returns an empty Buffer. The caller must Release it.
func (s *Store) New() *Buffer {
	h := hashes.Get().(hash.Hash)
	h.Reset()
	return &Buffer{store: s, hash: h}
}

// Write appends p.
func (b *Buffer) Write(p []byte) (int, error) {
	if b.done {
		return 0, os.ErrClosed
	}
	if b.file == nil && !b.reserve(len(p)) || b.file != nil && b.view {
		if err := b.spill(); err != nil {
			return 0, err
		}
	}
	if b.file != nil {
		n, err := b.file.f.Write(p)
		b.hash.Write(p[:n])
		b.size += int64(n)
		b.store.spooled += int64(n)
		return n, err
	}
	b.mem = append(b.mem, p...)
	b.hash.Write(p)
	b.size += int64(len(p))
	return len(p), nil
}

// reserve makes room for n more bytes in memory, and says whether it could.
func (b *Buffer) reserve(n int) bool {
	need := len(b.mem) + n
	if b.block != nil && !b.view && need <= cap(b.mem) {
		return true
	}
	if int64(need) > b.store.limit/2 {
		return false
	}
	c := classFor(need)
	if c < 0 {
		return false
	}
	more := classSize(c)
	if b.block != nil && b.block.refs == 1 {
		more -= int64(cap(b.block.b)) // it is given back
	}
	if b.store.used+more > b.store.limit {
		return false
	}
	grown := append(take(c), b.mem...)
	b.free()
	b.store.used += int64(cap(grown))
	b.mem, b.block, b.view = grown, &block{grown, 1}, false
	return true
}

// spill moves the bytes from memory, or from a file that another Buffer writes,
// to a file of the Buffer's own.
func (b *Buffer) spill() error {
	f, err := create(b.store.dir)
	if err != nil {
		return err
	}
	var n int64
	if b.file != nil {
		n, err = io.Copy(f, io.NewSectionReader(b.file.f, 0, b.size))
	} else {
		var m int
		m, err = f.Write(b.mem)
		n = int64(m)
	}
	b.store.spooled += n
	b.free()
	b.file, b.view = &file{f, 1}, false
	return err
}

// free lets go of memory and file.
func (b *Buffer) free() {
	if b.block != nil {
		if b.block.refs--; b.block.refs == 0 {
			b.store.used -= int64(cap(b.block.b))
			put(b.block.b)
		}
		b.mem, b.block = nil, nil
	}
	if b.file != nil {
		if b.file.refs--; b.file.refs == 0 {
			discard(b.file.f)
		}
		b.file = nil
	}
}

// Finish ends writing. It is idempotent.
func (b *Buffer) Finish() error {
	if b.done {
		return nil
	}
	b.done = true
	b.hash.Sum(b.sum[:0])
	hashes.Put(b.hash)
	b.hash = nil
	if b.file == nil {
		return nil
	}
	var err error
	b.mapped, err = mapFile(b.file.f, b.size)
	b.store.keep(b)
	return err
}

// Size returns the number of bytes written.
func (b *Buffer) Size() int64 { return b.size }

// SHA256 returns the digest of the bytes, valid after Finish.
func (b *Buffer) SHA256() [sha256.Size]byte { return b.sum }

// Bytes returns the bytes as one slice that is valid until Release.
func (b *Buffer) Bytes() ([]byte, error) {
	switch {
	case !b.done:
		return nil, errors.New("spool: not finished")
	case b.file == nil:
		return b.mem, nil
	case int64(len(b.mapped)) != b.size:
		return nil, errors.New("spool: not mapped")
	}
	return b.mapped, nil
}

// ReadAt implements io.ReaderAt, valid after Finish.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	data, err := b.Bytes()
	if err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, os.ErrInvalid
	}
	if off >= int64(len(data)) {
		return 0, io.EOF
	}
	n := copy(p, data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Release gives memory and file back. It is idempotent; the Buffer is then
// empty.
func (b *Buffer) Release() {
	b.done = true
	b.size = 0
	if b.hash != nil {
		hashes.Put(b.hash)
		b.hash = nil
	}
	if b.mapped != nil {
		b.store.drop(b)
		unmap(b.mapped)
		b.mapped = nil
	}
	b.free()
}
