// Package overlay finds what a file of another kind carries: what stands behind the
// end that a program, a picture, a document or an archive has by its own structure,
// and files among a program's resources.
package overlay
