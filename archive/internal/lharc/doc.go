// Package lharc reads the archives of LHA (header levels 0 to 3) and of ARJ, whose
// packers are relatives.
package lharc
