// Package stuffit reads StuffIt archives, those of the first versions and of version 5,
// with both forks of each file. They have no specification; the source is what The
// Unarchiver reads.
//
// The methods that came with version 3 (13, LZ with Huffman codes) and 5 (15, "Arsenic")
// are not decoded.
package stuffit
