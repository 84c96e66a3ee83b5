// Package lz decodes the LZ77 methods of PKZIP (APPNOTE.TXT 6.3.10, section 5):
// shrink, reduce, implode, deflate64; and deflate as tolerantly as any reader does
// (RFC 1951), which PDF needs too.
package lz
