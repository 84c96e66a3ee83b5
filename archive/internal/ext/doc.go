// Package ext reads the volumes of Linux' second, third and fourth extended file system,
// as files and as volumes of a disk.
//
// Directories are read from the root; what they do not reach, though it is in use by the
// bitmap of its group, is read too. Checksums are not asked: what one tool repairs,
// another opens as it is. The journal is not replayed, which is said where Linux would.
package ext
