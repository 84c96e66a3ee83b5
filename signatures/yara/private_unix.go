//go:build unix

package yara

import (
	"io/fs"
	"os"
	"syscall"
)

// private says whether a file or folder is this process's user's and nobody else
// has any rights to it.
func private(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
