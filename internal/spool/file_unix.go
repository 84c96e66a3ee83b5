//go:build unix

package spool

import (
	"fmt"
	"os"
	"syscall"
)

// create returns a file that has no name any more.
func create(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "fivefifty-*")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

func discard(f *os.File) { f.Close() }

func mapFile(f *os.File, size int64) ([]byte, error) {
	if size == 0 {
		return []byte{}, nil
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("spool: map: %w", err)
	}
	return b, nil
}

func unmap(b []byte) {
	if len(b) > 0 {
		_ = syscall.Munmap(b)
	}
}
