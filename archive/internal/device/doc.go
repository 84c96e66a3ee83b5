// Package device is the ground that file systems and images stand on: a Device that is
// read at any offset and never fails for a bad one, Extents that map a file onto it,
// partition tables, and the Catalog that collects the files of a volume, equal bytes
// once.
package device
