// Package warc reads web archives (ISO 28500, WARC 1.1): records in a row, each with a
// header and a block of any bytes. A block is a member, and so is what an HTTP message
// in it transfers, without the chunks of its transfer (RFC 9112 section 7.1).
//
// A block is as long as its header says, and reaches up to the next record; where the
// two differ, both are members.
package warc
