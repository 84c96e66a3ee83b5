// Package archive opens one level of one container and yields its members,
// whatever any unpacker would extract. It knows zip, tar, cpio, ar (and so Debian
// packages) and rpm, and of single streams gzip, bzip2, xz, lzma, lzip, zstd, lz4,
// lzop and compress.
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
// manual for tar, the xz file format 1.2.1, the LZMA specification and the lzip
// manual, RFC 8878 for zstd, the LZ4 frame format 1.6.4, Linux' description of
// LZO streams, FreeBSD's cpio(5) and
// ar(5), and the RPM V4 package format. Where readers in the field differ from them or from each other,
// manual for tar, the technical notes of RAR 4 and RAR 5, 7zFormat.txt and
// Methods.txt of the LZMA SDK, [MS-CAB], [MS-MCI] and [MS-PATCH], ARJ's TECHNOTE.TXT,
// and for LHA, SZDD, KWAJ and compiled help the descriptions that their free
// readers carry. Where readers in the field differ from them or from each other,
// this package reads in all the ways:
// LZO streams, FreeBSD's cpio(5) and ar(5), and the RPM V4 package format. Where
// readers in the field differ from them or from each other, this package reads in
// all the ways:
//
//   - zip: every end record outside of members' data, zip64 or not, and any whose
//     comment ends where the file does, with and without the correction for a prefix;
//     the local headers that no directory lists, also in names, extra fields and
//     comments and behind each declared size; each method and each size that one of
//     two headers gives; stored and deflate bodies that are said to be something else;
//     a member marked as encrypted that is plain all the same.
//   - gzip and bzip2: all streams of the file put together as one member, also
//     those behind garbage.
//   - ole: compound files ([MS-CFB]) whose tables, sizes or trees are damaged, as
//     long as there is a guess; both places where a stream of its size may be.
//   - rtf: an object's data with and without what Word skips in it.
//   - tar: both sizes where a pax record and the header differ, with what follows
//     under each; members behind zero blocks; any type flag.
//
// Of office and mail documents the members are what is in them for somebody to open
// or run, in plain form:
//
//   - ole (doc, xls, ppt, msi, msg; [MS-CFB]): the streams, without those that only
//     describe the document; files packaged as objects ([MS-OLEDS]) under their names;
//     the source of macros ([MS-OVBA]), or the compiled code where that is all there is;
//     PowerPoint's compressed objects ([MS-PPT]); an installer's streams and tables
//     under their true names. In an Outlook message ([MS-OXMSG]) the texts, with RTF
//     decompressed ([MS-OXRTFCP]), and the attachments, those of embedded messages too.
//     Encrypted documents ([MS-OFFCRYPTO]: agile and standard encryption, RC4 up to 2003,
//     Excel's XOR) are decrypted if the password with which Excel protects workbooks
//     by itself or one of Limits.Keys fits.
//   - tnef ([MS-OXTNEF]): attachments, embedded messages and objects, and texts.
//   - rtf (RTF 1.9.1): the data of objects, out of the form of OLE 1.0.
//   - p7m (RFC 5652, RFC 3274, RFC 8551): what is signed or compressed, in DER, BER, PEM
//     or bare base64. A signature without content has no member, an enveloped message
//     one with ErrEncrypted.
//   - one ([MS-ONESTORE]): embedded files and pictures. Sections in the packaging of
//     SharePoint, which cuts them into pieces, have none.
//   - applefile (RFC 1740, MacBinary): the forks, and attributes of 1 KiB and more.
//   - installshield: the files behind a setup program, decoded and inflated. The program's
//     overlay is what they are found in.
//
// That macros, Excel 4 macro sheets or a remote template are there is an anomaly: a
// fact for policy, and no fault.
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
// records, eight directory headers for each allowed member, 1 MiB of pax records in
// one header and four times the file's size in all, 64 MiB of holes in an expanded
// tar member, 64 gaps between bzip2 streams. A limit that is met while there is more to find is an error from Next
// records, eight directory headers for each allowed member, 64 tar extension headers
// fixed: 64 names for one member's bytes; in a zip file 8 methods and 8 lengths of
// one member and 32 readings that come to light later, 4,096 end records, eight
// directory headers for each allowed member, eight times the file's size of names and
// extra fields, and, with a fixed amount for small files, four times of trial decoding and
// twice of bodies that members share, and 128 times the window for tables that cannot be used twice; 64 tar extension headers
// before a member, 1 MiB of pax records in one header, 64 gaps between bzip2
// streams; eight directory entries of a compound file for each allowed member, 16 times
// its size in chains of sectors, 2 MiB of descriptions of macros; for the password that
// is tried without Keys 1,000,000 rounds of a hash in one file, for any key 10,000,000;
// 8 times a text's size in RTF objects, which can be in each other. A limit that is met
// while there is more to find is an error from Next that wraps ErrLimit, or an anomaly
// for names.
//
// Word's XOR, encryption by certificate and by rights management, and ciphers other than
// AES and RC4 are reported as encrypted whatever the password.
// streams. In a PDF file 8 passes over it, 512 levels of nesting, 16 filters of a stream,
// 16,384 objects that others refer to, 8 MiB of scripts in strings, 64 KiB of any other
// string, 1 MiB of a predictor's row, and 128 MiB plus 8 times the file's size of syntax,
// object streams and what filters hand to each other. A limit that is met while there is more to find is an error from Next
// that wraps ErrLimit, or an anomaly for names.
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
