// Package stream reads the formats that hold a single stream: gzip (RFC 1952), zlib
// (RFC 1950), bzip2, xz (The .xz File Format 1.2.1), lzma, lzip (the lzip manual), zstd
// (RFC 8878), lz4 (the LZ4 frame format 1.6.4), lzop, compress, snappy (its framing
// format), lzfse.
//
// All of a file's streams put together are one member, also those behind garbage and
// behind a broken one; what belongs to none is a member of its own.
package stream
