// Package wim reads Windows images (Microsoft's Windows Imaging File Format) with
// XPRESS, LZX and LZMS, solid or not.
package wim
