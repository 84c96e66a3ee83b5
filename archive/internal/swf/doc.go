// Package swf reads compressed Flash files (SWF File Format Specification, version 19,
// chapter 2): "CWS" is zlib behind the first eight bytes, "ZWS" is LZMA. The member is
// the uncompressed file, "FWS", that a player makes of it.
package swf
