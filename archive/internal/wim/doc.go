// Package wim reads Windows images (Microsoft's Windows Imaging File Format) with
// XPRESS and LZX.
package wim
