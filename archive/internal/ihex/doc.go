// Package ihex reads programs and data in Intel's hexadecimal format (Hexadecimal Object
// File Format Specification, revision A, 1988): lines of text, each with an address and
// up to 255 bytes. A run of lines whose addresses follow each other is a member, as
// 7-Zip has it.
package ihex
