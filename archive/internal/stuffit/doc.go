// Package stuffit reads StuffIt archives, those of the first versions and of version 5,
// with both forks of each file. They have no specification; the source is what The
// Unarchiver reads.
//
// The method of version 3 (13, LZ with Huffman codes) and those of others' archives (6, 8,
// 14) are not decoded.
package stuffit
