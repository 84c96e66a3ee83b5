// Package input has the ways in which the formats' rooms read what they must not
// trust: fields of a header one after the other, a stream that is taken byte by byte,
// a search through a file; and what stands between a decoder and its caller: guards,
// accounts of memory and work, decompression and decryption that several formats use.
//
// No length that comes from the input is believed: what lies behind an end reads as
// zero and is noted as short.
package input
