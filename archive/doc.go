// Package archive opens one level of one container and yields its members,
// whatever any unpacker would extract. It knows zip, tar, cpio, ar (and so Debian
// packages) and rpm, and of single streams gzip, bzip2, xz, lzma, lzip, zstd, lz4,
// lzop and compress.
//
// Open never nests: a member that is itself a container is a stream of bytes
// here, and the caller opens it in turn. So depth is counted in one place, and
// input cannot drive recursion.
//
// A container is not one format because its first bytes say so: Detect returns
// every format whose signature occurs, and each can be opened.
//
// The sources are PKWARE's APPNOTE.TXT 6.3.10 with Info-ZIP's extrafld.txt for zip, RFC
// 1951 and RFC 1952 for deflate and gzip, POSIX.1-2001 (pax) and the GNU tar
// manual for tar, the xz file format 1.2.1, the LZMA specification and the lzip
// manual, RFC 8878 for zstd, the LZ4 frame format 1.6.4, Linux' description of
// LZO streams, FreeBSD's cpio(5) and ar(5), and the RPM V4 package format. Where
// readers in the field differ from them or from each other, this package reads in
// all the ways:
//
//   - zip: every end record outside of members' data, with and without the
//     correction for a prefix; the local headers that no directory lists; each method
//     and each stored length that one of two headers gives; a member marked as
//     encrypted that is plain all the same.
//   - single streams: all streams, members or frames of the file put together as
//     one member, also those behind garbage and behind a broken one; what belongs
//     to none is a member of its own, for whoever goes on with another format.
//   - tar: each size where a pax record, the header and the type flag give
//     several, or readers read one field differently, with what follows under each;
//     members behind zero blocks, bad checksums and blocks that are no headers; any
//     type flag; sparse members expanded and as they are stored.
//   - cpio and ar: members behind junk and trailers, and those that a wrong size
//     covers.
//   - rpm: the payload, behind however many headers.
//
// # Limits
//
// Limits bound the members, a name's bytes and a decoder's window. Besides, and
// fixed: 64 names for one member's bytes, 8 readings of one zip member, 4,096 end
// records, eight directory headers for each allowed member, 1 MiB of pax records in
// one header and four times the file's size in all, 64 MiB of holes in an expanded
// tar member, 64 gaps between bzip2 streams. A limit that is met while there is
// more to find is an error from Next that wraps ErrLimit, or an anomaly for names.
//
// Zip methods other than stored and deflate, and all encryption, are reported in
// Member.Err and not decoded. Of single streams, ErrUnsupported says: a filter of xz
// other than LZMA2, Delta and those of x86, PowerPC, IA-64, ARM, Thumb, ARM64 and
// SPARC code; zstd before 0.8; a dictionary that is not in the file; a filter of
// lzop; SCO's compress -H.
//
// A dictionary above Limits.Dictionary is an ErrLimit at the member's end, behind
// what a dictionary of that size can decode. Memory grows with the output, so that
// what a header declares is never allocated.
//
// The bytes of a body are not bounded here: a small container can decode to any
// amount, and the caller counts what it reads.
//
// # Security
//
// All of the input is hostile. No length, count or offset in it is believed: a
// declared size never stops a decoder and never allocates, and all reading
// goes through internal/saferead. Memory depends on the number of headers and on
// the format's window, not on sizes, declared or true. Time to find the members is
// linear in the file's size and in the number of headers, up to the logarithm of
// sorting. Names are data, to be printed with %q and never joined to a path.
//
// It is a vulnerability if a body that a common unpacker extracts from a
// container of these formats is neither yielded nor covered by an error: from
// Open, from Next, from Read or in Member.Err; or if input can make the package
// panic, run without end or allocate out of proportion.
//
// A Reader is for one goroutine; different Readers, and Detect, can run at the same
// time.
package archive
