// Package disk reads disks and their volumes: ISO 9660 with Joliet, Rock Ridge and El
// Torito (ECMA-119), UDF (ECMA-167, OSTA UDF 2.60), FAT and exFAT, NTFS, HFS+; bare,
// in partitions, and in virtual hard disks (VHD, VHDX). Other images and other volumes
// have rooms of their own, which meet here.
//
// The trees of all volume descriptors and of all sessions are read; a file that
// several trees name is one member.
package disk
