package spool

import (
	"crypto/sha256"
	"encoding"
	"hash"
	"os"
)

// block is pooled memory that Buffers share.
type block struct {
	b    []byte
	refs int
}

// file is a file that Buffers share.
type file struct {
	f    *os.File
	refs int
}

// Clone returns a Buffer that holds what was written to b so far, for more to be
// written to it. The bytes are shared until then: a clone that stays as it is
// costs neither memory nor time. b must not be released; the caller must Release
// the clone.
func (b *Buffer) Clone() (*Buffer, error) {
	h := hashes.Get().(hash.Hash)
	if err := copyHash(h, b); err != nil {
		hashes.Put(h)
		return nil, err
	}
	c := &Buffer{store: b.store, mem: b.mem, block: b.block, file: b.file, size: b.size, hash: h, view: true}
	c.mem = c.mem[:len(c.mem):len(c.mem)]
	if b.block != nil {
		b.block.refs++
	}
	if b.file != nil {
		b.file.refs++
	}
	return c, nil
}

// copyHash gives h the state of b's hash.
func copyHash(h hash.Hash, b *Buffer) error {
	if b.hash == nil {
		return os.ErrClosed
	}
	state, err := b.hash.(encoding.BinaryAppender).AppendBinary(make([]byte, 0, 2*sha256.BlockSize))
	if err != nil {
		return err
	}
	return h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}
