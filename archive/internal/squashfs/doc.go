// Package squashfs reads SquashFS 4 images, as files and as volumes of a disk.
package squashfs
