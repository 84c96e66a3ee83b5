//go:build !unix

package hashset

import (
	"io"
	"os"
)

// mapping is a file's bytes.
type mapping struct{ bytes []byte }

func mapFile(f *os.File, size int64) (mapping, error) {
	b := make([]byte, size) // the file's own size, by the system
	_, err := io.ReadFull(io.NewSectionReader(f, 0, size), b)
	return mapping{b}, err
}

func (m mapping) unmap() error { return nil }
