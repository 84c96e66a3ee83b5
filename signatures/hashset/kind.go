package hashset

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
)

// kind is what a digest is of, and by which hash function. The order is that of
// the tables in a file.
type kind uint8

const (
	fileSHA256 kind = iota
	fileSHA1
	fileMD5
	sectionSHA256 // of a section of a PE file
	sectionSHA1
	sectionMD5
	kinds

	fileKinds = sectionSHA256 // kinds of files come first
)

var (
	hashes    = [kinds]crypto.Hash{crypto.SHA256, crypto.SHA1, crypto.MD5, crypto.SHA256, crypto.SHA1, crypto.MD5}
	widths    = [kinds]int{sha256.Size, sha1.Size, md5.Size, sha256.Size, sha1.Size, md5.Size}
	ofNothing = func() (d [fileKinds][]byte) {
		s256, s1, m5 := sha256.Sum256(nil), sha1.Sum(nil), md5.Sum(nil)
		return [fileKinds][]byte{s256[:], s1[:], m5[:]}
	}()
)

// kindOf returns the kind of a file's digest of n bytes.
func kindOf(n int) (kind, bool) {
	for k := range fileKinds {
		if widths[k] == n {
			return k, true
		}
	}
	return 0, false
}

// ofSection turns a file's kind into that of a section.
func (k kind) ofSection() kind { return k + fileKinds }

const (
	anySize = 0         // the size of an entry that gives none
	maxSize = 1<<32 - 1 // the largest size that an entry can give
)

const maxWidth = sha256.Size // bytes of the longest digest
