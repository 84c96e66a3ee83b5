//go:build !unix

package spool

import (
	"fmt"
	"os"
)

// create returns a temporary file; discard removes it.
func create(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "fivefifty-*")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

func discard(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name())
}

// mapFile reads the file into memory where it cannot be mapped.
func mapFile(f *os.File, size int64) ([]byte, error) {
	b := make([]byte, size) // size is what was written, not a claim from input
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return b, nil
}

func unmap([]byte) {}
