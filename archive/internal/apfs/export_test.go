package apfs

// Seed is a container for the tests of what containers lie in, and what it has.
func Seed() ([]byte, map[string]string) { return seed().finish(), seedFiles() }
