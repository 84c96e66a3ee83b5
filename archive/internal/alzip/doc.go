// Package alzip reads the two formats of ESTsoft's ALZip: ALZ, which has no
// specification but the programs that read it (kippler's unalz, The Unarchiver), and
// EGG, by ESTsoft's description and ClamAV's reader of it.
package alzip
