//go:build !unix

package yara

import "io/fs"

// private cannot be told here.
func private(fs.FileInfo) bool { return false }
