// Package archive opens one level of one container (zip, gzip, bzip2, tar) and
// yields its members, whatever any unpacker would extract.
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
// manual for tar. Where readers in the field differ from them or from each other,
// this package reads in all the ways:
//
//   - zip: every end record outside of members' data, zip64 or not, and any whose
//     comment ends where the file does, with and without the correction for a prefix;
//     the local headers that no directory lists, also in names, extra fields and
//     comments and behind each declared size; each method and each size that one of
//     two headers gives; stored and deflate bodies that are said to be something else;
//     a member marked as encrypted that is plain all the same.
//   - gzip and bzip2: all streams of the file put together as one member, also
//     those behind garbage.
//   - tar: both sizes where a pax record and the header differ, with what follows
//     under each; members behind zero blocks; any type flag.
//
// # Limits
//
// Limits bound the members, a name's bytes and a decoder's window. Besides, and
// fixed: 64 names for one member's bytes; in a zip file 8 methods and 8 lengths of
// one member and 32 readings that come to light later, 4,096 end records, eight
// directory headers for each allowed member, eight times the file's size of names and
// extra fields, and, with a fixed amount for small files, four times of trial decoding and
// twice of bodies that members share, and 128 times the window for tables that cannot be used twice; 64 tar extension headers
// before a member, 1 MiB of pax records in one header, 64 gaps between bzip2
// streams. A limit that is met while there is more to find is an error from Next
// that wraps ErrLimit, or an anomaly for names.
//
// Of zip's methods stored, shrink, reduce, implode, deflate, deflate64, bzip2, LZMA,
// Zstandard under both numbers, xz and PPMd are decoded, and with Limits.Keys the
// traditional cipher and WinZip's AES are opened; other methods, PKWARE's strong
// encryption and encrypted directories are reported in Member.Err or by Next. A stored
// zip in a zip is one member, and its own members are found when that is opened.
// Sparse tar members are yielded as they are stored.
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
