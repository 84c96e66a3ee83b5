// Package spool holds one object's bytes.
package spool

// Buffer is one object's bytes.
type Buffer struct{ mem []byte }

func (b *Buffer) Bytes() ([]byte, error)                  { return b.mem, nil }
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) { return 0, nil }
