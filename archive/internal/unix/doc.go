// Package unix reads the archives of Unix: tar in all its dialects (pax, ustar, GNU,
// star, Sun), cpio, ar with Debian's packages, rpm.
package unix
