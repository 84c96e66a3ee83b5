// Package sevenzip reads 7z archives (7zFormat.txt and the decoder of the 7-Zip SDK).
package sevenzip
