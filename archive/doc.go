// Package archive opens one level of one container (zip, gzip, bzip2, tar) and
// yields its members, whatever any unpacker would extract.
//
// Open never nests: a member that is itself a container is a stream of bytes
// here, and the caller opens it in turn. So depth is counted in one place, and
// input cannot drive recursion.
//
// A container is not one format because its first bytes say so: Detect returns
// every format whose signature occurs, and each can be opened.
package archive
