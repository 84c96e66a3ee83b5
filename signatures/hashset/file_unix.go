//go:build unix

package hashset

import (
	"fmt"
	"os"
	"syscall"
)

// mapping is a file's bytes.
type mapping struct{ bytes []byte }

func mapFile(f *os.File, size int64) (mapping, error) {
	if int64(int(size)) != size {
		return mapping{}, fmt.Errorf("%d bytes are too many for this machine", size)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return mapping{}, fmt.Errorf("map: %w", err)
	}
	return mapping{b}, nil
}

func (m mapping) unmap() error { return syscall.Munmap(m.bytes) }
