package spool

import "syscall"

// forget lets go of the memory behind a map, whose bytes stay: what is read again comes
// out of the system's cache of the file.
func forget(b []byte) { _ = syscall.Madvise(b, syscall.MADV_DONTNEED) }
