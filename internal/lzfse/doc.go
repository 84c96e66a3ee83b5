// Package lzfse decodes LZFSE and LZVN, the compression of Apple's disk images and
// files, as its published source code describes them: blocks that are stored, coded
// by finite state entropy, or in LZVN's byte codes.
//
// A Reader takes a constant amount of memory. What a block declares of its length
// neither allocates nor ends it. It is for one goroutine.
package lzfse
