// Package lzms decodes LZMS, the compression of Windows images that are solid. It has no
// specification; wimlib's sources describe it.
//
// A block is read from both ends: forward the bits of a range coder, which say what
// comes, and backward Huffman codes and plain bits, which say the rest. Codes are
// built anew from what was met every so many symbols.
//
// Memory grows with what a block decodes to, not with what it declares. A Decoder is
// for one goroutine.
package lzms
