// Package arc reads the archives of ARC, with those of its successors PKPAK and Spark,
// and of ZOO. The sources are the notes of the nomarch, ARC and ZOO projects and what
// The Unarchiver reads.
package arc
