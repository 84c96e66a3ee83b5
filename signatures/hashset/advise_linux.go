package hashset

import (
	"os"
	"syscall"
)

// adviseRandom tells that of each table's rows single ones are read: else the
// system reads 128 KiB around each, and keeps them.
func (s *Set) adviseRandom() {
	page := os.Getpagesize()
	for k := range s.layout.Tables {
		t := &s.layout.Tables[k]
		from := (int(t.RowsAt) + page - 1) / page * page
		if to := int(t.RowsAt) + len(s.tables[k].rows); from < to {
			_ = syscall.Madvise(s.file.bytes[from:to], syscall.MADV_RANDOM)
		}
	}
}

// adviseSequential tells that the whole file is read.
func (s *Set) adviseSequential() { _ = syscall.Madvise(s.file.bytes, syscall.MADV_SEQUENTIAL) }
