// Package archive opens one level of one container and yields its members,
// whatever any unpacker, viewer or mail client would get out of it.
//
// Open never nests: a member that is itself a container is a stream of bytes
// here, and the caller opens it in turn. So depth is counted in one place, and
// input cannot drive recursion.
//
// A container is not one format because its first bytes say so: Detect returns
// every format whose signature occurs, behind a self-extractor's stub or a
// picture too, and each can be opened.
//
// # Formats
//
// Where readers in the field differ from the specification or from each other, this
// package reads in all the ways.
//
//   - zip (APPNOTE.TXT 6.3.10, Info-ZIP's extrafld.txt): every end record outside of
//     members' data, zip64 or not, and any whose comment ends where the file does, with
//     and without the correction for a prefix; the local headers that no directory lists,
//     also in names, extra fields and comments and behind each declared size; each method
//     and each size that one of two headers gives; stored and deflate bodies that are
//     said to be something else; a member marked as encrypted that is plain all the
//     same. Methods: stored, shrink, reduce, implode, deflate, deflate64, bzip2, LZMA,
//     Zstandard under both numbers, xz, PPMd.
//   - single streams (RFC 1950 to 1952, the xz file format 1.2.1, the LZMA specification,
//     the lzip manual, RFC 8878, the LZ4 frame format 1.6.4, Linux' description of LZO
//     streams, snappy's framing format): gzip, zlib, bzip2, xz, lzma, lzip, zstd, lz4, lzop,
//     compress, snappy (also S2), lzfse. All streams of the file put together are one member,
//     also those behind garbage and behind a broken one (of zlib, whose signature is too
//     weak for that, those right behind each other); what belongs to none is a member of its own.
//   - tar (pax, ustar, GNU, star, Sun): each size where a pax record, the header and the
//     type flag give several, with what follows under each; members behind zero blocks
//     and bad checksums; any type flag; sparse members expanded, with their pieces packed
//     or in blocks, and as they are stored; extension headers that some take for files.
//     cpio, ar and deb, rpm: members behind junk, and those that a wrong size covers.
//   - rar (1.3 to 7), 7z, cab, arj, lzh, ace (1 and 2), alz: headers with a wrong
//     checksum are used; behind damage, and behind the end, the search goes on.
//     Comments, alternate streams and services that are not known are members too. egg,
//     solid too; arc, zoo; stuffit, both forks; szdd and KWAJ, chm.
//   - iso (ISO 9660, Joliet, Rock Ridge), udf: the trees of all volume descriptors and all
//     sessions; boot images; raw sectors. fat, ext (2 to 4), apfs, cramfs, squashfs, disk
//     (these, exFAT, NTFS and HFS+ volumes, bare or in partitions); of ext the copies of a
//     broken superblock, and files in use that are in no directory; of apfs all volumes, by
//     block 0 and by the newest checkpoint, with their snapshots and attributes. Images of
//     disks: vhd, vhdx, vdi, vmdk, qcow, parallels, with stored and packed blocks; sparse
//     (Android); ciso. wim, xar, dmg.
//   - ole (doc, xls, ppt, msi, msg; [MS-CFB]): all streams as they stand, but the small
//     properties of an Outlook message; files packaged as objects; the source of macros
//     ([MS-OVBA]); PowerPoint's compressed objects; of an Outlook message the texts and
//     attachments, those of embedded messages too. tnef, rtf (the data of objects), one,
//     applefile. nsis and installshield: the files behind a setup program. innosetup
//     (1.2 to 7.1): each setup in a file, whatever the loader's table says; its header,
//     with the compiled script; the files, and what is between them in a chunk; chunks
//     that no entry leads to, of a slice alone too; the setup program. autoit (EA05,
//     EA06): every record of every script in a file, also where no signature leads to
//     it; the text of scripts that are tokens, as script.au3. Older versions are known,
//     and not read. activemime (Office's wrapping of macros): each zlib stream, where
//     the header says or elsewhere. Of Hancom's documents, HWP 5, each stream as it is
//     and decoded.
//   - swf: the uncompressed file, whatever it says of lengths. warc: blocks as long as they
//     say and up to the next record, and what HTTP messages in them transfer. bplist: data
//     and long strings. emlx: the message.
//   - p7m (RFC 5652): what is signed or compressed, in DER, BER, PEM or bare base64.
//   - pdf (ISO 32000): every object in the file or in an object stream, whatever the cross
//     reference table says. Embedded files, scripts, XFA and 3D data are members; the
//     decoded bytes of all other streams are one, "content".
//   - html (also SVG, XML, calendars, scripts): data: URIs, base64 that is a program, a
//     container or a document, attachments, scripts as Microsoft's Script Encoder writes
//     them. base64: the same of other texts, and a file of base64 and nothing else.
//     utf16: the text in UTF-8. ihex: what Intel's hexadecimal records hold.
//   - overlay: what stands behind the end that a program, a picture, a document or an
//     archive has by its own structure, and files among a program's resources.
//
// That macros, scripts, remote templates or launch actions are there is an anomaly: a
// fact for policy, and no fault. A member that goes on in another volume yields what
// this one has, and then an error that wraps ErrUnsupported; an image that builds on
// another one, or has its data in other files, is an ErrUnsupported besides what it has.
//
// # Passwords
//
// Limits.Keys are tried on zip (the traditional cipher, WinZip's AES, and PKWARE's with
// a password), RAR 3 to 7, 7z, ARJ, ACE, ALZ, Inno Setup, PDF
// (standard handler, revisions 2 to 6) and Office documents ([MS-OFFCRYPTO]);
// Member.Password says which one fits. Those that programs try by themselves (the empty
// one in PDF, Excel's own) are tried without Keys. What no password opens is in the
// iteration by its name, where that can be seen, with ErrEncrypted. So is what needs a
// certificate or an older cipher, and what EGG or StuffIt encrypts. Streams of a document
// that are said to be encrypted come as they stand, too.
//
// # Limits
//
// Limits bound the members, a name's bytes and a decoder's window. Further bounds are
// fixed and stand beside the code that keeps them: of names for the same bytes,
// readings of one member, end records, directory headers, extension headers, passes over
// a PDF, nesting in it, chains of sectors, trial decoding, decoders' tables, filters for
// the same bytes, archives in a row. A limit that is met while there is more to find is an
// error that wraps ErrLimit, or an anomaly for names.
//
// A dictionary or model that is declared larger than Limits.Dictionary is an ErrLimit and
// never an allocation: from the start where its size counts from the start (PPMd, LZX,
// RAR), else where the data reaches back farther than the limit.
//
// Not decoded, and reported as ErrUnsupported: zlib with a dictionary; brotli and
// segments in web archives; other methods of zip; 7z with lz5 or
// lizard; EGG's AZO; what PAK added to ARC; StuffIt's methods 6, 8 and 14; zstd before
// 0.8; EFS; the newest compression of HFS+ and APFS, and the other half of a Fusion drive;
// OneNote sections in SharePoint's packaging;
// snapshots in an image; the journal of ext; cramfs with LZMA.
// Scripts are not run: what they compute is not seen.
//
// The bytes of a body are not bounded here: a small container can decode to any
// amount, and the caller counts what it reads.
//
// # Security
//
// All of the input is hostile. No length, count or offset in it is believed: a
// declared size never stops a decoder and never allocates. Memory depends on the
// number of headers and on the format's window, not on sizes, declared or true. Time
// to find the members is linear in the file's size and in the number of headers, up
// to the logarithm of sorting. Names are data, to be printed with %q and never joined
// to a path.
//
// It is a vulnerability if a body that a common unpacker extracts from a
// container of these formats is neither yielded nor covered by an error: from
// Open, from Next, from Read or in Member.Err; or if input can make the package
// panic, run without end or allocate out of proportion.
//
// A Reader is for one goroutine; different Readers, and Detect, can run at the same
// time.
package archive
