// Package cramfs reads compressed ROM file systems, as files and as volumes of a disk, of
// either byte order.
package cramfs
