// Package image reads the disk images of virtual machines, of telephones and of game
// consoles: VDI, VMDK, QCOW, Parallels, Android's sparse images and CISO. Each maps the blocks of a disk to places in the file,
// where they are stored or compressed; what the disk holds is for package disk, and what
// a disc's image holds is one member.
//
// A block that is in another file is an error beside what this file has: images build on
// others, and their parts are spread over several files.
package image
