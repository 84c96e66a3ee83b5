// Package stuffit reads StuffIt archives, those of the first versions and of version 5,
// with both forks of each file. They have no specification; the source is what The
// Unarchiver reads.
//
// Methods 6, 8 and 14, which few archives have, are not decoded.
package stuffit
