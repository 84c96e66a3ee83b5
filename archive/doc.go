// Package archive opens one level of one container (zip, gzip, bzip2, tar; PDF
// files; web pages, SVG, XML and calendars with embedded data) and yields its
// members, whatever any unpacker or viewer would extract.
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
// manual for tar, ISO 32000-1 and 32000-2 for PDF, RFC 2397, RFC 5545 and the WHATWG's
// HTML and URL standards for embedded data. Where readers in the field differ from them or from each other,
// this package reads in all the ways:
//
//   - zip: every end record outside of members' data, with and without the
//     correction for a prefix; the local headers that no directory lists; each method
//     and each stored length that one of two headers gives; a member marked as
//     encrypted that is plain all the same.
//   - gzip and bzip2: all streams of the file put together as one member, also
//     those behind garbage.
//   - PDF: every object that stands in the file or in an object stream, whatever the
//     cross reference table says, also of damaged, updated and concatenated files.
//     Embedded files, scripts, XFA and 3D data are members; the decoded bytes of all
//     other streams are one member, "content", a line feed behind each. Pictures in
//     DCT, JPX, CCITT and JBIG2 are left out of it. A stream whose length is wrong,
//     whose filters are given twice or whose deflate breaks the rules is read in each
//     way that a viewer is known to read it. Encryption is opened with the empty
//     password or with one of Limits.Keys (standard security handler, revisions 2 to
//     6), and what is said to be encrypted and is not is read all the same.
//   - pages and calendars: data: URIs as browsers take them, with entities, escapes,
//     white space and joined strings; base64 in scripts that is a program, a container
//     or a document; attachments. UTF-16 too.
//   - tar: both sizes where a pax record and the header differ, with what follows
//     under each; members behind zero blocks; any type flag.
//
// # Limits
//
// Limits bound the members, a name's bytes and a decoder's window. Besides, and
// fixed: 64 names for one member's bytes, 8 readings of one zip member, 4,096 end
// records, eight directory headers for each allowed member, 64 tar extension headers
// before a member, 1 MiB of pax records in one header, 64 gaps between bzip2
// streams. In a PDF file 8 passes over it, 512 levels of nesting, 16 filters of a stream,
// 16,384 objects that others refer to, 8 MiB of scripts in strings, 64 KiB of any other
// string, 1 MiB of a predictor's row, and 128 MiB plus 8 times the file's size of syntax,
// object streams and what filters hand to each other. A limit that is met while there is more to find is an error from Next
// that wraps ErrLimit, or an anomaly for names.
//
// PDF: what is drawn with text operators is not put together, strings outside of
// streams are members only if they are scripts, encryption with certificates is
// reported and not opened. Pages: scripts are not run, so what they compute is not seen.
//
// Zip methods other than stored and deflate, and all encryption, are reported in
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
