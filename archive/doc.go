// Package archive opens one level of one container (zip, gzip, bzip2, tar, RAR, 7z,
// cabinet, ARJ, LHA, SZDD and KWAJ, compiled help) and yields its members, whatever
// any unpacker would extract.
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
// manual for tar, the technical notes of RAR 4 and RAR 5, 7zFormat.txt and
// Methods.txt of the LZMA SDK, [MS-CAB], [MS-MCI] and [MS-PATCH], ARJ's TECHNOTE.TXT,
// and for LHA, SZDD, KWAJ and compiled help the descriptions that their free
// readers carry. Where readers in the field differ from them or from each other,
// this package reads in all the ways:
//
//   - zip: every end record outside of members' data, with and without the
//     correction for a prefix; the local headers that no directory lists; each method
//     and each stored length that one of two headers gives; a member marked as
//     encrypted that is plain all the same.
//   - gzip and bzip2: all streams of the file put together as one member, also
//     those behind garbage.
//   - tar: both sizes where a pax record and the header differ, with what follows
//     under each; members behind zero blocks; any type flag.
//   - RAR, ARJ and LHA: headers with a wrong checksum are used; behind damage, and
//     behind the end, the search goes on to the next header with a right one. RAR's
//     comments, alternate streams and services that are not known are members too.
//   - 7z and cabinets: what stands behind the end is searched for another archive;
//     a 7z header that nothing leads to is searched at the end of the file. Files
//     of a cabinet that share bytes, or stand out of order, are all read.
//   - All of these but LHA, SZDD and compiled help are found behind a
//     self-extractor's stub.
//
// A member that goes on in another volume yields what this one has, and then an
// error that wraps ErrUnsupported.
//
// # Passwords
//
// Limits.Keys are tried on RAR 3 to 7 (files and headers), on 7z (files and header)
// and on ARJ's own cipher; Member.Password says which one fits. Where the format
// has no check of a password, the member is decoded once to compare its checksum,
// which Keys.Work pays for too. The older ciphers of RAR and ARJ's GOST are reported
// as ErrEncrypted.
//
// # Limits
//
// Limits bound the members, a name's bytes and a decoder's window. Besides, and
// fixed: 64 names for one member's bytes, 8 readings of one zip member, 4,096 end
// records, eight directory headers for each allowed member, 64 tar extension headers
// before a member, 1 MiB of pax records in one header, 64 gaps between bzip2
// streams. A limit that is met while there is more to find is an error from Next
// that wraps ErrLimit, or an anomaly for names.
//
// A dictionary or model that is declared larger than Limits.Dictionary is an error
// that wraps ErrLimit, never an allocation: from Member.Err where the size counts
// from the start (RAR, PPMd in 7z, LZX), from Read where memory follows the bytes
// (LZMA, PPMd in RAR 3). Of RAR, no more than the declared sizes of the files that
// share it is needed. Decoders may be handed 8 GiB of windows to clear beyond what
// they decoded, and 64 MiB of a solid block are decoded only to reach what lies
// behind a member that was not read to its end; then ErrLimit. The search behind
// damage hashes eight times the file at most.
//
// Not decoded, and reported in Member.Err: RAR 1.5's packer; 7z with deflate64, lz4,
// brotli or RISC-V filters; the methods lh2, lh3, pm1 and pm2
// of LHA. RAR 3's filters that RAR itself does not write yield the bytes as they
// are, then ErrUnsupported. RAR 5's BLAKE2 checksums are not compared.
//
// Zip methods other than stored and deflate, and encryption of zip, are reported in
// Member.Err and not decoded. Sparse tar members are yielded as they are stored.
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
